import assert from "node:assert/strict";
import { test } from "node:test";
import type { IdentityKey, NewEvent } from "../../../../core/events.ts";
import type { MethodEvent } from "../../../../core/method/method.ts";
import type { SharedJournal } from "../../../support/domain-hub.ts";
import {
  advance,
  chunksIn,
  createJob,
  jobsBench,
  jobTypesIn,
  methodCall,
  outcomesIn,
  runAll,
  tagUpdate,
} from "./jobs-fixture.ts";

const at = "2026-03-01T12:00:00.000Z";
const meta = (id: string): NewEvent["meta"] => ({
  id,
  time: at,
  actor: { kind: "hub", nodeId: "dead" },
  correlationId: "job:j",
});

/** Another node takes the first chunk of the job `j`, and is heard of no more. */
async function takenByDead({ port }: SharedJournal, { attemptId = "dead" } = {}): Promise<void> {
  const event = { type: "JobChunkStarted", data: { jobId: "j", at, nodeId: "dead", attemptId } } as const;
  await port.append({ aggregate: "job", id: "j", moduleId: "0" }, { event, meta: meta(attemptId) });
}

/** Something of a call that another node had begun. */
async function called({ port }: SharedJournal, { deviceId, moduleId }: IdentityKey, ...events: readonly MethodEvent[]) {
  const key = { aggregate: "method", id: deviceId, ...(moduleId !== undefined && { moduleId }) } as const;
  for (const event of events) await port.append(key, { event, meta: meta(`${deviceId}-${event.type}`) });
}

const call = { requestId: "r", generationId: "1", at };
const begun: MethodEvent = {
  type: "MethodCalled",
  data: { ...call, methodName: "m", payload: null, connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 30 },
};
const answered: MethodEvent = {
  type: "MethodAnswered",
  data: { ...call, status: 201, payload: "yes", durationMs: 1 },
};
const failed: MethodEvent = { type: "MethodFailed", data: { ...call, reason: "GatewayTimeout", durationMs: 1 } };

test("a node that takes over a twin job does what was not done, and nothing twice", async (t) => {
  const bench = await jobsBench(t, ["a", "b"]);
  const { hub, journal } = bench;
  await createJob(hub, "j", tagUpdate({ x: 1 }));
  await advance(hub);
  await takenByDead(journal);
  const actor = { kind: "policy", policy: "iothubowner" } as const;
  await hub.twins.update({ deviceId: "a", tags: { x: 1 }, actor, correlationId: "job:j" });
  await runAll(bench);
  assert.equal(journal.ofType("TwinUpdated").length, 2);
  assert.deepEqual(
    outcomesIn(journal).map(({ deviceId, status }) => [deviceId, status]),
    [
      ["a", "completed"],
      ["b", "completed"],
    ],
  );
});

test("what others did to a twin meanwhile is not taken for the job's own", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub, journal } = bench;
  await createJob(hub, "j", tagUpdate({ x: 1 }));
  await advance(hub);
  await takenByDead(journal);
  const actor = { kind: "policy", policy: "iothubowner" } as const;
  await hub.twins.update({ deviceId: "a", tags: { y: 1 }, actor, correlationId: "request" });
  await runAll(bench);
  assert.deepEqual(hub.twins.get({ deviceId: "a" }).twin.tags, { x: 1, y: 1 });
});

test("a call that was begun is not made again: its answer counts, and without one nobody knows", async (t) => {
  const bench = await jobsBench(t, ["answered", "failed", "lost", "untouched"]);
  const { hub, journal, live } = bench;
  const calls: string[] = [];
  for (const deviceId of ["answered", "failed", "lost", "untouched"]) {
    live.serve({ deviceId }, async () => {
      calls.push(deviceId);
      return { kind: "answered", status: 200, payload: null };
    });
  }
  await createJob(hub, "j", methodCall("m"));
  await advance(hub);
  await takenByDead(journal);
  await called(journal, { deviceId: "answered" }, begun, answered);
  await called(journal, { deviceId: "failed" }, begun, failed);
  await called(journal, { deviceId: "lost" }, begun);
  // A call to a module of a device is none to the device.
  await called(journal, { deviceId: "untouched", moduleId: "m" }, begun);
  await runAll(bench);
  assert.deepEqual(calls, ["untouched"]);
  const byDevice = new Map(outcomesIn(journal).map((outcome) => [outcome.deviceId, outcome]));
  assert.deepEqual(byDevice.get("answered"), {
    deviceId: "answered",
    status: "completed",
    response: { status: 201, payload: "yes" },
  });
  const error = { code: "GatewayTimeout", description: "Timed out waiting for the response from device." };
  assert.deepEqual(byDevice.get("failed"), { deviceId: "failed", status: "failed", error });
  const lost = byDevice.get("lost");
  assert.equal(lost?.status === "failed" && lost.error.code, "OutcomeUnknown");
  assert.equal(hub.jobs.get("j").status, "completed");
});

test("a node whose chunk another one takes begins nothing more, and the other's outcomes stand", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub, journal, live } = bench;
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  live.serve({ deviceId: "a" }, async () => {
    asked.resolve();
    await answer.promise;
    return { kind: "answered", status: 200, payload: null };
  });
  await createJob(hub, "j", methodCall("m"));
  const slow = runAll(bench);
  await asked.promise;
  await takenByDead(journal, { attemptId: "other" });
  const outcome = { deviceId: "a", status: "failed", error: { code: "OutcomeUnknown", description: "" } } as const;
  const event = { type: "JobTargetsEnded", data: { jobId: "j", at, outcomes: [outcome] } } as const;
  await journal.port.append({ aggregate: "job", id: "j", moduleId: "0" }, { event, meta: meta("ended") });
  answer.resolve();
  assert.deepEqual(await slow, ["done"]);
  assert.deepEqual(outcomesIn(journal), [outcome]);
  assert.equal(hub.jobs.get("j").run?.counts.failed, 1);
});

test("of two who call a device for a job the journal lets one", async (t) => {
  const { hub, journal, live } = await jobsBench(t, ["a"]);
  let calls = 0;
  live.serve({ deviceId: "a" }, async () => {
    calls += 1;
    return { kind: "answered", status: 200, payload: calls };
  });
  const actor = { kind: "policy", policy: "service" } as const;
  const deed = { deviceId: "a", body: { methodName: "m" }, actor, correlationId: "job:j", eventId: "job:j:1:a" };
  const answers = await Promise.all([1, 2, 3].map(() => hub.methods.invokeOnce(deed)));
  assert.deepEqual(answers, [{ status: 200, payload: 1 }, undefined, undefined]);
  assert.equal(journal.ofType("MethodCalled").length, 1);
});

test("a planner that is gone is followed by one that goes on after its last chunk", async (t) => {
  const deviceIds = Array.from({ length: 120 }, (_, index) => `d${String(index).padStart(3, "0")}`);
  const bench = await jobsBench(t, deviceIds);
  const { hub, journal, clock } = bench;
  await createJob(hub, "j", tagUpdate({ x: 1 }));
  const key = { aggregate: "job", id: "j" } as const;
  const deadline = "2026-03-01T13:00:00.000Z";
  const started = { type: "JobStarted", data: { jobId: "j", at, nodeId: "dead", deadline } } as const;
  await journal.port.append(key, { event: started, meta: meta("started") });
  const targets = deviceIds.slice(0, 50).map((deviceId) => ({ deviceId }));
  const planned = { type: "JobChunkPlanned", data: { jobId: "j", at, targets } } as const;
  await journal.port.append({ ...key, moduleId: "0" }, { event: planned, meta: meta("planned") });
  // As long as it may still be at work it is left alone.
  clock.ms += 9_999;
  await advance(hub);
  assert.deepEqual(jobTypesIn(journal), ["JobCreated", "JobStarted", "JobChunkPlanned"]);
  clock.ms += 1;
  await runAll(bench);
  assert.deepEqual(
    journal.ofType("JobChunkPlanned").flatMap((each) => each.targets.map(({ deviceId }) => deviceId)),
    deviceIds,
  );
  assert.equal(hub.jobs.get("j").status, "completed");
  assert.equal(journal.ofType("TwinUpdated").length, 120);
});

test("a node that stops begins nothing more, and hands back what is left", async (t) => {
  const bench = await jobsBench(t, ["a", "b"]);
  const { hub, journal, live } = bench;
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  live.serve({ deviceId: "a" }, async () => {
    asked.resolve();
    await answer.promise;
    return { kind: "answered", status: 200, payload: null };
  });
  await createJob(hub, "j", { ...methodCall("m"), queryCondition: "deviceId = 'a'" });
  await createJob(hub, "k", { ...methodCall("m"), queryCondition: "deviceId = 'a'" });
  await advance(hub);
  const [first, second] = chunksIn(journal);
  assert.ok(first && second);
  const stopping = new AbortController();
  const running = hub.jobs.runChunk(first, stopping.signal);
  await asked.promise;
  stopping.abort();
  assert.equal(await hub.jobs.runChunk(second, stopping.signal), "handBack");
  answer.resolve();
  assert.equal(await running, "done");
  // Another node goes on at once.
  assert.deepEqual(await runAll(bench), ["done", "done"]);
  assert.deepEqual([hub.jobs.get("j").status, hub.jobs.get("k").status], ["completed", "completed"]);
});
