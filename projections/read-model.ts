import type { ReadModel } from "../core/ports.ts";
import { readDueQueues } from "./command-queues.ts";
import { readConnectionsOf } from "./connections.ts";
import { readDevices } from "./devices.ts";
import { readHistory } from "./history.ts";
import { readModules } from "./modules.ts";
import type { Projector } from "./projector.ts";
import { readStatistics } from "./statistics.ts";
import type { Store } from "./store.ts";

/** The views of a store, read as core asks for them. All reads are synchronous and see the last batch applied. */
export function createReadModel(store: Store, projector: Projector): ReadModel {
  return {
    ...projector.read,
    devices: (limit) => readDevices(store, limit),
    modules: (deviceId) => readModules(store, deviceId),
    devicesWithDueCommands: (now, limit) => readDueQueues(store, now, limit),
    connectionsOf: (nodeId) => readConnectionsOf(store, nodeId),
    statistics: () => readStatistics(store),
    history: (filter) => readHistory(store, filter),
    appliedSequence: () => projector.appliedSequence(),
    applied: (sequence) => projector.applied(sequence),
  };
}
