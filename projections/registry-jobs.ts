import type { Versioned } from "../core/ports.ts";
import {
  evolveRegistryJobs,
  type RegistryJob,
  type RegistryJobEvent,
  type RegistryJobsState,
} from "../core/registry-job/registry-job.ts";
import { upsertSql } from "./columns.ts";
import type { Store } from "./store.ts";

/** The view of imports and exports of devices: a row for each that is kept. */
export type RegistryJobsView = {
  registryJob(event: RegistryJobEvent, sequence: number): void;
  /** The newest first. The same object until they change. */
  readonly read: () => Versioned<RegistryJobsState>;
  clear(): void;
};

const save = upsertSql("registryJobs", {
  key: ["jobId"],
  columns: ["createdSequence", "job", "sequence"],
  jsonb: ["job"],
});
const remove = "DELETE FROM registryJobs WHERE jobId = ?";
const load = "SELECT json(job) AS job, sequence FROM registryJobs ORDER BY createdSequence DESC";

/** Makes the view over the table `registryJobs`. */
export function createRegistryJobsView(store: Store): RegistryJobsView {
  let known: Versioned<RegistryJobsState> | undefined;
  const read = (): Versioned<RegistryJobsState> => {
    known ??= readJobs(store);
    return known;
  };
  return {
    registryJob(event, sequence) {
      const before = new Set(read().value);
      const value = evolveRegistryJobs(read().value, event, sequence);
      const kept = new Set(value.map(({ jobId }) => jobId));
      for (const job of value) {
        if (before.has(job)) continue;
        store.prepare(save).run(job.jobId, job.createdSequence, JSON.stringify(job), sequence);
      }
      for (const { jobId } of before) if (!kept.has(jobId)) store.prepare(remove).run(jobId);
      known = { value, sequence };
    },
    read,
    clear() {
      known = undefined;
    },
  };
}

/** The newest job is always kept, and the last event of all is one of it. */
function readJobs(store: Store): Versioned<RegistryJobsState> {
  const rows = store.prepare(load).all();
  // The view wrote this column from jobs.
  const value = rows.map(({ job }) => JSON.parse(String(job)) as RegistryJob);
  return { value, sequence: rows.reduce((last, { sequence }) => Math.max(last, Number(sequence)), 0) };
}
