import type { Actor } from "../actor.ts";
import { HubError } from "../hub-error.ts";
import {
  type ImportPlace,
  isOpen,
  openJob,
  type RegistryJob,
  type RegistryJobCounts,
  type RegistryJobEvent,
  type RegistryJobsState,
  type RegistryJobWork,
} from "./registry-job.ts";

/** What may be asked of imports and exports. `now` is ISO 8601, UTC, milliseconds. */
export type RegistryJobCommand = { readonly jobId: string; readonly now: string } & (
  | { readonly type: "Create"; readonly createdBy: Actor; readonly work: RegistryJobWork }
  | { readonly type: "Cancel" }
  | { readonly type: "Start"; readonly attemptId: string; readonly nodeId: string }
  | AttemptCommand
);

/** What the node that works on a job tells of it. */
export type AttemptCommand = { readonly attemptId: string } & (
  | ({ readonly type: "Progress"; readonly progress: number; readonly place: ImportPlace | null } & RegistryJobCounts)
  | ({ readonly type: "Complete" } & RegistryJobCounts)
  | { readonly type: "Fail"; readonly reason: string }
);

/** The error for a job that is not there, or no more. */
export const registryJobNotFound = (jobId: string): HubError =>
  new HubError("JobNotFound", `There is no job '${jobId.slice(0, 128)}'`);

/** Refuses a second job at a time (spec/http-api 2.6). Throws HubError `JobQuotaExceeded`. */
export function checkJobQuota(jobs: RegistryJobsState): void {
  const open = openJob(jobs);
  if (open === undefined) return;
  const message = `A hub has one import or export of devices at a time, and job ${open.jobId} is under way`;
  throw new HubError("JobQuotaExceeded", message);
}

/**
 * Decides what happens to an import or export: one event at most; none when a job to be cancelled is over already, which IoT
 * Hub's answer to is unconfirmed, or when a node tells of a job that is another one's by now. Throws HubError
 * `JobQuotaExceeded` and `JobNotFound`.
 */
export function decideRegistryJobs(command: RegistryJobCommand, jobs: RegistryJobsState): readonly RegistryJobEvent[] {
  const { jobId, now: at } = command;
  const job = jobs.find((each) => each.jobId === jobId);
  switch (command.type) {
    case "Create": {
      checkJobQuota(jobs);
      const { createdBy, work } = command;
      return [{ type: "RegistryJobCreated", data: { jobId, at, createdBy, work } }];
    }
    case "Cancel":
      if (job === undefined) throw registryJobNotFound(jobId);
      return isOpen(job) ? [{ type: "RegistryJobCancelled", data: { jobId, at } }] : [];
    case "Start": {
      const { attemptId, nodeId } = command;
      return job && isOpen(job) ? [{ type: "RegistryJobStarted", data: { jobId, at, attemptId, nodeId } }] : [];
    }
    case "Progress":
    case "Complete":
    case "Fail":
      return isAttemptAt(job, command.attemptId) ? [told(command, { jobId, at, attemptId: command.attemptId })] : [];
  }
}

/** Whether this attempt is the one that works on the job. */
export const isAttemptAt = (job: RegistryJob | undefined, attemptId: string): boolean =>
  job?.status === "running" && job.attemptId === attemptId;

type OfAttempt = { readonly jobId: string; readonly at: string; readonly attemptId: string };

function told(command: AttemptCommand, base: OfAttempt): RegistryJobEvent {
  switch (command.type) {
    case "Progress": {
      const { progress, place, doneCount, failedCount } = command;
      return { type: "RegistryJobProgressed", data: { ...base, progress, place, doneCount, failedCount } };
    }
    case "Complete": {
      const { doneCount, failedCount } = command;
      return { type: "RegistryJobCompleted", data: { ...base, doneCount, failedCount } };
    }
    case "Fail":
      return { type: "RegistryJobFailed", data: { ...base, reason: command.reason } };
  }
}
