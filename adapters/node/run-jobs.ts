import { setTimeout as delay } from "node:timers/promises";
import type { Jobs } from "../../core/job/jobs.ts";
import type { ChunkEnd } from "../../core/job/run-chunk.ts";
import type { Feed } from "../../core/ports.ts";
import { type JobQueue, jobLockMs } from "../nats/job-queue.ts";

/** What jobs are run with. `onError` hears of what is tried again. */
export type JobRunnerOptions = {
  readonly jobs: Pick<Jobs, "advanceDue" | "runChunk">;
  readonly queue: JobQueue;
  /** Tells of new jobs, which may be due at once. */
  readonly feed: Feed;
  readonly onError: (error: unknown) => void;
};

/** How late it may be found that a job's time has come, or is over, in milliseconds. */
const sweepIntervalMs = 1_000;

/** Chunks that a node works on at once. */
const chunksAtOnce = 8;

/** A chunk's lock is made longer this often: two of these may get lost. */
const extendIntervalMs = jobLockMs / 3;

const retryDelayMs = 1_000;

/** How long a node that stops waits for what it has begun. */
const graceMs = 5_000;

/**
 * Runs jobs on this node: looks every second, and when a job is created, for what is due, and works on chunks. Every node does both. Disposing it begins
 * nothing more, waits a little for what is under way, and hands back what is left, which any other node then goes on with.
 */
export function runJobs({ jobs, queue, feed, onError }: JobRunnerOptions): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const sweeps = new Set<Promise<void>>();
  const sweep = (): void => {
    const under = jobs.advanceDue(signal).finally(() => sweeps.delete(under));
    sweeps.add(under);
  };
  const leave = new Set<() => void>();
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await workOnce({ jobs, queue, leave }, signal);
      } catch (error) {
        onError(error);
        await delay(retryDelayMs, undefined, { signal }).catch(() => {});
      }
    }
  };
  const workers = Array.from({ length: chunksAtOnce }, () => work());
  const timer = setInterval(sweep, sweepIntervalMs).unref();
  const stopHearing = feed(({ event }) => {
    if (event.type === "JobCreated") sweep();
  });
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stopHearing();
      stopping.abort();
      const grace = setTimeout(() => {
        for (const leaveChunk of leave) leaveChunk();
      }, graceMs);
      await Promise.all([...workers, ...sweeps]);
      clearTimeout(grace);
    },
  };
}

type WorkOptions = Pick<JobRunnerOptions, "jobs" | "queue"> & {
  /** What to call so that chunks are left as they are, one for each that is worked on. */
  readonly leave: Set<() => void>;
};

/** Takes a chunk and works on it as far as this node may. */
async function workOnce({ jobs, queue, leave }: WorkOptions, stop: AbortSignal): Promise<void> {
  const batch = await queue.receive(stop);
  const [chunk] = batch?.records ?? [];
  if (batch === undefined || chunk === undefined) return;
  const extending = setInterval(() => batch.extend(), extendIntervalMs);
  const left = Promise.withResolvers<ChunkEnd>();
  const leaveChunk = (): void => left.resolve("handBack");
  leave.add(leaveChunk);
  try {
    const end = await Promise.race([jobs.runChunk(chunk, stop), left.promise]);
    if (end === "done") await batch.complete();
    if (end === "handBack") batch.abandon();
  } finally {
    leave.delete(leaveChunk);
    clearInterval(extending);
  }
}
