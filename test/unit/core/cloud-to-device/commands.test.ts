import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CommandInput } from "../../../../core/cloud-to-device/new-command.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import { connectDevice, domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { ManualClock } from "../../adapters/mqtt/mqtt-client.ts";

const device = { actor: { kind: "device", deviceId: "d" }, correlationId: "c" } as const;

type Bench = { readonly hub: Hub; readonly journal: SharedJournal; readonly clock: ManualClock };

/** A hub with the enabled device `d`, and a clock that the test moves. */
async function bench(t: TestContext): Promise<Bench> {
  const [journal, clock] = [new SharedJournal(), new ManualClock()];
  const hub = await domainHub(t, journal, "node-1", clock);
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  return { hub, journal, clock };
}

const send = (hub: Hub, messageId: string, change: Partial<CommandInput> = {}) =>
  hub.commands.send({
    deviceId: "d",
    message: { messageId, properties: new Map(), body: "aGVsbG8=", ...change },
    ...owner,
  });

/** The device asks over HTTPS. */
const receive = (hub: Hub, lockMs?: number) =>
  hub.commands.receive({
    deviceId: "d",
    connectionId: null,
    protocol: "https",
    ...(lockMs !== undefined && { lockMs }),
    ...device,
  });

/** The device's connection asks. */
const push = (hub: Hub, connectionId: string) =>
  hub.commands.receive({ deviceId: "d", connectionId, protocol: "amqp", ...device });

const settle = (hub: Hub, lockToken: string | undefined, settlement: "complete" | "reject" | "abandon") =>
  hub.commands.settle({ deviceId: "d", lockToken: lockToken ?? "", settlement, ...device });

// spec/messaging 6
test("a message is sent, received with all its parts, completed and gone", async (t) => {
  const { hub, journal } = await bench(t);
  const sent = await send(hub, "m1", { ack: "full", correlationId: "c1", properties: new Map([["a", "b"]]) });
  const expiresAt = "2026-01-01T01:00:00.000Z";
  const enqueuedTime = "2026-01-01T00:00:00.000Z";
  assert.deepEqual(sent, { messageId: "m1", sequenceNumber: 1, enqueuedTime, expiresAt });
  const received = await receive(hub);
  assert.deepEqual(received, {
    messageId: "m1",
    correlationId: "c1",
    to: "/devices/d/messages/devicebound",
    ack: "full",
    expiresAt,
    properties: { a: "b" },
    body: "aGVsbG8=",
    sequenceNumber: 1,
    lockToken: received?.lockToken,
    enqueuedTime,
    deliveryCount: 0,
    redelivered: false,
  });
  assert.equal(await receive(hub), undefined);
  await settle(hub, received?.lockToken, "complete");
  assert.deepEqual(hub.commands.pending("d"), []);
  await assert.rejects(settle(hub, received?.lockToken, "complete"), refusal("DeviceMessageLockLost"));
  assert.deepEqual(
    journal.events.slice(-3).map(({ event, meta }) => [event.type, meta.actor.kind]),
    [
      ["CommandEnqueued", "policy"],
      ["CommandDelivered", "device"],
      ["CommandCompleted", "device"],
    ],
  );
});

// spec/messaging 6.5
test("an unknown and a disabled device get nothing sent", async (t) => {
  const { hub } = await bench(t);
  const message = { properties: new Map<string, string>(), body: "" };
  await assert.rejects(hub.commands.send({ deviceId: "other", message, ...owner }), refusal("DeviceNotFound"));
  await hub.registry.putDevice({ deviceId: "d", body: { status: "disabled" }, ifMatch: "*", ...owner });
  await assert.rejects(send(hub, "m1"), refusal("DeviceNotFound"));
  assert.throws(() => hub.commands.pending("other"), refusal("DeviceNotFound"));
  await assert.rejects(hub.commands.purge({ deviceId: "other", ...owner }), refusal("DeviceNotFound"));
});

// spec/identity-and-security 1.1
test("identity and twin count the messages that wait", async (t) => {
  const { hub } = await bench(t);
  await send(hub, "m1");
  await send(hub, "m2");
  assert.equal(hub.registry.getDevice("d").cloudToDeviceMessageCount, 2);
  assert.equal(hub.twins.get({ deviceId: "d" }).cloudToDeviceMessageCount, 2);
  assert.equal(await hub.commands.purge({ deviceId: "d", ...owner }), 2);
  assert.equal(hub.registry.getDevice("d").cloudToDeviceMessageCount, 0);
  assert.equal(await hub.commands.purge({ deviceId: "d", ...owner }), 0);
});

// spec/messaging 6.1: 50 messages
test("the 51st message is refused, however many are sent at once, until one expires", async (t) => {
  const { hub, clock } = await bench(t);
  const expiryMs = clock.now() + 1000;
  await send(hub, "short", { expiryMs });
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => send(hub, `m${index}`)));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 49);
  assert.equal(hub.commands.pending("d").length, 50);
  await assert.rejects(send(hub, "late"), refusal("DeviceMaximumQueueDepthExceeded"));
  clock.advance(1000);
  assert.equal((await send(hub, "late")).sequenceNumber, 51);
});

test("two receivers at once never get the same message", async (t) => {
  const { hub } = await bench(t);
  for (let index = 0; index < 10; index += 1) await send(hub, `m${index}`);
  const received = await Promise.all(Array.from({ length: 12 }, () => receive(hub)));
  const ids = received.flatMap((message) => message?.messageId ?? []);
  assert.equal(new Set(ids).size, 10);
  assert.equal(ids.length, 10);
});

// spec/messaging 6.3
test("a lock runs out after a minute, or after the time that was asked for", async (t) => {
  const { hub, clock } = await bench(t);
  await send(hub, "m1");
  const first = await receive(hub);
  assert.equal(hub.commands.nextUnlock("d"), "2026-01-01T00:01:00.000Z");
  clock.advance(60_000);
  assert.equal(hub.commands.nextUnlock("d"), undefined);
  await assert.rejects(settle(hub, first?.lockToken, "complete"), refusal("DeviceMessageLockLost"));
  const again = await receive(hub, 5_000);
  assert.deepEqual([again?.redelivered, again?.deliveryCount], [true, 0]);
  assert.equal(hub.commands.nextUnlock("d"), "2026-01-01T00:01:05.000Z");
});

test("only the present connection gets messages, and at once those that an earlier one left", async (t) => {
  const { hub } = await bench(t);
  await send(hub, "m1");
  assert.equal(await push(hub, "c1"), undefined);
  await connectDevice(hub, "d", { connectionId: "c1" });
  assert.equal((await push(hub, "c1"))?.redelivered, false);
  await connectDevice(hub, "d", { connectionId: "c2" });
  assert.equal(await push(hub, "c1"), undefined);
  assert.equal((await push(hub, "c2"))?.redelivered, true);
});

test("a connection hears of messages that come free, sent on any node", async (t) => {
  const { hub, journal, clock } = await bench(t);
  const there = await domainHub(t, journal, "node-2", clock);
  const { session } = await connectDevice(hub, "d", { connectionId: "c1" });
  await send(there, "m1");
  assert.equal(session.commandsReady, 1);
  const received = await push(hub, "c1");
  await settle(hub, received?.lockToken, "abandon");
  assert.equal(session.commandsReady, 2);
  const again = await push(hub, "c1");
  assert.deepEqual([again?.deliveryCount, again?.redelivered], [1, false]);
  await settle(hub, again?.lockToken, "reject");
  assert.equal(session.commandsReady, 2);
});

// spec/messaging 6.3
test("messages expire without anybody asking for them, once, whatever number of nodes looks", async (t) => {
  const { hub, journal, clock } = await bench(t);
  const there = await domainHub(t, journal, "node-2", clock);
  await send(hub, "m1", { expiryMs: clock.now() + 1000 });
  await send(hub, "m2", { expiryMs: clock.now() + 1000 });
  await send(hub, "m3");
  clock.advance(999);
  await hub.commands.expireDue();
  assert.equal(hub.commands.pending("d").length, 3);
  clock.advance(1);
  assert.deepEqual(
    hub.commands.pending("d").map(({ messageId }) => messageId),
    ["m3"],
  );
  await Promise.all([hub.commands.expireDue(), there.commands.expireDue()]);
  assert.deepEqual(
    journal.ofType("CommandExpired").map(({ messageId }) => messageId),
    ["m1", "m2"],
  );
});

// spec/messaging 6.3
test("where a message stands can be asked for, its end included", async (t) => {
  const { hub } = await bench(t);
  for (const id of ["m1", "m2", "m3", "m4"]) await send(hub, id);
  const stateOf = async (id: string) => {
    const state = await hub.commands.state("d", id);
    return "reason" in state ? `${state.state} ${state.reason}` : state.state;
  };
  assert.equal(await stateOf("m1"), "Enqueued");
  const tokens = [(await receive(hub))?.lockToken, (await receive(hub))?.lockToken];
  assert.equal(await stateOf("m1"), "Invisible");
  await settle(hub, tokens[0], "complete");
  await settle(hub, tokens[1], "reject");
  await hub.commands.purge({ deviceId: "d", ...owner });
  assert.deepEqual(await Promise.all(["m1", "m2", "m3"].map(stateOf)), [
    "Completed Success",
    "DeadLettered Rejected",
    "DeadLettered Purged",
  ]);
  await assert.rejects(stateOf("m9"), refusal("GenericNotFound"));
});

test("a device that is made anew has an empty queue that counts from 1", async (t) => {
  const { hub } = await bench(t);
  await send(hub, "m1");
  const old = await receive(hub);
  await hub.registry.deleteDevice({ deviceId: "d", ...owner });
  await hub.registry.putDevice({ deviceId: "d", body: {}, ...owner });
  assert.deepEqual(hub.commands.pending("d"), []);
  await assert.rejects(settle(hub, old?.lockToken, "complete"), refusal("DeviceMessageLockLost"));
  await assert.rejects(hub.commands.state("d", "m1"), refusal("GenericNotFound"));
  assert.equal((await send(hub, "m2")).sequenceNumber, 1);
});
