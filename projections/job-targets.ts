import { type JobChunk, type JobTarget, openOutcomes, type TargetStatus } from "../core/job/chunk.ts";
import type { DeviceJob } from "../core/job/device-job.ts";
import type { Job } from "../core/job/job.ts";
import type { JobChunkEvent, JobType } from "../core/job/job-event.ts";
import type { MethodResponse, TargetOutcome } from "../core/job/target-outcome.ts";
import type { Versioned } from "../core/ports.ts";
import type { Store } from "./store.ts";

/** An event of a chunk with what it made of it. */
export type ChunkWrite = {
  readonly chunk: number;
  readonly event: JobChunkEvent;
  readonly before: JobChunk | undefined;
  readonly after: JobChunk;
  readonly sequence: number;
};

/** What jobs do on each of their targets, written at once, within a transaction of the caller's. */
export type JobTargets = {
  write(job: Job, written: ChunkWrite): void;
  /** Drops the chunks below this number. */
  forget(jobId: string, beforeChunk: number): void;
  readonly readChunk: (jobId: string, chunk: number) => Versioned<JobChunk> | undefined;
};

const insertTarget = `INSERT INTO jobTargets
  (jobId, chunk, deviceId, moduleId, jobType, status, createdDateTimeUtc, lastUpdatedDateTimeUtc)
  VALUES (?, ?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT DO NOTHING`;
const startTargets = `UPDATE jobTargets SET status = 'running', startTimeUtc = ?, lastUpdatedDateTimeUtc = ?
  WHERE jobId = ? AND chunk = ? AND status = 'pending'`;
const endTarget = `UPDATE jobTargets SET status = ?, endTimeUtc = ?, lastUpdatedDateTimeUtc = ?, response = jsonb(?),
  errorCode = ?, errorDescription = ? WHERE jobId = ? AND chunk = ? AND deviceId = ? AND moduleId = ?`;
const saveChunk = `INSERT INTO jobChunks (jobId, chunk, plannedSequence, attemptId, sequence) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (jobId, chunk) DO UPDATE SET attemptId = excluded.attemptId, sequence = excluded.sequence`;
const loadChunk = "SELECT plannedSequence, attemptId, sequence FROM jobChunks WHERE jobId = ? AND chunk = ?";
const loadTargets = `SELECT deviceId, moduleId, status FROM jobTargets WHERE jobId = ? AND chunk = ?
  ORDER BY deviceId, moduleId`;
const forgetTargets = "DELETE FROM jobTargets WHERE jobId = ? AND chunk < ?";
const forgetChunks = "DELETE FROM jobChunks WHERE jobId = ? AND chunk < ?";

/** Makes the writer and reader over the tables `jobChunks` and `jobTargets`. */
export function createJobTargets(store: Store): JobTargets {
  return {
    write(job, { chunk, event, before, after, sequence }) {
      const { jobId, jobType } = job;
      const { at } = event.data;
      store.prepare(saveChunk).run(jobId, chunk, after.plannedSequence, after.attemptId, sequence);
      switch (event.type) {
        case "JobChunkPlanned":
          if (before !== undefined) break;
          for (const { deviceId, moduleId = "" } of event.data.targets) {
            store.prepare(insertTarget).run(jobId, chunk, deviceId, moduleId, jobType, at, at);
          }
          break;
        case "JobChunkStarted":
          store.prepare(startTargets).run(at, at, jobId, chunk);
          break;
        case "JobTargetsEnded":
          for (const outcome of before === undefined ? [] : openOutcomes(before, event.data.outcomes)) {
            const { deviceId, moduleId = "" } = outcome;
            const [response, code, description] = resultOf(outcome);
            const ended = [outcome.status, at, at, response, code, description];
            store.prepare(endTarget).run(...ended, jobId, chunk, deviceId, moduleId);
          }
      }
    },
    forget(jobId, beforeChunk) {
      store.prepare(forgetTargets).run(jobId, beforeChunk);
      store.prepare(forgetChunks).run(jobId, beforeChunk);
    },
    readChunk(jobId, chunk) {
      const row = store.prepare(loadChunk).get(jobId, chunk) as StoredChunk | undefined;
      if (row === undefined) return undefined;
      const { plannedSequence, attemptId, sequence } = row;
      const targets = store
        .prepare(loadTargets)
        .all(jobId, chunk)
        .map((target) => targetOf(target as StoredTarget));
      return { value: { plannedSequence, attemptId, targets }, sequence };
    },
  };
}

/** The columns of an outcome: the response as JSON text, the code and the description of an error. */
function resultOf(outcome: TargetOutcome): readonly [string | null, string | null, string | null] {
  switch (outcome.status) {
    case "completed":
      return [outcome.response === undefined ? null : JSON.stringify(outcome.response), null, null];
    case "failed":
      return [null, outcome.error.code, outcome.error.description];
    case "canceled":
      return [null, null, null];
  }
}

type StoredChunk = { readonly plannedSequence: number; readonly attemptId: string | null; readonly sequence: number };

type StoredTarget = { readonly deviceId: string; readonly moduleId: string; readonly status: TargetStatus };

const keyOf = ({ deviceId, moduleId }: Pick<StoredTarget, "deviceId" | "moduleId">) =>
  moduleId === "" ? { deviceId } : { deviceId, moduleId };

const targetOf = (row: StoredTarget): JobTarget => ({ key: keyOf(row), status: row.status });

/** What is to be selected of `jobTargets` for `deviceJobOf`. */
export const deviceJobColumns = `deviceId, moduleId, jobId, jobType, status, createdDateTimeUtc, startTimeUtc, endTimeUtc,
  lastUpdatedDateTimeUtc, json(response) AS response, errorCode, errorDescription`;

type StoredDeviceJob = StoredTarget & {
  readonly jobId: string;
  readonly jobType: JobType;
  readonly createdDateTimeUtc: string;
  readonly startTimeUtc: string | null;
  readonly endTimeUtc: string | null;
  readonly lastUpdatedDateTimeUtc: string;
  readonly response: string | null;
  readonly errorCode: string | null;
  readonly errorDescription: string | null;
};

/** A row of `jobTargets` as core has it; `stored` holds `deviceJobColumns`. */
export function deviceJobOf(stored: Readonly<Record<string, unknown>>): DeviceJob {
  const row = stored as StoredDeviceJob;
  const { jobId, jobType, status, errorCode, errorDescription } = row;
  return {
    key: keyOf(row),
    jobId,
    jobType,
    status,
    createdTime: row.createdDateTimeUtc,
    startTime: row.startTimeUtc,
    endTime: row.endTimeUtc,
    lastUpdatedTime: row.lastUpdatedDateTimeUtc,
    // The view wrote this column from a response.
    response: row.response === null ? null : (JSON.parse(row.response) as MethodResponse),
    error: errorCode === null ? null : { code: errorCode, description: errorDescription ?? "" },
  };
}

const loadDeviceJob = `SELECT ${deviceJobColumns} FROM jobTargets WHERE deviceId = ? AND moduleId = ? AND jobId = ?`;

/** What a job does on one device, or with a `moduleId` that is not '' on that module. */
export function readDeviceJob(
  store: Store,
  { deviceId, moduleId, jobId }: { readonly deviceId: string; readonly moduleId: string; readonly jobId: string },
): DeviceJob | undefined {
  const row = store.prepare(loadDeviceJob).get(deviceId, moduleId, jobId);
  return row && deviceJobOf(row);
}
