import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { deviceJobDocument } from "../../../core/job/device-job.ts";
import type { JobEvent } from "../../../core/job/job-event.ts";
import { dumpViews } from "../../../projections/dump.ts";
import { deviceJobColumns, deviceJobOf } from "../../../projections/job-targets.ts";
import { dawn, type Fact, record, timeOf } from "../../support/events.ts";
import { jobFact } from "../../support/job-events.ts";
import { given, openViews, temporaryFolder } from "../../support/views.ts";

const of = { jobId: "j", at: dawn };
const createdBy = { kind: "policy", policy: "service" } as const;
const created: JobEvent = {
  type: "JobCreated",
  data: {
    ...of,
    jobType: "scheduleDeviceMethod",
    cloudToDeviceMethod: { methodName: "m", payload: 1, connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 30 },
    queryCondition: "*",
    startTime: timeOf(100),
    maxExecutionTimeInSeconds: 60,
    createdBy,
  },
};
const started: JobEvent = { type: "JobStarted", data: { ...of, at: timeOf(100), nodeId: "n", deadline: timeOf(160) } };
const planned: JobEvent = { type: "JobPlanned", data: { ...of, at: timeOf(102), chunkCount: 2, deviceCount: 3 } };
const a = { deviceId: "a" };
const b = { deviceId: "b", moduleId: "m" };
const c = { deviceId: "c" };
const chunk = (number: number, event: JobEvent): Fact => jobFact("j", event, number);
const firstChunk = chunk(0, { type: "JobChunkPlanned", data: { ...of, at: timeOf(101), targets: [a, b] } });
const secondChunk = chunk(1, { type: "JobChunkPlanned", data: { ...of, at: timeOf(101), targets: [c] } });
const taken = chunk(0, { type: "JobChunkStarted", data: { ...of, at: timeOf(103), nodeId: "n", attemptId: "1" } });
const ended = chunk(0, {
  type: "JobTargetsEnded",
  data: {
    ...of,
    at: timeOf(104),
    outcomes: [
      { ...a, status: "completed", response: { status: 200, payload: { x: [1, null] } } },
      { ...b, status: "failed", error: { code: "DeviceNotOnline", description: "late" } },
    ],
  },
});
const life = [
  jobFact("j", created),
  jobFact("j", started),
  firstChunk,
  secondChunk,
  jobFact("j", planned),
  taken,
  ended,
];

test("a job is kept as its events have it, its counts those of its chunks", (t) => {
  given(t, ...life).check((read) => {
    assert.deepEqual(read.job("j"), {
      value: {
        jobId: "j",
        jobType: "scheduleDeviceMethod",
        cloudToDeviceMethod: { methodName: "m", payload: 1, connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 30 },
        queryCondition: "*",
        createdBy,
        createdTime: dawn,
        createdSequence: 1,
        startTime: timeOf(100),
        maxExecutionTimeInSeconds: 60,
        status: "running",
        run: {
          startedSequence: 2,
          deadline: timeOf(160),
          chunkCount: 2,
          isPlanned: true,
          counts: { pending: 1, running: 0, completed: 1, failed: 1, canceled: 0 },
          plannedTime: timeOf(102),
          forgottenChunks: 0,
        },
        endTime: null,
        failureReason: null,
      },
      // That of the last event of its life, not of its chunks.
      sequence: 5,
    });
    assert.deepEqual(read.jobChunk("j", 0), {
      value: {
        plannedSequence: 3,
        attemptId: "1",
        targets: [
          { key: a, status: "completed" },
          { key: b, status: "failed" },
        ],
      },
      sequence: 7,
    });
    assert.deepEqual(read.jobChunk("j", 1)?.value.targets, [{ key: c, status: "pending" }]);
    assert.equal(read.jobChunk("j", 2), undefined);
    assert.equal(read.job("k"), undefined);
  });
});

test("what a job does on a device is a row, for the query language", (t) => {
  const { store, projector } = openViews(join(temporaryFolder(t), "views.db"));
  projector.apply(record(life));
  const rows = store.prepare(`SELECT ${deviceJobColumns} FROM jobTargets ORDER BY deviceId`).all();
  store.close();
  const common = { jobId: "j", jobType: "scheduleDeviceMethod", createdDateTimeUtc: timeOf(101) };
  const over = { startTimeUtc: timeOf(103), endTimeUtc: timeOf(104), lastUpdatedDateTimeUtc: timeOf(104) };
  assert.deepEqual(
    rows.map((row) => deviceJobDocument(deviceJobOf(row))),
    [
      {
        ...a,
        ...common,
        ...over,
        status: "completed",
        outcome: { deviceMethodResponse: { status: 200, payload: { x: [1, null] } } },
      },
      { ...b, ...common, ...over, status: "failed", error: { code: "DeviceNotOnline", description: "late" } },
      { ...c, ...common, status: "pending", lastUpdatedDateTimeUtc: timeOf(101) },
    ],
  );
});

test("a job is due at its start, when its planning has stopped, at its end, and when its time is over", (t) => {
  const dueOf = (facts: readonly Fact[], time: string, due: boolean) =>
    given(t, ...facts).check((read) => assert.deepEqual(read.dueJobs(time, 10), due ? ["j"] : [], time));
  const dueAt = (facts: readonly Fact[], second: number) => {
    dueOf(facts, new Date(Date.parse(timeOf(second)) - 1).toISOString(), false);
    dueOf(facts, timeOf(second), true);
  };
  dueAt(life.slice(0, 1), 100);
  dueAt(life.slice(0, 2), 110);
  dueAt(life.slice(0, 4), 111);
  dueAt(life, 160);
  const last = chunk(1, { type: "JobTargetsEnded", data: { ...of, outcomes: [{ ...c, status: "completed" }] } });
  dueAt([...life, last], 102);
  const month = 30 * 86_400;
  dueAt([...life, jobFact("j", { type: "JobCompleted", data: { ...of, at: timeOf(200) } })], 200 + month);
  dueAt([life[0] as Fact, jobFact("j", { type: "JobCancelled", data: { ...of, at: timeOf(1) } })], 1 + month);
});

test("a job that is forgotten leaves nothing behind, and late events of it neither", (t) => {
  const folder = temporaryFolder(t);
  const dump = (facts: readonly Fact[], file: string) => {
    const { store, projector } = openViews(join(folder, file));
    projector.apply(record(facts));
    const lines = [...dumpViews(store)].filter((line) => line.startsWith("job"));
    store.close();
    return lines;
  };
  const over = jobFact("j", { type: "JobCompleted", data: of });
  const some = jobFact("j", { type: "JobTargetsForgotten", data: { ...of, beforeChunk: 1 } });
  const rest = jobFact("j", { type: "JobTargetsForgotten", data: { ...of, beforeChunk: 21 } });
  const gone = jobFact("j", { type: "JobForgotten", data: of });
  const [before, partly] = [dump([...life, over], "before.db"), dump([...life, over, some], "partly.db")];
  assert.deepEqual([before.length, partly.length], [1 + 2 + 3, 1 + 1 + 1]);
  assert.deepEqual(dump([...life, over, some, rest, gone, taken, ended, firstChunk], "gone.db"), []);
});

test("an outcome counts once, and a chunk is planned once", (t) => {
  const again = chunk(0, { type: "JobChunkPlanned", data: { ...of, targets: [c] } });
  const late = chunk(0, { type: "JobTargetsEnded", data: { ...of, outcomes: [{ ...a, status: "canceled" }] } });
  given(t, ...life, again, late).check((read) => {
    assert.deepEqual(read.job("j")?.value.run?.counts, {
      pending: 1,
      running: 0,
      completed: 1,
      failed: 1,
      canceled: 0,
    });
    assert.equal(read.job("j")?.value.run?.chunkCount, 2);
    assert.deepEqual(
      read.jobChunk("j", 0)?.value.targets.map(({ key }) => key),
      [a, b],
    );
  });
});

test("jobs' steps are in the history of their devices, each event once for a device, and of no device with the job's id", (t) => {
  const both = chunk(2, { type: "JobChunkPlanned", data: { ...of, targets: [a, { ...a, moduleId: "m" }] } });
  given(t, ...life, both).check((read) => {
    const of = (deviceId: string) => read.history({ deviceId, limit: 10 });
    assert.deepEqual([of("a"), of("b"), of("c"), of("j")], [[3, 7, 8], [3, 7], [4], []]);
    assert.deepEqual(read.history({ deviceId: "a", types: ["JobTargetsEnded"], limit: 10 }), [7]);
    assert.deepEqual(read.history({ deviceId: "a", types: ["JobStarted"], limit: 10 }), []);
  });
});
