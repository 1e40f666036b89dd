import type { Actor } from "../actor.ts";
import { countTargets, type JobChunk, noTargets, type TargetCounts } from "./chunk.ts";
import type { JobLifeEvent, JobType, JobWork } from "./job-event.ts";

/** Where a job stands, in the words of IoT Hub's jobs, which spell `cancelled` with two l. */
export type JobStatus = "queued" | "scheduled" | "running" | "completed" | "failed" | "cancelled";

/** A job that is kept. Times are ISO 8601, UTC, milliseconds. */
export type Job = JobWork & {
  readonly jobId: string;
  readonly queryCondition: string;
  readonly createdBy: Actor;
  readonly createdTime: string;
  /** The journal sequence of its creation, by which it is told from an earlier job of the same id. */
  readonly createdSequence: number;
  /** When it was to begin. */
  readonly startTime: string;
  readonly maxExecutionTimeInSeconds: number;
  readonly status: JobStatus;
  /** Null until it runs. */
  readonly run: JobRun | null;
  readonly endTime: string | null;
  readonly failureReason: string | null;
};

/** What there is of a job once it runs. */
export type JobRun = {
  /** The journal sequence of its start: nothing of it was done before. */
  readonly startedSequence: number;
  readonly deadline: string;
  readonly chunkCount: number;
  /** Whether all its chunks are there. */
  readonly isPlanned: boolean;
  readonly counts: TargetCounts;
  /** When the last chunk was planned. */
  readonly plannedTime: string;
  /** The chunks below this number are gone from the views: the job's time is over. */
  readonly forgottenChunks: number;
};

/** Which jobs a list has; what is absent lets all through. */
export type JobFilter = {
  readonly types?: readonly JobType[];
  readonly statuses?: readonly JobStatus[];
  /** The last job of the page before. */
  readonly after?: Pick<Job, "createdTime" | "jobId">;
  readonly limit: number;
};

/** Whether a job has come to its end. */
export const isOver = ({ status }: Pick<Job, "status">): boolean =>
  status === "completed" || status === "failed" || status === "cancelled";

/** How many targets have no outcome yet. */
export const openCount = ({ counts }: JobRun): number => counts.pending + counts.running;

/** Applies one event of a job's life. Undefined is a job that is not there, or no more. */
export function evolveJob(job: Job | undefined, event: JobLifeEvent, sequence: number): Job | undefined {
  if (event.type === "JobCreated") return created(event.data, sequence);
  if (job === undefined) return undefined;
  const { type, data } = event;
  switch (type) {
    case "JobStarted": {
      const { deadline, at: plannedTime } = data;
      const none = { chunkCount: 0, isPlanned: false, counts: noTargets, forgottenChunks: 0 };
      return { ...job, status: "running", run: { startedSequence: sequence, deadline, plannedTime, ...none } };
    }
    case "JobPlanned":
      return job.run === null ? job : { ...job, run: { ...job.run, isPlanned: true, plannedTime: data.at } };
    case "JobCompleted":
      return { ...job, status: "completed", endTime: data.at };
    case "JobFailed":
      return { ...job, status: "failed", endTime: data.at, failureReason: data.reason };
    case "JobCancelled":
      return { ...job, status: "cancelled", endTime: data.at };
    case "JobTargetsForgotten":
      return job.run === null ? job : { ...job, run: { ...job.run, forgottenChunks: data.beforeChunk } };
    case "JobForgotten":
      return undefined;
  }
}

type Created = Extract<JobLifeEvent, { type: "JobCreated" }>["data"];

function created({ at: createdTime, ...asked }: Created, createdSequence: number): Job {
  const status = asked.startTime > createdTime ? "scheduled" : "queued";
  return { ...asked, createdTime, createdSequence, status, run: null, endTime: null, failureReason: null };
}

/** A chunk of a job, before and after one of its events; undefined before its planning. */
export type ChunkChange = { readonly before: JobChunk | undefined; readonly after: JobChunk | undefined };

/** Keeps the counts of a job in step with its chunks. `at` is the time of the chunk's event. */
export function countChunk(job: Job, { before, after }: ChunkChange, at: string): Job {
  const { run } = job;
  if (run === null) return job;
  const isNew = before === undefined && after !== undefined;
  const chunkCount = run.chunkCount + (isNew ? 1 : 0);
  const [was, is] = [countTargets(before), countTargets(after)];
  const counts = {
    pending: run.counts.pending + is.pending - was.pending,
    running: run.counts.running + is.running - was.running,
    completed: run.counts.completed + is.completed - was.completed,
    failed: run.counts.failed + is.failed - was.failed,
    canceled: run.counts.canceled + is.canceled - was.canceled,
  };
  return { ...job, run: { ...run, chunkCount, counts, plannedTime: isNew ? at : run.plannedTime } };
}
