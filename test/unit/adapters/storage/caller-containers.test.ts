import assert from "node:assert/strict";
import { test } from "node:test";
import { createCallerContainers } from "../../../../adapters/storage/caller-containers.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { silentLog } from "../../../support/nats.ts";

const containers = createCallerContainers({ caPem: undefined, log: silentLog });

// spec/http-api 2.6
test("the address is the URI without its signature", () => {
  assert.equal(containers("https://a.blob.test/out?sv=1&sig=s").address, "https://a.blob.test/out");
  assert.equal(containers("https://127.0.0.1:10000/account/out/?sig=s").address, "https://127.0.0.1:10000/account/out");
});

test("what is no https URI of a container is refused, and not repeated", () => {
  const bad = [
    "",
    "secret",
    "http://a.test/secret",
    "file:///secret",
    "https://a.test",
    "https://a.test/?sig=secret",
    "https://a.test//secret",
    "https://user:secret@a.test/c",
    "https://a.test/c#secret",
  ];
  for (const uri of bad) {
    assert.throws(() => containers(uri), refusal("ArgumentInvalid", /^[^?]*https:\/\/ and name the container$/), uri);
  }
});
