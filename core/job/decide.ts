import type { Actor } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { isOver, type Job, openCount } from "./job.ts";
import type { JobLifeEvent, JobWork } from "./job-event.ts";
import { forgottenAtOnce } from "./limits.ts";

/** What a creator wants. `startTime` is ISO 8601, UTC, milliseconds. */
export type NewJob = {
  readonly work: JobWork;
  readonly queryCondition: string;
  readonly startTime: string;
  readonly maxExecutionTimeInSeconds: number;
};

/** What may be asked of a job. `now` is ISO 8601, UTC, milliseconds. */
export type JobCommand = { readonly jobId: string; readonly now: string } & (
  | { readonly type: "Create"; readonly createdBy: Actor; readonly job: NewJob }
  | { readonly type: "Start"; readonly nodeId: string; readonly deadline: string }
  | { readonly type: "Planned"; readonly chunkCount: number; readonly deviceCount: number }
  | { readonly type: "Complete" }
  | { readonly type: "Fail"; readonly reason: string }
  | { readonly type: "Cancel" }
  /** Drops some of the job's targets from the views, or when they are gone the job. */
  | { readonly type: "Forget" }
);

/**
 * Decides what happens to a job: one event at most, and none when it has happened already. Throws HubError
 * `JobAlreadyExists`, `JobNotFound` and `JobRunPreconditionFailed`.
 */
export function decideJob(command: JobCommand, job: Job | undefined): readonly JobLifeEvent[] {
  const { jobId, now: at } = command;
  const base = { jobId, at };
  switch (command.type) {
    case "Create": {
      // Whether the id of a job that is kept may be used again is unconfirmed.
      if (job !== undefined)
        throw new HubError("JobAlreadyExists", `A job with the id ${jobId} exists already`, { jobId });
      const { work, ...asked } = command.job;
      return [{ type: "JobCreated", data: { ...base, ...work, ...asked, createdBy: command.createdBy } }];
    }
    case "Start": {
      if (job?.status !== "queued" && job?.status !== "scheduled") return [];
      return [{ type: "JobStarted", data: { ...base, nodeId: command.nodeId, deadline: command.deadline } }];
    }
    case "Planned": {
      if (job?.status !== "running" || job.run?.isPlanned !== false) return [];
      const { chunkCount, deviceCount } = command;
      return [{ type: "JobPlanned", data: { ...base, chunkCount, deviceCount } }];
    }
    case "Complete": {
      // Targets that were left out for want of time make the job fail, as soon as a sweep finds that its time is over.
      const run = job?.status === "running" ? job.run : null;
      const isDone = run?.isPlanned === true && openCount(run) === 0 && run.counts.canceled === 0;
      return isDone ? [{ type: "JobCompleted", data: base }] : [];
    }
    case "Fail":
      return job?.status === "running" ? [{ type: "JobFailed", data: { ...base, reason: command.reason } }] : [];
    case "Cancel":
      return cancel(base, job);
    case "Forget":
      return forget(base, job);
  }
}

type Base = { readonly jobId: string; readonly at: string };

/** A running job can be cancelled too. The error for one that has come to another end is unconfirmed. */
function cancel(base: Base, job: Job | undefined): readonly JobLifeEvent[] {
  const { jobId } = base;
  if (job === undefined) throw jobNotFound(jobId);
  switch (job.status) {
    case "queued":
    case "scheduled":
    case "running":
      return [{ type: "JobCancelled", data: base }];
    case "cancelled":
      return [];
    case "completed":
    case "failed":
      throw new HubError("JobRunPreconditionFailed", `The job ${jobId} is over: ${job.status}`, { jobId });
  }
}

function forget(base: Base, job: Job | undefined): readonly JobLifeEvent[] {
  if (job === undefined || !isOver(job)) return [];
  const { chunkCount, forgottenChunks } = job.run ?? { chunkCount: 0, forgottenChunks: 0 };
  if (forgottenChunks >= chunkCount) return [{ type: "JobForgotten", data: base }];
  return [{ type: "JobTargetsForgotten", data: { ...base, beforeChunk: forgottenChunks + forgottenAtOnce } }];
}

/** The error for a job that is not there. */
export const jobNotFound = (jobId: string): HubError =>
  new HubError("JobNotFound", `There is no job ${jobId}`, { jobId });
