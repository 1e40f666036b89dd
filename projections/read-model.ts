import type { ReadModel } from "../core/ports.ts";
import { readDueQueues } from "./command-queues.ts";
import { readConfiguredTwins } from "./configured-twins.ts";
import { readConnectionsOf } from "./connections.ts";
import { readCorrelated } from "./correlations.ts";
import { readDevices } from "./devices.ts";
import { readDueUploads } from "./file-uploads.ts";
import { readDueJobs, readJobs } from "./jobs.ts";
import { readModules } from "./modules.ts";
import type { Projector } from "./projector.ts";
import { countHistory, readHistory } from "./read-history.ts";
import { readStatistics } from "./statistics.ts";
import type { Store } from "./store.ts";
import { readTwinSnapshot } from "./twin-snapshots.ts";

/** The views of a store, read as core asks for them. All reads are synchronous and see the last batch applied. */
export function createReadModel(store: Store, projector: Projector): ReadModel {
  return {
    ...projector.read,
    devices: (limit, after) => readDevices(store, limit, after),
    modules: (deviceId) => readModules(store, deviceId),
    devicesWithDueCommands: (now, limit) => readDueQueues(store, now, limit),
    devicesWithDueUploads: (now, limit) => readDueUploads(store, now, limit),
    jobs: (filter) => readJobs(store, filter),
    dueJobs: (now, limit) => readDueJobs(store, now, limit),
    connectionsOf: (nodeId) => readConnectionsOf(store, nodeId),
    configuredTwins: (window) => readConfiguredTwins(store, window),
    statistics: () => readStatistics(store),
    history: (filter) => readHistory(store, filter),
    historyCount: (filter) => countHistory(store, filter),
    correlated: (correlationId, window) => readCorrelated(store, correlationId, window),
    twinSnapshot: (key, limit) => readTwinSnapshot(store, key, limit),
    appliedSequence: () => projector.appliedSequence(),
    applied: (sequence) => projector.applied(sequence),
  };
}
