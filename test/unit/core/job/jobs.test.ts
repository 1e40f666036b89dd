import assert from "node:assert/strict";
import { test } from "node:test";
import { jobDocument } from "../../../../core/job/job-document.ts";
import { domainHub, owner } from "../../../support/domain-hub.ts";
import { refusal } from "../../../support/memory-hub.ts";
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

// spec/twins-methods-jobs 11
test("a twin job writes the twins of its condition, for who created it", async (t) => {
  const bench = await jobsBench(t, ["a", "b", "c"]);
  const { hub, journal } = bench;
  await hub.twins.update({ deviceId: "c", tags: { floor: 1 }, ...owner });
  const body = { ...tagUpdate({ fan: "on", floor: null }), queryCondition: "NOT deviceId = 'b'" };
  await createJob(hub, "j", body);
  assert.deepEqual(await runAll(bench), ["done"]);
  assert.equal(hub.jobs.get("j").status, "completed");
  assert.deepEqual(
    ["a", "b", "c"].map((deviceId) => hub.twins.get({ deviceId }).twin.tags),
    [{ fan: "on" }, {}, { fan: "on" }],
  );
  const written = journal.events.filter(({ meta }) => meta.correlationId === "job:j");
  assert.deepEqual(
    written.map(({ event, meta }) => [event.type, meta.actor.kind]),
    [
      ["JobStarted", "hub"],
      ["JobChunkPlanned", "hub"],
      ["JobPlanned", "hub"],
      ["JobChunkStarted", "hub"],
      ["TwinUpdated", "policy"],
      ["TwinUpdated", "policy"],
      // Outcomes that come while one is being recorded share the next event.
      ["JobTargetsEnded", "hub"],
      ["JobTargetsEnded", "hub"],
      ["JobCompleted", "hub"],
    ],
  );
});

// spec/http-api 6.2
test("a job is shown without nulls, its counts as soon as it runs", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub } = bench;
  const created = await createJob(hub, "j", tagUpdate({ a: 1 }));
  const time = "2026-03-01T12:00:00.000Z";
  const asked = {
    jobId: "j",
    queryCondition: "*",
    createdTime: time,
    startTime: time,
    maxExecutionTimeInSeconds: 3600,
    type: "scheduleUpdateTwin",
    updateTwin: { etag: "*", tags: { a: 1 } },
  };
  assert.deepEqual(jobDocument(created), { ...asked, status: "queued" });
  await advance(hub);
  const deviceJobStatistics = { deviceCount: 1, failedCount: 0, succeededCount: 0, runningCount: 0, pendingCount: 1 };
  assert.deepEqual(jobDocument(hub.jobs.get("j")), { ...asked, status: "running", deviceJobStatistics });
  await runAll(bench);
  assert.deepEqual(jobDocument(hub.jobs.get("j")), {
    ...asked,
    endTime: time,
    status: "completed",
    deviceJobStatistics: { ...deviceJobStatistics, succeededCount: 1, pendingCount: 0 },
  });
});

// spec/twins-methods-jobs 11: `FROM devices.modules WHERE …`
test("a job on modules does each module", async (t) => {
  const bench = await jobsBench(t, ["a", "b"]);
  const { hub, journal } = bench;
  for (const moduleId of ["m", "n"]) await hub.registry.putModule({ deviceId: "b", moduleId, body: {}, ...owner });
  await createJob(hub, "j", { ...tagUpdate({ x: 1 }), queryCondition: "FROM devices.modules WHERE moduleId = 'n'" });
  await runAll(bench);
  assert.deepEqual(outcomesIn(journal), [{ deviceId: "b", moduleId: "n", status: "completed" }]);
  assert.deepEqual(hub.twins.get({ deviceId: "b", moduleId: "n" }).twin.tags, { x: 1 });
});

test("a method job keeps each device's answer; a device that is not there, or not online, is a failure", async (t) => {
  const bench = await jobsBench(t, ["a", "b", "gone"]);
  const { hub, journal, live } = bench;
  live.serve({ deviceId: "a" }, async ({ methodName, payload }) => ({
    kind: "answered",
    status: 400,
    payload: { methodName, payload },
  }));
  await createJob(hub, "j", methodCall("reboot"));
  await advance(hub);
  await hub.registry.deleteDevice({ deviceId: "gone", ...owner });
  await runAll(bench);
  const byDevice = new Map(outcomesIn(journal).map((outcome) => [outcome.deviceId, outcome]));
  assert.deepEqual(byDevice.get("a"), {
    deviceId: "a",
    status: "completed",
    response: { status: 400, payload: { methodName: "reboot", payload: 1 } },
  });
  const offline = { code: "DeviceNotOnline", description: "Timed out waiting for device to connect." };
  assert.deepEqual(byDevice.get("b"), { deviceId: "b", status: "failed", error: offline });
  assert.deepEqual(byDevice.get("gone"), {
    deviceId: "gone",
    status: "failed",
    error: { code: "DeviceNotFound", description: "gone" },
  });
  const { status, run } = hub.jobs.get("j");
  assert.deepEqual(
    [status, run?.counts],
    ["completed", { pending: 0, running: 0, completed: 1, failed: 2, canceled: 0 }],
  );
});

test("a start to come is waited for, one that is past is none", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub, clock } = bench;
  await createJob(hub, "later", tagUpdate({ a: 1 }), clock.ms + 60_000);
  await createJob(hub, "past", tagUpdate({ b: 1 }), clock.ms - 60_000);
  assert.deepEqual([hub.jobs.get("later").status, hub.jobs.get("past").status], ["scheduled", "queued"]);
  await runAll(bench);
  assert.deepEqual(hub.twins.get({ deviceId: "a" }).twin.tags, { b: 1 });
  clock.ms += 60_000;
  await runAll(bench);
  assert.deepEqual(hub.twins.get({ deviceId: "a" }).twin.tags, { b: 1, a: 1 });
});

// spec/query-language 9; azure-iot-sdk-csharp#40
test("a condition that is none is taken, and the job fails with the parser's words", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub, journal } = bench;
  await createJob(hub, "j", { ...tagUpdate({ a: 1 }), queryCondition: "SELECT * FROM devices" });
  await runAll(bench);
  const { status, failureReason } = hub.jobs.get("j");
  assert.equal(status, "failed");
  assert.match(failureReason ?? "", /^SQL query parse failed due to following errors: \n\tLine 1:29 /);
  assert.deepEqual(jobTypesIn(journal), ["JobCreated", "JobStarted", "JobFailed"]);
});

test("a job over nothing is complete at once", async (t) => {
  const { hub } = await jobsBench(t, ["a"]);
  await createJob(hub, "j", { ...tagUpdate({ a: 1 }), queryCondition: "deviceId = 'b'" });
  await advance(hub);
  assert.equal(hub.jobs.get("j").status, "completed");
});

test("cancelling a running job leaves what was not begun undone", async (t) => {
  const bench = await jobsBench(t, ["a", "b"]);
  const { hub, journal } = bench;
  await createJob(hub, "j", tagUpdate({ a: 1 }));
  await advance(hub);
  const cancelled = await hub.jobs.cancel({ jobId: "j", ...owner });
  assert.equal(cancelled.status, "cancelled");
  assert.deepEqual(await runAll(bench), ["done"]);
  assert.deepEqual(
    outcomesIn(journal).map(({ status }) => status),
    ["canceled", "canceled"],
  );
  assert.deepEqual(hub.twins.get({ deviceId: "a" }).twin.tags, {});
  assert.equal(hub.jobs.get("j").status, "cancelled");
});

test("cancelling a job ends the wait for devices that are not online", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub, journal, live } = bench;
  const waiting = Promise.withResolvers<void>();
  live.request = async (_key, _call, { signal }) => {
    waiting.resolve();
    await new Promise((aborted) => signal?.addEventListener("abort", aborted));
    return { kind: "canceled" };
  };
  await createJob(hub, "j", methodCall("reboot"));
  const running = runAll(bench);
  await waiting.promise;
  await hub.jobs.cancel({ jobId: "j", ...owner });
  assert.deepEqual(await running, ["done"]);
  assert.deepEqual(outcomesIn(journal), [{ deviceId: "a", status: "canceled" }]);
});

test("a job that is out of time fails, and what was not begun is not done", async (t) => {
  const bench = await jobsBench(t, ["a"]);
  const { hub, clock, journal } = bench;
  await createJob(hub, "j", { ...tagUpdate({ a: 1 }), maxExecutionTimeInSeconds: 60 });
  await advance(hub);
  clock.ms += 60_000;
  // A node may take the chunk before any sweep has found that it is too late.
  await Promise.all(chunksIn(journal).map((work) => hub.jobs.runChunk(work, t.signal)));
  assert.equal(hub.jobs.get("j").status, "running");
  await advance(hub);
  const { status, failureReason } = hub.jobs.get("j");
  assert.deepEqual([status, failureReason], ["failed", "The job did not end within its maximum execution time"]);
  assert.deepEqual(outcomesIn(journal), [{ deviceId: "a", status: "canceled" }]);
  assert.deepEqual(hub.twins.get({ deviceId: "a" }).twin.tags, {});
});

// spec/http-api 6.1: 30 days
test("a job is kept for 30 days, then its id is free, and the next job of that id does all anew", async (t) => {
  const bench = await jobsBench(t, ["a", "b"]);
  const { hub, clock, journal } = bench;
  await createJob(hub, "j", tagUpdate({ run: 1 }));
  await runAll(bench);
  await assert.rejects(createJob(hub, "j", tagUpdate({ run: 2 })), refusal("JobAlreadyExists"));
  clock.ms += 30 * 86_400_000 - 1;
  await advance(hub);
  assert.equal(hub.jobs.get("j").status, "completed");
  clock.ms += 1;
  await advance(hub);
  assert.throws(() => hub.jobs.get("j"), refusal("JobNotFound"));
  assert.deepEqual(jobTypesIn(journal).slice(-2), ["JobTargetsForgotten", "JobForgotten"]);

  await createJob(hub, "j", tagUpdate({ run: 2 }));
  // The chunk of the first job is given once more, to a node that never completed it.
  assert.deepEqual(await runAll(bench), ["done", "done"]);
  assert.equal(hub.jobs.get("j").status, "completed");
  assert.deepEqual(hub.twins.get({ deviceId: "b" }).twin.tags, { run: 2 });
  assert.equal(outcomesIn(journal).length, 4);
});

test("jobs are listed with the newest first, by type and status, a page after the other", async (t) => {
  const { hub, clock } = await jobsBench(t, ["a"]);
  for (const jobId of ["1", "2", "3"]) {
    await createJob(hub, jobId, jobId === "2" ? methodCall("m") : tagUpdate({ a: 1 }), clock.ms + 1_000_000);
    clock.ms += 1000;
  }
  await createJob(hub, "0", tagUpdate({}), clock.ms - 1000);
  await hub.jobs.cancel({ jobId: "1", ...owner });
  const ids = (filter: Partial<Parameters<typeof hub.jobs.list>[0]>) =>
    hub.jobs.list({ limit: 10, ...filter }).map(({ jobId }) => jobId);
  assert.deepEqual(ids({}), ["0", "3", "2", "1"]);
  assert.deepEqual(ids({ limit: 2 }), ["0", "3"]);
  assert.deepEqual(ids({ after: hub.jobs.get("3") }), ["2", "1"]);
  assert.deepEqual(ids({ types: ["scheduleDeviceMethod"] }), ["2"]);
  assert.deepEqual(ids({ statuses: ["cancelled", "queued"] }), ["0", "1"]);
  assert.deepEqual(ids({ types: [] }), []);
});

test("two nodes that sweep at once begin a job once, and plan each chunk once", async (t) => {
  const deviceIds = Array.from({ length: 120 }, (_, index) => `d${String(index).padStart(3, "0")}`);
  const { hub, journal, clock } = await jobsBench(t, deviceIds);
  const there = await domainHub(t, journal, "node-2", clock);
  await createJob(hub, "j", tagUpdate({ a: 1 }));
  await Promise.all([advance(hub), advance(there), advance(hub)]);
  assert.equal(journal.ofType("JobStarted").length, 1);
  assert.deepEqual(
    journal.ofType("JobChunkPlanned").map(({ targets }) => targets.length),
    [50, 50, 20],
  );
  assert.deepEqual(
    journal.ofType("JobChunkPlanned").flatMap(({ targets }) => targets.map(({ deviceId }) => deviceId)),
    deviceIds,
  );
  assert.deepEqual(
    journal.ofType("JobPlanned").map(({ chunkCount, deviceCount }) => [chunkCount, deviceCount]),
    [[3, 120]],
  );
});
