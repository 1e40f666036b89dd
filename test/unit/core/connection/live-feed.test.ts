import assert from "node:assert/strict";
import { test } from "node:test";
import { connectDevice, domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";

// spec/twins-methods-jobs 4: what a subscribed device is told.
test("a device is told of desired changes made on any node, and of nothing else", async (t) => {
  const journal = new SharedJournal();
  const here = await domainHub(t, journal, "node-1");
  const there = await domainHub(t, journal, "node-2");
  await here.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  const { session } = await connectDevice(here, "d");
  await there.twins.update({ deviceId: "d", desired: { a: 1, b: 2 }, ...owner });
  await there.twins.update({ deviceId: "d", tags: { site: "A" }, ...owner });
  await here.twins.patchReported({ deviceId: "d", reported: { a: 1 }, ...owner });
  await there.twins.replace({ deviceId: "d", desired: { a: 1, c: 3 }, ...owner });
  assert.deepEqual(session.told, [
    { patch: { a: 1, b: 2 }, version: 2 },
    { patch: { a: 1, c: 3, b: null }, version: 3 },
  ]);
});

// spec/mqtt 3: a second connection of the same device ends the first, wherever it is.
test("a connection on another node takes over", async (t) => {
  const journal = new SharedJournal();
  const here = await domainHub(t, journal, "node-1");
  const there = await domainHub(t, journal, "node-2");
  await here.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  const first = await connectDevice(here, "d", { connectionId: "c-1" });
  const second = await connectDevice(there, "d", { connectionId: "c-2" });
  assert.deepEqual(first.session.closed, ["ConnectionForcefullyClosedOnNewConnection"]);
  assert.deepEqual(second.session.closed, []);
});

// spec/identity-and-security 2: disabling, deleting and re-keying end live connections.
test("a connection ends with its rights, those of modules with their device's", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  for (const deviceId of ["disabled", "deleted", "rekeyed", "renamed"]) {
    await hub.registry.putDevice({ deviceId, body: {}, ...owner });
  }
  const [disabled, deleted, rekeyed, renamed] = await Promise.all(
    ["disabled", "deleted", "rekeyed", "renamed"].map(async (deviceId) => (await connectDevice(hub, deviceId)).session),
  );
  await hub.registry.putDevice({ deviceId: "disabled", body: { status: "disabled" }, ifMatch: "*", ...owner });
  await hub.registry.deleteDevice({ deviceId: "deleted", ...owner });
  await hub.registry.regenerateKeys("primaryKey", [{ id: "rekeyed" }], owner);
  const { symmetricKey } = hub.registry.getDevice("renamed").device.fields.authentication;
  const body = { statusReason: "looks fine", authentication: { type: "sas", symmetricKey } };
  await hub.registry.putDevice({ deviceId: "renamed", body, ifMatch: "*", ...owner });
  assert.deepEqual(disabled?.closed, ["DeviceDisabled"]);
  assert.deepEqual(deleted?.closed, ["DeviceDeleted"]);
  assert.deepEqual(rekeyed?.closed, ["CredentialsChanged"]);
  assert.deepEqual(renamed?.closed, []);
});
