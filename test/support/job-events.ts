import type { IdentityKey } from "../../core/events.ts";
import type { JobEvent } from "../../core/job/job-event.ts";
import type { TargetOutcome } from "../../core/job/target-outcome.ts";
import { dawn, type Fact, timeOf } from "./events.ts";

/** An event of a job, or with a number of one of its chunks. */
export const jobFact = (jobId: string, event: JobEvent, chunk?: number): Fact => ({
  key: { aggregate: "job", id: jobId, ...(chunk !== undefined && { moduleId: String(chunk) }) },
  event,
});

/** A method job that is to begin at once. */
export const jobCreated = (jobId: string): Fact =>
  jobFact(jobId, {
    type: "JobCreated",
    data: {
      jobId,
      at: dawn,
      jobType: "scheduleDeviceMethod",
      cloudToDeviceMethod: { methodName: "m", payload: 1, connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 30 },
      queryCondition: "*",
      startTime: dawn,
      maxExecutionTimeInSeconds: 60,
      createdBy: { kind: "policy", policy: "service" },
    },
  });

export const jobStarted = (jobId: string): Fact =>
  jobFact(jobId, { type: "JobStarted", data: { jobId, at: dawn, nodeId: "n", deadline: timeOf(60) } });

export const jobPlanned = (jobId: string): Fact =>
  jobFact(jobId, { type: "JobPlanned", data: { jobId, at: dawn, chunkCount: 1, deviceCount: 1 } });

/** An event of a job's life that has nothing but its type. */
export const jobStep = (jobId: string, type: "JobCompleted" | "JobCancelled" | "JobForgotten"): Fact =>
  jobFact(jobId, { type, data: { jobId, at: dawn } });

export const targetsForgotten = (jobId: string, beforeChunk: number): Fact =>
  jobFact(jobId, { type: "JobTargetsForgotten", data: { jobId, at: dawn, beforeChunk } });

/** A chunk of a job. */
type OfChunk = { readonly jobId: string; readonly chunk: number };

export const chunkPlanned = ({ jobId, chunk }: OfChunk, targets: readonly IdentityKey[]): Fact =>
  jobFact(jobId, { type: "JobChunkPlanned", data: { jobId, at: dawn, targets } }, chunk);

export const chunkStarted = ({ jobId, chunk }: OfChunk, attemptId: string): Fact =>
  jobFact(jobId, { type: "JobChunkStarted", data: { jobId, at: dawn, nodeId: "n", attemptId } }, chunk);

export const targetsEnded = ({ jobId, chunk }: OfChunk, outcomes: readonly TargetOutcome[]): Fact =>
  jobFact(jobId, { type: "JobTargetsEnded", data: { jobId, at: dawn, outcomes } }, chunk);
