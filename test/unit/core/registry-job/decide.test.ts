import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRegistryJobs, type RegistryJobCommand } from "../../../../core/registry-job/decide.ts";
import { maxKeptJobs } from "../../../../core/registry-job/limits.ts";
import {
  evolveRegistryJobs,
  type RegistryJobEvent,
  type RegistryJobsState,
  type RegistryJobWork,
} from "../../../../core/registry-job/registry-job.ts";
import { specFor } from "../../../support/given.ts";

const work: RegistryJobWork = {
  type: "export",
  excludeKeys: false,
  devicesBlobName: "devices.txt",
  configurationsBlobName: null,
  outputContainer: "https://a.test/out",
  sealedOutput: "sealed",
};
const at = "2026-03-01T12:00:00.000Z";
const by = { kind: "policy", policy: "iothubowner" } as const;
const counts = { doneCount: 5, failedCount: 1 };

const createdEvent = (jobId: string): RegistryJobEvent => ({
  type: "RegistryJobCreated",
  data: { jobId, at, createdBy: by, work },
});
const startedEvent = (jobId: string, attemptId: string): RegistryJobEvent => ({
  type: "RegistryJobStarted",
  data: { jobId, at, attemptId, nodeId: "n" },
});
const completedEvent = (jobId: string): RegistryJobEvent => ({
  type: "RegistryJobCompleted",
  data: { jobId, at, attemptId: "a1", ...counts },
});
const create = (jobId: string): RegistryJobCommand => ({ type: "Create", jobId, now: at, createdBy: by, work });

const given = specFor<RegistryJobCommand, RegistryJobEvent, RegistryJobsState>({
  initial: () => [],
  decide: decideRegistryJobs,
  evolve: (jobs, event) => evolveRegistryJobs(jobs, event, 1),
});

// spec/http-api 2.6: one import/export job per hub
test("one job is taken at a time", () => {
  given().when(create("j1")).then(createdEvent("j1"));
  given(createdEvent("j1")).when(create("j2")).rejects("JobQuotaExceeded");
  given(createdEvent("j1"), startedEvent("j1", "a1")).when(create("j2")).rejects("JobQuotaExceeded");
  given(createdEvent("j1"), startedEvent("j1", "a1"), completedEvent("j1")).when(create("j2")).then(createdEvent("j2"));
});

test("a job is cancelled while it is open, and once", () => {
  const cancel = { type: "Cancel", jobId: "j1", now: at } as const;
  const cancelled: RegistryJobEvent = { type: "RegistryJobCancelled", data: { jobId: "j1", at } };
  given().when(cancel).rejects("JobNotFound");
  given(createdEvent("j1")).when(cancel).then(cancelled);
  given(createdEvent("j1"), startedEvent("j1", "a1")).when(cancel).then(cancelled);
  given(createdEvent("j1"), cancelled).when(cancel).changesNothing();
  given(createdEvent("j1"), startedEvent("j1", "a1"), completedEvent("j1")).when(cancel).changesNothing();
});

test("what the node tells that has the job counts, and nobody else's word", () => {
  const started = [createdEvent("j1"), startedEvent("j1", "a1")];
  const place = { offset: 10, version: "v" };
  const tell = (attemptId: string): RegistryJobCommand => ({
    type: "Progress",
    jobId: "j1",
    now: at,
    attemptId,
    progress: 50,
    place,
    ...counts,
  });
  const progressed: RegistryJobEvent = {
    type: "RegistryJobProgressed",
    data: { jobId: "j1", at, attemptId: "a1", progress: 50, place, ...counts },
  };
  given(...started)
    .when(tell("a1"))
    .then(progressed);
  given(...started, startedEvent("j1", "a2"))
    .when(tell("a1"))
    .changesNothing();
  const complete: RegistryJobCommand = { type: "Complete", jobId: "j1", now: at, attemptId: "a1", ...counts };
  given(...started, progressed)
    .when(complete)
    .then(completedEvent("j1"));
  given(...started, startedEvent("j1", "a2"))
    .when(complete)
    .changesNothing();
  const fail: RegistryJobCommand = { type: "Fail", jobId: "j1", now: at, attemptId: "a1", reason: "r" };
  const failed: RegistryJobEvent = {
    type: "RegistryJobFailed",
    data: { jobId: "j1", at, attemptId: "a1", reason: "r" },
  };
  given(...started)
    .when(fail)
    .then(failed);
  given(...started, completedEvent("j1"))
    .when(fail)
    .changesNothing();
  const start: RegistryJobCommand = { type: "Start", jobId: "j1", now: at, attemptId: "a2", nodeId: "n" };
  given(...started)
    .when(start)
    .then(startedEvent("j1", "a2"));
  given(...started, completedEvent("j1"))
    .when(start)
    .changesNothing();
});

test("a job that is over forgets its signatures, and the oldest of very many go", () => {
  let jobs: RegistryJobsState = [];
  for (let index = 0; index <= maxKeptJobs; index += 1) {
    const jobId = `j${index}`;
    const events = [createdEvent(jobId), startedEvent(jobId, "a1"), completedEvent(jobId)];
    for (const event of events) jobs = evolveRegistryJobs(jobs, event, index + 1);
  }
  assert.equal(jobs.length, maxKeptJobs);
  assert.deepEqual([jobs[0]?.jobId, jobs.at(-1)?.jobId], [`j${maxKeptJobs}`, "j1"]);
  assert.ok(jobs.every(({ work: { sealedOutput } }) => sealedOutput === ""));
});
