import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal } from "../../../../core/ports.ts";
import { connectDevice, domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";

const desired = { filter: "$iothub/twin/PATCH/properties/desired/#", qos: 0 } as const;

// spec/mqtt 3: clean session 0 keeps subscriptions over reconnects.
test("subscriptions survive a reconnect without clean session, and are recorded once", async (t) => {
  const journal = new SharedJournal();
  const hub = await domainHub(t, journal);
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  const first = await connectDevice(hub, "d", { connectionId: "c-1" });
  assert.deepEqual(first.connected, { subscriptions: [], sessionPresent: false });
  await hub.connections.subscribe(first.session, [desired]);
  await hub.connections.subscribe(first.session, [desired]);
  await hub.connections.disconnect(first.session, "ClientDisconnected", Date.now());
  const second = await connectDevice(hub, "d", { connectionId: "c-2" });
  assert.deepEqual(second.connected, { subscriptions: [desired], sessionPresent: true });
  assert.equal(journal.ofType("SubscriptionsChanged").length, 1);
});

// spec/mqtt 3: clean session 1 starts from nothing and leaves nothing.
test("a clean session forgets subscriptions and records none", async (t) => {
  const journal = new SharedJournal();
  const hub = await domainHub(t, journal);
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  const first = await connectDevice(hub, "d", { connectionId: "c-1" });
  await hub.connections.subscribe(first.session, [desired]);
  const clean = await connectDevice(hub, "d", { connectionId: "c-2", cleanSession: true });
  assert.deepEqual(clean.connected, { subscriptions: [], sessionPresent: false });
  await hub.connections.subscribe(clean.session, [desired]);
  const third = await connectDevice(hub, "d", { connectionId: "c-3" });
  assert.deepEqual(third.connected, { subscriptions: [], sessionPresent: false });
  assert.equal(journal.ofType("SubscriptionsChanged").length, 1);
});

// spec/identity-and-security 3: connectionState.
test("the registry shows who is connected, and a late disconnect of a replaced connection changes nothing", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  assert.equal(hub.registry.getDevice("d").connection.connected, false);
  const first = await connectDevice(hub, "d", { connectionId: "c-1" });
  const second = await connectDevice(hub, "d", { connectionId: "c-2" });
  assert.deepEqual(first.session.closed, ["ConnectionForcefullyClosedOnNewConnection"]);
  await hub.connections.disconnect(first.session, "ConnectionForcefullyClosedOnNewConnection", Date.now());
  assert.equal(hub.registry.getDevice("d").connection.connected, true);
  assert.equal(hub.statistics().connectedDeviceCount, 1);
  await hub.connections.disconnect(second.session, "ClientDisconnected", Date.now());
  assert.equal(hub.registry.getDevice("d").connection.connected, false);
  assert.equal(hub.statistics().connectedDeviceCount, 0);
});

test("a node that starts again ends the connections that it held when it was killed, and no others", async (t) => {
  const journal = new SharedJournal();
  const killed = await domainHub(t, journal, "node-1");
  const other = await domainHub(t, journal, "node-2");
  await killed.registry.putDevice({ deviceId: "mine", body: {}, ...owner });
  await killed.registry.putDevice({ deviceId: "theirs", body: {}, ...owner });
  await connectDevice(killed, "mine");
  await connectDevice(other, "theirs");
  const again = await domainHub(t, journal, "node-1");
  assert.equal(await again.connections.closeLeftovers(), 1);
  assert.equal(again.registry.getDevice("mine").connection.connected, false);
  assert.equal(again.registry.getDevice("theirs").connection.connected, true);
});

test("credentials that change while a device connects keep it out, and the journal knows that it is gone", async (t) => {
  const journal = new SharedJournal();
  const hub = await domainHub(t, journal);
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  const plain = { ...journal.port };
  let disabled = false;
  Object.assign(journal.port, {
    append: async (...request: Parameters<Journal["append"]>) => {
      if (request[1].event.type === "DeviceConnected" && !disabled) {
        disabled = true;
        await hub.registry.putDevice({ deviceId: "d", body: { status: "disabled" }, ifMatch: "*", ...owner });
      }
      return plain.append(...request);
    },
  });
  await assert.rejects(connectDevice(hub, "d"), { name: "HubError", reason: "IotHubUnauthorizedAccess" });
  assert.equal(hub.sessions.size, 0);
  assert.equal(hub.registry.getDevice("d").connection.connected, false);
});
