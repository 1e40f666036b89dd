import assert from "node:assert/strict";
import { test } from "node:test";
import { connectDevice, domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";

test("a device's history holds who did what, with the versions before and after", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  await hub.twins.update({ deviceId: "d", desired: { a: 1 }, ...owner });
  const { events, next } = await hub.history.page({ deviceId: "d", limit: 10 });
  assert.equal(next, undefined);
  assert.deepEqual(
    events.map(({ event }) => event.type),
    ["DeviceCreated", "TwinUpdated"],
  );
  assert.deepEqual(
    events.map(({ meta }) => meta.actor),
    [owner.actor, owner.actor],
  );
  const [, update] = events;
  assert.ok(update?.event.type === "TwinUpdated");
  assert.deepEqual(
    [update.event.data.before.desiredVersion, update.event.data.after.desiredVersion, update.event.data.after.version],
    [1, 2, 3],
  );
});

test("pages follow each other, and types and modules are found", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  await hub.registry.putModule({ deviceId: "d", moduleId: "m", body: {}, ...owner });
  await connectDevice(hub, "d");
  const first = await hub.history.page({ deviceId: "d", limit: 2 });
  assert.equal(first.events.length, 2);
  const second = await hub.history.page({ deviceId: "d", limit: 2, afterSequence: first.next ?? 0 });
  assert.deepEqual(
    second.events.map(({ event }) => event.type),
    ["DeviceConnected"],
  );
  assert.equal(second.next, undefined);
  const modules = await hub.history.page({ deviceId: "d", limit: 2, types: ["ModuleCreated"] });
  assert.deepEqual(
    modules.events.map(({ key }) => key.moduleId),
    ["m"],
  );
});

test("keys are shown neither in clear nor sealed", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  const { device } = await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  await hub.registry.putModule({ deviceId: "d", moduleId: "m", body: {}, ...owner });
  await hub.registry.regenerateKeys("both", [{ id: "d" }], owner);
  const text = JSON.stringify(await hub.history.page({ deviceId: "d", limit: 10 }));
  assert.ok(!text.includes(device.fields.authentication.symmetricKey.primaryKey ?? "?"));
  assert.ok(!text.includes('"v1.'));
  assert.equal(text.match(/\(secret\)/g)?.length, 6);
});

test("the history outlives the device, and what never was is not found", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  await hub.registry.deleteDevice({ deviceId: "d", ...owner });
  const { events } = await hub.history.page({ deviceId: "d", limit: 10 });
  assert.deepEqual(
    events.map(({ event }) => event.type),
    ["DeviceCreated", "DeviceDeleted"],
  );
  await assert.rejects(hub.history.page({ deviceId: "nobody", limit: 10 }), { reason: "DeviceNotFound" });
});
