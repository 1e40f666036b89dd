import assert from "node:assert/strict";
import { test } from "node:test";
import { ensurePolicies } from "../../../../core/access/bootstrap.ts";
import { memoryHub } from "../../../support/memory-hub.ts";

// spec/identity-and-security 6
test("a new hub gets the five default policies, each with keys of its own, sealed", async () => {
  const hub = memoryHub();
  assert.equal(await ensurePolicies(hub), true);
  const policies = hub.readModel.policies()?.value ?? [];
  assert.deepEqual(
    policies.map(({ keyName, rights }) => [keyName, rights.join(", ")]),
    [
      ["iothubowner", "RegistryRead, RegistryWrite, ServiceConnect, DeviceConnect"],
      ["service", "ServiceConnect"],
      ["device", "DeviceConnect"],
      ["registryRead", "RegistryRead"],
      ["registryReadWrite", "RegistryRead, RegistryWrite"],
    ],
  );
  const keys = policies
    .flatMap(({ primaryKey, secondaryKey }) => [primaryKey, secondaryKey])
    .map((sealed) => hub.secrets.open(sealed));
  assert.equal(new Set(keys).size, 10);
  for (const key of keys) {
    assert.equal(Buffer.from(key, "base64").length, 32);
    assert.ok(!JSON.stringify(hub.events).includes(key));
  }
  assert.deepEqual(hub.events[0]?.key, { aggregate: "hub", id: "access" });
  assert.deepEqual(hub.events[0]?.meta.actor, { kind: "hub", nodeId: "node-1" });
});

test("a later start changes nothing", async () => {
  const hub = memoryHub();
  await ensurePolicies(hub);
  assert.equal(await ensurePolicies(hub), false);
  assert.equal(hub.events.length, 1);
});

test("of nodes that start at once one makes the policies, and all have them when they go on", async () => {
  const hub = memoryHub();
  hub.lagging = true;
  const firsts = await Promise.all([ensurePolicies(hub), ensurePolicies(hub), ensurePolicies(hub)]);
  assert.equal(firsts.filter(Boolean).length, 1);
  assert.equal(hub.events.length, 1);
  assert.equal(hub.readModel.policies()?.sequence, 1);
});
