import assert from "node:assert/strict";
import { test } from "node:test";
import { describeDurability, syncInterval } from "../../../../adapters/nats/durability.ts";

test("each setting says which promise holds", () => {
  assert.match(describeDurability({ sync: "always" }), /neither a crash nor a power cut/);
  assert.match(describeDurability({ sync: "interval", intervalMs: 1_000 }), /survive a crash.*1000 ms.*power cut/);
});

test("each setting is one of nats-server's", () => {
  assert.equal(syncInterval({ sync: "always" }), "always");
  assert.equal(syncInterval({ sync: "interval", intervalMs: 250 }), "250ms");
});
