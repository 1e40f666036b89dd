import { setTimeout as delay } from "node:timers/promises";
import type { Feed } from "../../core/ports.ts";
import type { RegistryJobs } from "../../core/registry-job/registry-jobs.ts";

/** What imports and exports are run with. */
export type RunRegistryJobsOptions = {
  readonly registryJobs: Pick<RegistryJobs, "runOpen">;
  readonly feed: Feed;
  readonly onError: (error: unknown) => void;
};

/** After a try that failed, such as while the journal was out of reach, the next one comes soon. */
const retryMs = 5_000;

/**
 * Makes the loop that works on imports and exports of devices as they are created. One node runs it at a time; it ends with
 * `signal`, and what it leaves is taken over by the next one.
 */
export function runRegistryJobs(options: RunRegistryJobsOptions): (signal: AbortSignal) => Promise<void> {
  const { registryJobs, feed, onError } = options;
  return async (signal) => {
    let created = new AbortController();
    const stop = feed(({ event: { type } }) => {
      if (type === "RegistryJobCreated") created.abort();
    });
    try {
      while (!signal.aborted) {
        // What is created from here on is for the next round.
        created = new AbortController();
        const isDone = await registryJobs.runOpen(signal).then(
          () => true,
          (error: unknown) => onError(error),
        );
        const waited = AbortSignal.any([signal, created.signal]);
        if (isDone === true) await aborted(waited);
        else await delay(retryMs, undefined, { signal: waited }).catch(() => {});
      }
    } finally {
      stop();
    }
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
