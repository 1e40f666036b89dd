import assert from "node:assert/strict";
import { test } from "node:test";
import { cli, needsNatsServer } from "../../../scripts/launch.mjs";

test("only start, of the CLI's commands, needs a nats-server, and not when it is given one", () => {
  assert.equal(needsNatsServer(cli, ["start", "--https-port", "0"], {}), true);
  assert.equal(needsNatsServer(cli, ["start"], { NATS_URL: "nats://cluster:4222" }), false);
  assert.equal(needsNatsServer(cli, ["start", "--nats-url", "nats://cluster:4222"], {}), false);
  assert.equal(needsNatsServer(cli, ["start", "--nats-server=/opt/nats-server"], {}), false);
  assert.equal(needsNatsServer(cli, ["device", "list"], {}), false);
  assert.equal(needsNatsServer(cli, [], {}), false);
});

test("tests and benchmarks start servers of their own, whatever NATS_URL says", () => {
  assert.equal(needsNatsServer("/project/scripts/test.mjs", [], { NATS_URL: "nats://cluster:4222" }), true);
});
