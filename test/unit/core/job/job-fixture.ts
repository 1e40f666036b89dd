import { evolveChunk, type JobChunk } from "../../../../core/job/chunk.ts";
import { decideJob, type JobCommand } from "../../../../core/job/decide.ts";
import { countChunk, evolveJob, type Job } from "../../../../core/job/job.ts";
import { isJobChunkEvent, type JobEvent, type JobLifeEvent } from "../../../../core/job/job-event.ts";
import type { TargetOutcome } from "../../../../core/job/target-outcome.ts";
import { specFor } from "../../../support/given.ts";

const jobId = "j";

/** A moment, in seconds from noon. */
export const at = (seconds: number): string =>
  new Date(Date.parse("2026-03-01T12:00:00.000Z") + seconds * 1000).toISOString();

const createdBy = { kind: "policy", policy: "service" } as const;
const updateTwin = { etag: "*", tags: { a: 1 } } as const;

export const created = (startTime = at(0)): JobLifeEvent => ({
  type: "JobCreated",
  data: {
    jobId,
    at: at(0),
    jobType: "scheduleUpdateTwin",
    updateTwin,
    queryCondition: "*",
    startTime,
    maxExecutionTimeInSeconds: 60,
    createdBy,
  },
});
export const started: JobLifeEvent = { type: "JobStarted", data: { jobId, at: at(1), nodeId: "n", deadline: at(61) } };
export const planned = (deviceCount: number): JobLifeEvent => ({
  type: "JobPlanned",
  data: { jobId, at: at(2), chunkCount: 1, deviceCount },
});
export const completed: JobLifeEvent = { type: "JobCompleted", data: { jobId, at: at(9) } };
export const failed = (reason: string): JobLifeEvent => ({ type: "JobFailed", data: { jobId, at: at(9), reason } });
export const cancelled: JobLifeEvent = { type: "JobCancelled", data: { jobId, at: at(9) } };
export const forgotten: JobLifeEvent = { type: "JobForgotten", data: { jobId, at: at(9) } };
export const targetsForgotten = (beforeChunk: number): JobLifeEvent => ({
  type: "JobTargetsForgotten",
  data: { jobId, at: at(9), beforeChunk },
});

export const chunkPlanned = (...deviceIds: readonly string[]): JobEvent => ({
  type: "JobChunkPlanned",
  data: { jobId, at: at(2), targets: deviceIds.map((deviceId) => ({ deviceId })) },
});
export const chunkStarted = (attemptId: string): JobEvent => ({
  type: "JobChunkStarted",
  data: { jobId, at: at(3), nodeId: "n", attemptId },
});
export const ended = (...outcomes: readonly TargetOutcome[]): JobEvent => ({
  type: "JobTargetsEnded",
  data: { jobId, at: at(4), outcomes },
});

type Command = JobCommand extends infer Each ? (Each extends JobCommand ? Omit<Each, "jobId" | "now"> : never) : never;

/** A command at nine seconds past noon. */
export const command = (asked: Command): JobCommand => ({ ...asked, jobId, now: at(9) });

/** What a job and its only chunk come to. */
export type JobAndChunk = {
  readonly job: Job | undefined;
  readonly chunk: JobChunk | undefined;
  readonly sequence: number;
};

export function evolve({ job, chunk, sequence: last }: JobAndChunk, event: JobEvent): JobAndChunk {
  const sequence = last + 1;
  if (!isJobChunkEvent(event)) return { job: evolveJob(job, event, sequence), chunk, sequence };
  const after = evolveChunk(chunk, event, sequence);
  return { job: job && countChunk(job, { before: chunk, after }, event.data.at), chunk: after, sequence };
}

export const nothing: JobAndChunk = { job: undefined, chunk: undefined, sequence: 0 };

/** `given(...events).when(command).then(...events)` over a job and its only chunk. */
export const given = specFor<JobCommand, JobEvent, JobAndChunk>({
  initial: () => nothing,
  decide: (asked, { job }) => decideJob(asked, job),
  evolve,
});

/** What a creator asks for, as `created` has it. */
export const create = command({
  type: "Create",
  createdBy,
  job: {
    work: { jobType: "scheduleUpdateTwin", updateTwin },
    queryCondition: "*",
    startTime: at(0),
    maxExecutionTimeInSeconds: 60,
  },
});
