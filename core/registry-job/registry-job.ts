import type { Actor } from "../actor.ts";
import { maxKeptJobs } from "./limits.ts";

/** Files of devices and, where asked for, of configurations (spec/http-api 2.6). */
export type RegistryJobFiles = {
  readonly devicesBlobName: string;
  /** Null: no configurations. */
  readonly configurationsBlobName: string | null;
};

/**
 * What a job does. Containers are addresses without their signatures; `sealed` members are whole addresses, which are secrets,
 * under the hub's key.
 */
export type RegistryJobWork = RegistryJobFiles & { readonly outputContainer: string; readonly sealedOutput: string } & (
    | { readonly type: "export"; readonly excludeKeys: boolean }
    | { readonly type: "import"; readonly inputContainer: string; readonly sealedInput: string }
  );

/** Where an import goes on: behind the last line that is done, in this version of the file. */
export type ImportPlace = { readonly offset: number; readonly version: string };

/** Of which job an event is; `at` is ISO 8601, UTC, milliseconds, as all times here. */
type OfJob = { readonly jobId: string; readonly at: string };

/** `attemptId` names one node's work on a job; another one's counts for nothing. */
type OfAttempt = OfJob & { readonly attemptId: string };

/**
 * Facts about imports and exports of devices, in the stream `hub` / `registry-jobs`. They are one aggregate, since only one
 * may be under way. They are stored: never rename a type, never retype a field.
 */
export type RegistryJobEvent =
  | {
      readonly type: "RegistryJobCreated";
      readonly data: OfJob & { readonly createdBy: Actor; readonly work: RegistryJobWork };
    }
  /** A node works on it. Comes again when another one takes it over. */
  | { readonly type: "RegistryJobStarted"; readonly data: OfAttempt & { readonly nodeId: string } }
  /** How far it is, now and then. `doneCount` and `failedCount` are lines. */
  | {
      readonly type: "RegistryJobProgressed";
      readonly data: OfAttempt & RegistryJobCounts & { readonly progress: number; readonly place: ImportPlace | null };
    }
  | { readonly type: "RegistryJobCompleted"; readonly data: OfAttempt & RegistryJobCounts }
  | { readonly type: "RegistryJobFailed"; readonly data: OfAttempt & { readonly reason: string } }
  | { readonly type: "RegistryJobCancelled"; readonly data: OfJob };

/** Lines that are through, those that were refused included. */
export type RegistryJobCounts = { readonly doneCount: number; readonly failedCount: number };

/** Where a job stands, in IoT Hub's words. */
export type RegistryJobStatus = "enqueued" | "running" | "completed" | "failed" | "cancelled";

/** A job that is kept. `work` has no sealed members once the job is over: nobody needs them any more. */
export type RegistryJob = RegistryJobCounts & {
  readonly jobId: string;
  readonly work: RegistryJobWork;
  readonly createdBy: Actor;
  readonly createdTime: string;
  /** The journal sequence of its creation: nothing of it was done before. */
  readonly createdSequence: number;
  readonly status: RegistryJobStatus;
  /** Who works on it, or did so last; null before it runs. */
  readonly attemptId: string | null;
  /** 0 to 100. */
  readonly progress: number;
  readonly place: ImportPlace | null;
  readonly endTime: string | null;
  readonly failureReason: string | null;
};

/** The jobs that are kept, the newest first. */
export type RegistryJobsState = readonly RegistryJob[];

/** Whether a job is still to be done, wholly or in part. */
export const isOpen = ({ status }: Pick<RegistryJob, "status">): boolean =>
  status === "enqueued" || status === "running";

/** The job that is to be done. There is one at most, the newest. */
export const openJob = (jobs: RegistryJobsState): RegistryJob | undefined => jobs.find(isOpen);

/** How many jobs stay beside a new one. */
const keptBefore = maxKeptJobs - 1;

/** Applies one event; never refuses. */
export function evolveRegistryJobs(
  jobs: RegistryJobsState,
  event: RegistryJobEvent,
  sequence: number,
): RegistryJobsState {
  if (event.type === "RegistryJobCreated") return [created(event.data, sequence), ...jobs.slice(0, keptBefore)];
  return jobs.map((job) => (job.jobId === event.data.jobId ? evolveRegistryJob(job, event) : job));
}

function created({ jobId, at, createdBy, work }: Created["data"], createdSequence: number): RegistryJob {
  return {
    jobId,
    work,
    createdBy,
    createdTime: at,
    createdSequence,
    status: "enqueued",
    attemptId: null,
    progress: 0,
    doneCount: 0,
    failedCount: 0,
    place: null,
    endTime: null,
    failureReason: null,
  };
}

type Created = Extract<RegistryJobEvent, { type: "RegistryJobCreated" }>;

function evolveRegistryJob(job: RegistryJob, { type, data }: Exclude<RegistryJobEvent, Created>): RegistryJob {
  switch (type) {
    case "RegistryJobStarted":
      return { ...job, status: "running", attemptId: data.attemptId };
    case "RegistryJobProgressed": {
      const { progress, doneCount, failedCount, place } = data;
      return { ...job, progress, doneCount, failedCount, place };
    }
    case "RegistryJobCompleted": {
      const { doneCount, failedCount } = data;
      return { ...ended(job, data.at), status: "completed", progress: 100, doneCount, failedCount };
    }
    case "RegistryJobFailed":
      return { ...ended(job, data.at), status: "failed", failureReason: data.reason };
    case "RegistryJobCancelled":
      return { ...ended(job, data.at), status: "cancelled" };
  }
}

const ended = (job: RegistryJob, endTime: string): RegistryJob => ({
  ...job,
  endTime,
  place: null,
  work: unsealed(job.work),
});

/** Forgets the signatures. */
const unsealed = (work: RegistryJobWork): RegistryJobWork =>
  work.type === "export" ? { ...work, sealedOutput: "" } : { ...work, sealedOutput: "", sealedInput: "" };
