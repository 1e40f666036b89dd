import type { Actor, IdentityKey } from "../actor.ts";
import type { JsonObject } from "../json.ts";
import type { MethodRequest } from "../method/parse-call.ts";
import type { TargetOutcome } from "./target-outcome.ts";

/** A twin update as a job's creator gave it; what is absent stays as it is. Jobs overwrite whatever etag there is. */
export type JobTwinUpdate = {
  readonly etag: "*";
  readonly tags?: JsonObject | null;
  readonly properties?: { readonly desired: JsonObject | null };
};

/** What a job does to each of its targets. */
export type JobWork =
  | { readonly jobType: "scheduleUpdateTwin"; readonly updateTwin: JobTwinUpdate }
  | { readonly jobType: "scheduleDeviceMethod"; readonly cloudToDeviceMethod: MethodRequest };

export type JobType = JobWork["jobType"];

/** Of which job an event is; `at` is ISO 8601, UTC, milliseconds, as all times here. */
type OfJob = { readonly jobId: string; readonly at: string };

/**
 * Facts about the life of a job, in the stream `job` of its id. They are stored: never rename a type, never retype a field.
 * Which devices it is about, and what became of each, is told by the events of its chunks.
 */
export type JobLifeEvent =
  | {
      readonly type: "JobCreated";
      readonly data: OfJob &
        JobWork & {
          readonly queryCondition: string;
          /** When it is to begin; not after `at` for at once. */
          readonly startTime: string;
          readonly maxExecutionTimeInSeconds: number;
          /** Who its updates and calls are done for. */
          readonly createdBy: Actor;
        };
    }
  /** What has not begun at `deadline` is not done any more. */
  | { readonly type: "JobStarted"; readonly data: OfJob & { readonly nodeId: string; readonly deadline: string } }
  /** All chunks are there. */
  | {
      readonly type: "JobPlanned";
      readonly data: OfJob & { readonly chunkCount: number; readonly deviceCount: number };
    }
  /** Every target has an outcome, whichever. */
  | { readonly type: "JobCompleted"; readonly data: OfJob }
  | { readonly type: "JobFailed"; readonly data: OfJob & { readonly reason: string } }
  | { readonly type: "JobCancelled"; readonly data: OfJob }
  /** The views drop the targets of the chunks below this number: the job's time is over. */
  | { readonly type: "JobTargetsForgotten"; readonly data: OfJob & { readonly beforeChunk: number } }
  /** The views drop the job: its id is free again. */
  | { readonly type: "JobForgotten"; readonly data: OfJob };

/**
 * Facts about some targets of a job, in the stream `job` of the job's id and the chunk's number, counted from 0. They are
 * stored: never rename a type, never retype a field.
 */
export type JobChunkEvent =
  /** Targets are in the order of their ids, over all chunks of the job. */
  | { readonly type: "JobChunkPlanned"; readonly data: OfJob & { readonly targets: readonly IdentityKey[] } }
  /** A node has taken the chunk. Comes again when another one takes it over. */
  | {
      readonly type: "JobChunkStarted";
      readonly data: OfJob & { readonly nodeId: string; readonly attemptId: string };
    }
  | { readonly type: "JobTargetsEnded"; readonly data: OfJob & { readonly outcomes: readonly TargetOutcome[] } };

export type JobEvent = JobLifeEvent | JobChunkEvent;

const chunkEventTypes: ReadonlySet<string> = new Set([
  "JobChunkPlanned",
  "JobChunkStarted",
  "JobTargetsEnded",
] satisfies readonly JobChunkEvent["type"][]);

/** Tells the events of a job's chunks from all others. */
export const isJobChunkEvent = (event: { readonly type: string }): event is JobChunkEvent =>
  chunkEventTypes.has(event.type);

const lifeEventTypes: ReadonlySet<string> = new Set([
  "JobCreated",
  "JobStarted",
  "JobPlanned",
  "JobCompleted",
  "JobFailed",
  "JobCancelled",
  "JobTargetsForgotten",
  "JobForgotten",
] satisfies readonly JobLifeEvent["type"][]);

/** Tells the events of jobs and their chunks from all others. */
export const isJobEvent = (event: { readonly type: string }): event is JobEvent =>
  lifeEventTypes.has(event.type) || chunkEventTypes.has(event.type);

/** The devices that an event of a job tells of, each once. */
export function devicesOfJobEvent(event: { readonly type: string }): ReadonlySet<string> {
  if (!isJobChunkEvent(event)) return new Set();
  switch (event.type) {
    case "JobChunkPlanned":
      return new Set(event.data.targets.map(({ deviceId }) => deviceId));
    case "JobTargetsEnded":
      return new Set(event.data.outcomes.map(({ deviceId }) => deviceId));
    case "JobChunkStarted":
      return new Set();
  }
}

/** What an event of a job tells of one device; other events as they are. */
export function ofDevice<Event extends { readonly type: string }>(event: Event, deviceId: string): Event {
  if (!isJobChunkEvent(event)) return event;
  const isIts = (target: IdentityKey): boolean => target.deviceId === deviceId;
  switch (event.type) {
    case "JobChunkPlanned":
      return { ...event, data: { ...event.data, targets: event.data.targets.filter(isIts) } };
    case "JobTargetsEnded":
      return { ...event, data: { ...event.data, outcomes: event.data.outcomes.filter(isIts) } };
    case "JobChunkStarted":
      return event;
  }
}
