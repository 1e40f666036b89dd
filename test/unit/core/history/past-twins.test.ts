import assert from "node:assert/strict";
import { test } from "node:test";
import type { Moment } from "../../../../core/history/moment.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import type { Clock } from "../../../../core/ports.ts";
import { connectDevice, domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import type { Scope } from "../../../support/suite-scope.ts";

const startMs = Date.parse("2026-03-01T00:00:00.000Z");

/** A hub whose clock goes on by a second with every look at it. */
async function tickingHub(t: Scope): Promise<{ hub: Hub; journal: SharedJournal }> {
  let nowMs = startMs;
  const clock: Clock = {
    now: () => {
      nowMs += 1000;
      return nowMs;
    },
    isoTime: (ms) => new Date(ms).toISOString(),
  };
  const journal = new SharedJournal();
  return { hub: await domainHub(t, journal, "node-1", clock), journal };
}

const device = { deviceId: "d" };
const at = (sequence: number): Moment => ({ kind: "sequence", sequence });
const version = (number: number): Moment => ({ kind: "version", version: number });

/** A device whose twin gets the desired value 1, 2 and 3, in versions 3, 4 and 5. */
async function threeWrites(t: Scope) {
  const { hub, journal } = await tickingHub(t);
  await hub.registry.putDevice({ ...device, body: {}, ...owner });
  const bornAt = journal.events.length;
  for (const a of [1, 2, 3]) await hub.twins.update({ ...device, desired: { a }, tags: { [`t${a}`]: a }, ...owner });
  return { hub, journal, bornAt };
}

const desiredAt = async (hub: Hub, moment: Moment): Promise<unknown> =>
  (await hub.pastTwins.at(device, moment)).view.twin.desired.values.a;

test("a twin is found by sequence, by time and by version, with the event that it stands for", async (t) => {
  const { hub, journal, bornAt } = await threeWrites(t);
  const timeAt = (sequence: number): string => journal.events[sequence - 1]?.meta.time ?? "";
  for (const [index, value] of [undefined, 1, 2, 3].entries()) {
    const sequence = bornAt + index;
    const [time, next] = [timeAt(sequence), Date.parse(timeAt(sequence + 1) || "2027-01-01")];
    assert.equal(await desiredAt(hub, at(sequence)), value);
    assert.equal(await desiredAt(hub, version(2 + index)), value);
    assert.equal(await desiredAt(hub, { kind: "time", time }), value, "the event's own time");
    const past = await hub.pastTwins.at(device, { kind: "time", time: new Date(next - 1).toISOString() });
    assert.deepEqual([past.sequence, past.time], [sequence, time]);
    assert.equal(past.view.twin.desired.values.a, value, "just before the next one");
  }
});

test("a moment after the present is the present, one before the twin's life is refused", async (t) => {
  const { hub, bornAt } = await threeWrites(t);
  for (const moment of [at(1_000_000), version(99), { kind: "time", time: "2099-01-01T00:00:00.000Z" } as const]) {
    const past = await hub.pastTwins.at(device, moment);
    assert.deepEqual(past.view, hub.twins.get(device));
  }
  for (const moment of [
    at(bornAt - 1),
    version(1),
    version(0),
    { kind: "time", time: "2020-01-01T00:00:00Z" } as const,
  ]) {
    await assert.rejects(hub.pastTwins.at(device, moment), { reason: "DeviceNotFound" });
  }
  await assert.rejects(hub.pastTwins.at({ deviceId: "nobody" }, at(5)), { reason: "DeviceNotFound" });
  await assert.rejects(hub.pastTwins.at({ ...device, moduleId: "m" }, at(99)), { reason: "ModuleNotFound" });
});

test("a deleted twin is found as it was, but not after its end; a version is one of the last generation", async (t) => {
  const { hub, journal, bornAt } = await threeWrites(t);
  await hub.registry.deleteDevice({ ...device, ...owner });
  const deletedAt = journal.events.length;
  await assert.rejects(hub.pastTwins.at(device, at(deletedAt)), { reason: "DeviceNotFound" });
  assert.equal(await desiredAt(hub, version(4)), 2, "the last generation's, since none lives");
  await hub.registry.putDevice({ ...device, body: {}, ...owner });
  assert.equal(await desiredAt(hub, version(2)), undefined, "the new generation's");
  assert.equal(await desiredAt(hub, at(bornAt + 2)), 2);
});

test("identity and connection are as they were too", async (t) => {
  const { hub, journal } = await tickingHub(t);
  await hub.registry.putDevice({ ...device, body: {}, ...owner });
  const { session } = await connectDevice(hub, "d");
  const connectedAt = journal.events.length;
  await hub.connections.disconnect(session, "ClientDisconnected", startMs + 500_000);
  await hub.registry.putDevice({
    ...device,
    body: { status: "disabled", statusReason: "broken" },
    ifMatch: "*",
    ...owner,
  });
  const before = (await hub.pastTwins.at(device, at(connectedAt))).view;
  assert.deepEqual([before.connection.connected, before.device.fields.status], [true, "enabled"]);
  const after = (await hub.pastTwins.at(device, at(connectedAt + 2))).view;
  assert.deepEqual([after.connection.connected, after.device.fields.statusReason], [false, "broken"]);
});

test("of a long life few events are read, wherever the moment is", async (t) => {
  const { hub, journal } = await tickingHub(t);
  await hub.registry.putDevice({ ...device, body: {}, ...owner });
  const bornAt = journal.events.length;
  for (let n = 1; n <= 1000; n += 1) await hub.twins.patchReported({ ...device, reported: { n }, ...owner });
  const read = t.mock.method(journal.port, "readSequences");
  for (const n of [1, 125, 126, 127, 128, 500, 999, 1000]) {
    const past = await hub.pastTwins.at(device, at(bornAt + n));
    assert.equal(past.view.twin.reported.values.n, n);
    assert.equal((await hub.pastTwins.at(device, version(n + 2))).view.twin.reported.values.n, n);
  }
  const most = Math.max(...read.mock.calls.map(({ arguments: [sequences] }) => sequences.length));
  assert.ok(most <= 130, `${most} events at once`);
});

test("the difference tells who changed what, and what came of it", async (t) => {
  const { hub, bornAt } = await threeWrites(t);
  const other = { actor: { kind: "device", ...device }, correlationId: "c" } as const;
  await hub.twins.patchReported({ ...device, reported: { ok: true }, ...other });
  const difference = await hub.pastTwins.difference({ ...device, from: version(3), to: version(6), limit: 10 });
  assert.deepEqual(difference.patch, [
    { op: "add", path: "/tags/t2", value: 2 },
    { op: "add", path: "/tags/t3", value: 3 },
    { op: "replace", path: "/properties/desired/a", value: 3 },
    { op: "add", path: "/properties/reported/ok", value: true },
  ]);
  assert.deepEqual([difference.from.sequence, difference.to.sequence], [bornAt + 1, bornAt + 4]);
  assert.deepEqual([difference.from.versions.version, difference.to.versions.version], [3, 6]);
  assert.deepEqual(
    difference.changes.map(({ event, versions }) => [event.event.type, event.meta.actor, versions?.version]),
    [
      ["TwinUpdated", owner.actor, 4],
      ["TwinUpdated", owner.actor, 5],
      ["TwinReportedPatched", other.actor, 6],
    ],
  );
  assert.deepEqual(difference.changes.at(-1)?.patch, [{ op: "add", path: "/properties/reported/ok", value: true }]);
  assert.equal(difference.next, undefined);
});

test("changes come in pages, over the end of a device and its next life", async (t) => {
  const { hub, bornAt } = await threeWrites(t);
  await hub.registry.deleteDevice({ ...device, ...owner });
  await hub.registry.putDevice({ ...device, body: {}, ...owner });
  await hub.twins.update({ ...device, tags: { again: 1 }, ...owner });
  const seen: [string, number][] = [];
  let afterSequence: number | undefined;
  do {
    const page = await hub.pastTwins.difference({
      ...device,
      from: at(bornAt),
      to: at(1_000),
      limit: 2,
      ...(afterSequence !== undefined && { afterSequence }),
    });
    for (const { event, patch } of page.changes) seen.push([event.event.type, patch.length]);
    afterSequence = page.next;
  } while (afterSequence !== undefined);
  assert.deepEqual(seen, [
    ["TwinUpdated", 2],
    ["TwinUpdated", 2],
    ["TwinUpdated", 2],
    ["DeviceDeleted", 2],
    ["DeviceCreated", 1],
    ["TwinUpdated", 1],
  ]);
  const wrong = hub.pastTwins.difference({ ...device, from: at(bornAt + 2), to: at(bornAt), limit: 2 });
  await assert.rejects(wrong, { reason: "ArgumentInvalid", message: /from must not be later than to/ });
});

test("a restored twin has what it had, as a write of its own", async (t) => {
  const { hub, journal } = await threeWrites(t);
  await hub.twins.patchReported({ ...device, reported: { mine: 1 }, ...owner });
  const { session } = await connectDevice(hub, "d");
  const etag = hub.twins.get(device).twin.etag;
  const stale = hub.pastTwins.restore({ ...device, moment: version(3), ifMatch: "AAAAAAAAAAE=", ...owner });
  await assert.rejects(stale, { reason: "PreconditionFailed" });
  const { twin } = await hub.pastTwins.restore({ ...device, moment: version(3), ifMatch: etag, ...owner });
  assert.deepEqual([twin.tags, twin.desired.values, twin.reported.values], [{ t1: 1 }, { a: 1 }, { mine: 1 }]);
  assert.deepEqual([twin.version, twin.desired.version], [7, 5]);
  assert.deepEqual(session.told, [{ patch: { a: 1 }, version: 5 }]);
  const events = journal.events.length;
  await hub.pastTwins.restore({ ...device, moment: version(7), ...owner });
  assert.equal(journal.events.length, events, "what is the same already is not written");
});

test("a part alone is restored, and a device that was made anew gets what the one before had", async (t) => {
  const { hub, bornAt } = await threeWrites(t);
  const { twin } = await hub.pastTwins.restore({ ...device, moment: version(3), parts: ["tags"], ...owner });
  assert.deepEqual([twin.tags, twin.desired.values], [{ t1: 1 }, { a: 3 }]);
  await hub.registry.deleteDevice({ ...device, ...owner });
  await hub.registry.putDevice({ ...device, body: {}, ...owner });
  const { twin: again } = await hub.pastTwins.restore({ ...device, moment: at(bornAt + 2), ...owner });
  assert.deepEqual([again.tags, again.desired.values], [{ t1: 1, t2: 2 }, { a: 2 }]);
});
