import { setTimeout as delay } from "node:timers/promises";
import type { Configurations } from "../../core/configuration/configurations.ts";
import type { Feed } from "../../core/ports.ts";

/** What the passes are run with. */
export type RunConfigurationsOptions = {
  readonly configurations: Pick<Configurations, "pass">;
  readonly feed: Feed;
  /** From the end of one pass to the next, in milliseconds. */
  readonly intervalMs: number;
  readonly onError: (error: unknown) => void;
};

/** Changes that come together, as from a script, are one pass's. */
const settleMs = 500;

/** After a pass that failed the next one comes soon. */
const retryMs = 10_000;

/**
 * Makes the loop that runs the passes of automatic configurations: at once, soon after a configuration changed, and at the
 * interval. One node runs it at a time; it ends with `signal`.
 */
export function runConfigurations(options: RunConfigurationsOptions): (signal: AbortSignal) => Promise<void> {
  const { configurations, feed, intervalMs, onError } = options;
  return async (signal) => {
    let changed = new AbortController();
    const stop = feed(({ event: { type } }) => {
      if (changes.has(type)) changed.abort();
    });
    try {
      while (!signal.aborted) {
        // What changes from here on is for the next pass.
        changed = new AbortController();
        const isDone = await configurations.pass(signal).then(
          () => true,
          (error: unknown) => onError(error),
        );
        const waitMs = isDone === true ? intervalMs : Math.min(retryMs, intervalMs);
        await pause(waitMs, AbortSignal.any([signal, changed.signal]));
        if (changed.signal.aborted) await pause(settleMs, signal);
      }
    } finally {
      stop();
    }
  };
}

const changes: ReadonlySet<string> = new Set(["ConfigurationCreated", "ConfigurationUpdated", "ConfigurationDeleted"]);

/** Waits, but not beyond `signal`. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => delay(ms, undefined, { signal }).catch(() => {});
