import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordedEvent } from "../../../../core/events.ts";
import type { JournalFilter } from "../../../../core/history/pages.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import { hashText } from "../../../../projections/hash-text.ts";
import { domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { createJob, jobsBench, methodCall, runAll } from "../job/jobs-fixture.ts";

const by = (correlationId: string, policy = "iothubowner") =>
  ({ actor: { kind: "policy", policy }, correlationId }) as const;

async function collected(hub: Hub, filter: JournalFilter): Promise<readonly RecordedEvent[]> {
  return (await Array.fromAsync(hub.history.journal(filter))).flat();
}

const sequencesOf = (events: readonly RecordedEvent[]): number[] => events.map(({ sequence }) => sequence);

test("all that one request caused is found, over devices, and nothing whose id only looks like it", async (t) => {
  const hub = await domainHub(t, new SharedJournal());
  const [one, other] = sameHash();
  await hub.registry.putDevice({ deviceId: "a", body: {}, ...by(one) });
  await hub.registry.putDevice({ deviceId: "b", body: {}, ...by(other) });
  await hub.twins.update({ deviceId: "b", desired: { x: 1 }, ...by(one) });
  const { events } = await hub.history.correlated(one, { limit: 10 });
  assert.deepEqual(
    events.map(({ key, event }) => [key.id, event.type]),
    [
      ["a", "DeviceCreated"],
      ["b", "TwinUpdated"],
    ],
  );
  assert.ok(!JSON.stringify(events).includes('"v1.'), "keys are left out");
  const first = await hub.history.correlated(one, { limit: 1 });
  assert.equal(first.events.length, 1);
  const rest = await hub.history.correlated(one, { limit: 5, afterSequence: first.next ?? 0 });
  assert.deepEqual(
    rest.events.map(({ key }) => key.id),
    ["b"],
  );
  assert.equal(rest.next, undefined);
  const ofDevice = await hub.history.page({ deviceId: "b", correlationId: one, limit: 10 });
  assert.deepEqual(
    ofDevice.events.map(({ event }) => event.type),
    ["TwinUpdated"],
  );
});

test("a job is one cause, from its start to each device's answer and its end", async (t) => {
  const bench = await jobsBench(t, ["a", "b"]);
  const { hub, live } = bench;
  for (const deviceId of ["a", "b"])
    live.serve({ deviceId }, async () => ({ kind: "answered", status: 200, payload: deviceId }));
  await createJob(hub, "j", methodCall("restart"));
  await runAll(bench);
  const { events } = await hub.history.correlated("job:j", { limit: 100 });
  const ofDevices = events.filter(({ key }) => key.aggregate === "method");
  assert.deepEqual(
    new Set(ofDevices.map(({ key, event }) => `${key.id} ${event.type}`)),
    new Set(["a", "b"].flatMap((id) => [`${id} MethodCalled`, `${id} MethodAnswered`])),
  );
  assert.deepEqual([events.at(0)?.event.type, events.at(-1)?.event.type], ["JobStarted", "JobCompleted"]);
  const own = await hub.history.page({ deviceId: "a", correlationId: "job:j", limit: 100 });
  assert.deepEqual(
    own.events.map(({ event }) => event.type),
    ["JobChunkPlanned", "MethodCalled", "MethodAnswered", "JobTargetsEnded"],
  );
});

/** Two ids that share their hash: some 80,000 are enough for that. */
function sameHash(): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let number = 0; ; number += 1) {
    const id = `request-${number}`;
    const other = seen.get(hashText(id));
    if (other !== undefined) return [other, id];
    seen.set(hashText(id), id);
  }
}

test("the whole journal is read, or the part between two times, sequences, of types or actors", async (t) => {
  const journal = new SharedJournal();
  const hub = await domainHub(t, journal);
  for (const deviceId of ["a", "b", "c"]) await hub.registry.putDevice({ deviceId, body: {}, ...owner });
  await hub.twins.update({ deviceId: "b", desired: { x: 1 }, ...by("r", "service") });
  const all = await collected(hub, {});
  assert.deepEqual(sequencesOf(all), sequencesOf(journal.events));
  assert.ok(!JSON.stringify(all).includes('"v1.'), "keys are left out");
  const created = await collected(hub, { types: ["DeviceCreated"] });
  assert.deepEqual(
    created.map(({ key }) => key.id),
    ["a", "b", "c"],
  );
  const service = await collected(hub, { actor: { kind: "policy", actor: { kind: "policy", policy: "service" } } });
  assert.deepEqual(
    service.map(({ event }) => event.type),
    ["TwinUpdated"],
  );
  assert.deepEqual(sequencesOf(await collected(hub, { fromSequence: 2, toSequence: 3 })), [2, 3]);
  assert.deepEqual(await collected(hub, { fromSequence: 99 }), []);
  const { time } = journal.events[2]?.meta ?? assert.fail();
  const from = await collected(hub, { from: time });
  const to = await collected(hub, { to: time });
  assert.deepEqual(
    [from, to],
    [
      journal.events.filter(({ meta }) => meta.time >= time),
      journal.events.filter(({ meta }) => meta.time <= time),
    ].map((events) => all.filter(({ sequence }) => sequencesOf(events).includes(sequence))),
  );
});
