import assert from "node:assert/strict";
import { test } from "node:test";
import { cachedServer, candidates, isAtLeast, isUsable, parseVersion } from "../../../scripts/nats-server.mjs";

test("nats-server's own answer gives its version, with or without a v", () => {
  assert.equal(parseVersion("nats-server: v2.10.27\n"), "2.10.27");
  assert.equal(parseVersion("nats-server: 2.12.1-preview.1"), "2.12.1");
  assert.equal(parseVersion("command not found"), undefined);
});

test("versions compare by number, part by part", () => {
  for (const newer of ["2.10.23", "2.10.100", "2.11.0", "3.0.0"])
    assert.equal(isAtLeast(newer, "2.10.23"), true, newer);
  for (const older of ["2.10.22", "2.9.99", "1.99.99", "2.2.30"])
    assert.equal(isAtLeast(older, "2.10.23"), false, older);
});

test("the operator's choice comes first, then PATH in its order, the cache last", () => {
  const found = candidates({ TWINSTREAM_NATS_SERVER: "/opt/nats", PATH: "/b:/a::/usr/sbin" });
  assert.deepEqual(found.slice(0, 4), ["/opt/nats", "/b/nats-server", "/a/nats-server", "/usr/sbin/nats-server"]);
  assert.equal(found.at(-1), cachedServer);
  assert.equal(new Set(found).size, found.length);
});

test("a file that is missing or cannot be run is not usable", () => {
  assert.equal(isUsable("/nowhere/nats-server"), false);
  assert.equal(isUsable(import.meta.filename), false);
});
