import type { Actor } from "../core/actor.ts";
import { evolveChunk } from "../core/job/chunk.ts";
import { countChunk, evolveJob, isOver, type Job, type JobFilter, type JobRun, openCount } from "../core/job/job.ts";
import { isJobChunkEvent, type JobEvent, type JobWork } from "../core/job/job-event.ts";
import { jobRetentionMs, planningStallMs } from "../core/job/limits.ts";
import type { Versioned } from "../core/ports.ts";
import { upsertSql } from "./columns.ts";
import { createJobTargets, type JobTargets } from "./job-targets.ts";
import { createRowCache, type RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** A job as the views hold it. */
export type JobRow = Versioned<Job>;

/** The view of jobs, with that of what each does on each of its targets. */
export type Jobs = {
  /** `chunk` is the number of the chunk whose event it is. */
  job(event: JobEvent, chunk: number, sequence: number): void;
  readonly read: (jobId: string) => JobRow | undefined;
  readonly readChunk: JobTargets["readChunk"];
  readonly flush: () => void;
  readonly clear: () => void;
};

/** Makes the view over the tables `jobs`, `jobChunks` and `jobTargets`; see `createRowCache` for `cacheBudget`. */
export function createJobs(store: Store, cacheBudget: number): Jobs {
  const rows = createRowCache<JobRow>(jobAccess(store), cacheBudget);
  const targets = createJobTargets(store);
  return {
    job(event, chunk, sequence) {
      const { jobId, at } = event.data;
      const before = rows.get(jobId, "");
      if (!isJobChunkEvent(event)) {
        const value = evolveJob(before?.value, event, sequence);
        rows.set(jobId, "", value && { value, sequence });
        if (event.type === "JobTargetsForgotten") targets.forget(jobId, event.data.beforeChunk);
        return;
      }
      // Of a job that is gone, or that has no targets yet, nothing is kept.
      if (before === undefined || before.value.run === null) return;
      const chunkBefore = targets.readChunk(jobId, chunk)?.value;
      const after = evolveChunk(chunkBefore, event, sequence);
      if (after === undefined) return;
      targets.write(before.value, { chunk, event, before: chunkBefore, after, sequence });
      const value = countChunk(before.value, { before: chunkBefore, after }, at);
      rows.set(jobId, "", { value, sequence: before.sequence });
    },
    read: (jobId) => rows.get(jobId, ""),
    readChunk: targets.readChunk,
    flush: rows.flush,
    clear: rows.clear,
  };
}

const runColumns = [
  "startedSequence",
  "deadline",
  "chunkCount",
  "isPlanned",
  "plannedTime",
  "forgottenChunks",
  "pendingCount",
  "runningCount",
  "completedCount",
  "failedCount",
  "canceledCount",
];
const columns = [
  "jobType",
  "status",
  "queryCondition",
  "work",
  "createdBy",
  "createdTime",
  "createdSequence",
  "startTime",
  "endTime",
  "maxExecutionTimeInSeconds",
  "failureReason",
  ...runColumns,
  "dueAt",
  "sequence",
];
const save = upsertSql("jobs", { key: ["jobId"], columns, jsonb: ["work", "createdBy"] });
const remove = "DELETE FROM jobs WHERE jobId = ?";
const select = "SELECT *, json(work) AS workText, json(createdBy) AS createdByText FROM jobs";
const load = `${select} WHERE jobId = ?`;
const due = "SELECT jobId FROM jobs WHERE dueAt <= ? ORDER BY dueAt, jobId LIMIT ?";
const list = `${select} WHERE (createdTime, jobId) < (?, ?) AND jobType IN (SELECT value FROM json_each(?))
  AND status IN (SELECT value FROM json_each(?)) ORDER BY createdTime DESC, jobId DESC LIMIT ?`;

/** About what a job takes in memory: a condition, or a method's payload, can be large. */
const rowBytes = 2_000;

function jobAccess(store: Store): RowAccess<JobRow> {
  return {
    load(jobId) {
      const row = store.prepare(load).get(jobId);
      return row && jobOf(row as StoredJob);
    },
    save(jobId, _moduleId, { value, sequence }) {
      const work = JSON.stringify(
        value.jobType === "scheduleUpdateTwin" ? value.updateTwin : value.cloudToDeviceMethod,
      );
      store
        .prepare(save)
        .run(
          jobId,
          value.jobType,
          value.status,
          value.queryCondition,
          work,
          JSON.stringify(value.createdBy),
          value.createdTime,
          value.createdSequence,
          value.startTime,
          value.endTime,
          value.maxExecutionTimeInSeconds,
          value.failureReason,
          ...runValues(value.run),
          dueAt(value),
          sequence,
        );
    },
    remove(jobId) {
      store.prepare(remove).run(jobId);
    },
    weigh: ({ value }) => rowBytes + 2 * JSON.stringify(value).length,
  };
}

const runValues = (run: JobRun | null) =>
  run === null
    ? runColumns.map(() => null)
    : [
        run.startedSequence,
        run.deadline,
        run.chunkCount,
        run.isPlanned ? 1 : 0,
        run.plannedTime,
        run.forgottenChunks,
        run.counts.pending,
        run.counts.running,
        run.counts.completed,
        run.counts.failed,
        run.counts.canceled,
      ];

/** When something is to be done for a job: it is to begin, to be planned on, to end or to be dropped. */
function dueAt(job: Job): string {
  if (isOver(job)) return later(job.endTime ?? job.createdTime, jobRetentionMs);
  const { run } = job;
  if (run === null) return job.startTime;
  if (run.isPlanned) return openCount(run) === 0 ? run.plannedTime : run.deadline;
  const stalledAt = later(run.plannedTime, planningStallMs);
  // Texts of one form: the smaller is the sooner.
  return [stalledAt, run.deadline].toSorted()[0] ?? run.deadline;
}

const later = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();

type StoredJob = {
  readonly jobId: string;
  readonly jobType: JobWork["jobType"];
  readonly status: Job["status"];
  readonly queryCondition: string;
  readonly workText: string;
  readonly createdByText: string;
  readonly createdTime: string;
  readonly createdSequence: number;
  readonly startTime: string;
  readonly endTime: string | null;
  readonly maxExecutionTimeInSeconds: number;
  readonly failureReason: string | null;
  readonly startedSequence: number | null;
  readonly deadline: string;
  readonly chunkCount: number;
  readonly isPlanned: number;
  readonly plannedTime: string;
  readonly forgottenChunks: number;
  readonly pendingCount: number;
  readonly runningCount: number;
  readonly completedCount: number;
  readonly failedCount: number;
  readonly canceledCount: number;
  readonly sequence: number;
};

function jobOf(row: StoredJob): JobRow {
  const { jobId, status, queryCondition, createdTime, createdSequence, startTime, endTime, failureReason } = row;
  // The view wrote these columns from a job.
  const createdBy = JSON.parse(row.createdByText) as Actor;
  const value: Job = {
    jobId,
    ...workOf(row),
    queryCondition,
    createdBy,
    createdTime,
    createdSequence,
    startTime,
    maxExecutionTimeInSeconds: row.maxExecutionTimeInSeconds,
    status,
    run: runOf(row),
    endTime,
    failureReason,
  };
  return { value, sequence: row.sequence };
}

function workOf({ jobType, workText }: StoredJob): JobWork {
  const work: unknown = JSON.parse(workText);
  const member = jobType === "scheduleUpdateTwin" ? "updateTwin" : "cloudToDeviceMethod";
  return { jobType, [member]: work } as unknown as JobWork;
}

function runOf(row: StoredJob): JobRun | null {
  const { startedSequence, deadline, chunkCount, isPlanned, plannedTime, forgottenChunks } = row;
  if (startedSequence === null) return null;
  const counts = {
    pending: row.pendingCount,
    running: row.runningCount,
    completed: row.completedCount,
    failed: row.failedCount,
    canceled: row.canceledCount,
  };
  return { startedSequence, deadline, chunkCount, isPlanned: isPlanned === 1, counts, plannedTime, forgottenChunks };
}

const allTypes: Required<JobFilter>["types"] = ["scheduleUpdateTwin", "scheduleDeviceMethod"];
const allStatuses: Required<JobFilter>["statuses"] = [
  "queued",
  "scheduled",
  "running",
  "completed",
  "failed",
  "cancelled",
];
/** Comes after all times and ids. */
const newest = { createdTime: "~", jobId: "" };

/** The jobs that pass the filter, the newest first. */
export const readJobs = (store: Store, filter: JobFilter): readonly Job[] => {
  const { types = allTypes, statuses = allStatuses, after = newest, limit } = filter;
  return store
    .prepare(list)
    .all(after.createdTime, after.jobId, JSON.stringify(types), JSON.stringify(statuses), Math.max(0, limit))
    .map((row) => jobOf(row as StoredJob).value);
};

/** Jobs that something is to be done for at `now`, those that wait the longest first. */
export const readDueJobs = (store: Store, now: string, limit: number): readonly string[] =>
  store
    .prepare(due)
    .all(now, limit)
    .map(({ jobId }) => String(jobId));
