import type { Hub } from "../../core/hub/hub.ts";
import type { Feed } from "../../core/ports.ts";
import { expireDue } from "./expire-due.ts";
import type { OpenJournal } from "./open-journal.ts";
import { runConfigurations } from "./run-configurations.ts";
import { runRegistryJobs } from "./run-registry-jobs.ts";

/** What the hub's own work needs. */
export type BackgroundOptions = {
  readonly hub: Hub;
  readonly store: Pick<OpenJournal, "contend">;
  readonly feed: Feed;
  readonly nodeId: string;
  readonly configurationIntervalMs: number;
  readonly onError: (error: unknown) => void;
};

/**
 * Does what falls due without anybody's asking: what expires, on every node; configurations, and imports and exports, on the
 * one node that holds the lease for it.
 */
export function runBackground(options: BackgroundOptions): AsyncDisposable {
  const { hub, store, feed, nodeId, configurationIntervalMs: intervalMs, onError } = options;
  const { configurations, registryJobs } = hub;
  const running = new AsyncDisposableStack();
  for (const area of [hub.commands, hub.fileUploads]) running.use(expireDue(area, onError));
  const passes = runConfigurations({ configurations, feed, intervalMs, onError });
  running.use(store.contend({ name: "configurations", holder: nodeId, whileHeld: passes }));
  const transfers = runRegistryJobs({ registryJobs, feed, onError });
  running.use(store.contend({ name: "registry-jobs", holder: nodeId, whileHeld: transfers }));
  return running;
}
