import type { Feed, ReadModel } from "../ports.ts";
import { isOver, type Job } from "./job.ts";

/** Tells who works for a job when it is over. */
export type JobEnds = {
  /** `signal` is aborted when the job is over, at once when it is already. Disposing it ends the watch. */
  watch(job: Job): { readonly signal: AbortSignal } & Disposable;
};

/** Makes the watch over the jobs of a node. */
export function createJobEnds(feed: Feed, readModel: Pick<ReadModel, "job">): JobEnds {
  const watches = new Map<string, Set<AbortController>>();
  feed(({ event }) => {
    if (event.type !== "JobCancelled" && event.type !== "JobFailed") return;
    for (const watch of watches.get(event.data.jobId) ?? []) watch.abort();
  });
  return {
    watch({ jobId }) {
      const watch = new AbortController();
      const sameJob = watches.get(jobId) ?? new Set();
      watches.set(jobId, sameJob.add(watch));
      const job = readModel.job(jobId)?.value;
      if (job === undefined || isOver(job)) watch.abort();
      return {
        signal: watch.signal,
        [Symbol.dispose]() {
          sameJob.delete(watch);
          if (sameJob.size === 0) watches.delete(jobId);
        },
      };
    },
  };
}
