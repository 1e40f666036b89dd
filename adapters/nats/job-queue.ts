import type { NatsConnection } from "nats";
import { jobRetentionMs } from "../../core/job/limits.ts";
import type { ChunkWork } from "../../core/job/run-chunk.ts";
import { createJournalQueue, type JournalQueue } from "./journal-queue.ts";
import type { NatsLog } from "./nats-log.ts";
import { createEventVersions } from "./upcast.ts";

/** What the queue of jobs' chunks is made of. */
export type JobQueueOptions = { readonly nc: NatsConnection; readonly hub: string; readonly log: NatsLog };

/** The chunks of all jobs, one in each batch, for the nodes of the hub to share. */
export type JobQueue = Pick<JournalQueue<ChunkWork>, "receive">;

/** How long a chunk of a node that was killed waits for another node, at most. */
export const jobLockMs = 10_000;

/**
 * Makes the work queue of jobs over the journal: the planning of a chunk is its place in the queue, so no chunk is planned and
 * then not queued. A chunk comes again until it is completed, however often. The stream exists (`ensureStreams`).
 */
export function createJobQueue({ nc, hub, log }: JobQueueOptions): JobQueue {
  return createJournalQueue<ChunkWork>({
    nc,
    hub,
    log,
    name: "jobs",
    // The streams of chunks, which have the chunk's number behind the job's id.
    subjects: "job.*.*",
    versions: createEventVersions(),
    recordsOf: async ({ event, key: { id: jobId, moduleId }, sequence }) =>
      event.type === "JobChunkPlanned" ? [{ jobId, chunk: Number(moduleId), sequence }] : [],
    ttlMs: jobRetentionMs,
    lockMs: jobLockMs,
    batchRecords: 1,
    batchIntervalMs: 0,
  });
}
