import type { DeviceAccess, ServiceAccess } from "../access/access.ts";
import { createDeviceAccess } from "../access/authenticate-device.ts";
import { createServiceAccess } from "../access/authorize-service.ts";
import { createDeviceConnections, type DeviceConnections } from "../connection/device-connections.ts";
import { followLive } from "../connection/live-feed.ts";
import { createSessions, type Sessions } from "../connection/sessions.ts";
import { createTelemetry, type Telemetry } from "../device-to-cloud/telemetry.ts";
import { createHistoryReader, type HistoryReader } from "../history/history.ts";
import { createRegistry } from "../identity/create-registry.ts";
import type { Registry } from "../identity/registry.ts";
import type { Clock, Feed, Ids, Journal, ReadModel, Secrets, Statistics, TelemetryLog } from "../ports.ts";
import { createTwins, type Twins } from "../twin/twins.ts";

/** Everything an adapter may ask of the hub. Each member is one area's use cases. */
export type Hub = {
  readonly serviceAccess: ServiceAccess;
  readonly deviceAccess: DeviceAccess;
  readonly registry: Registry;
  readonly twins: Twins;
  readonly connections: DeviceConnections;
  readonly telemetry: Telemetry;
  readonly history: HistoryReader;
  readonly sessions: Sessions;
  statistics(): Statistics;
};

/** What a hub is built from. `hostNames` are the names by which clients may call this hub. */
export type HubDeps = {
  readonly journal: Journal;
  readonly telemetryLog: TelemetryLog;
  readonly readModel: ReadModel;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly nodeId: string;
  readonly hostNames: readonly string[];
  /** Hears of failures that no caller waits for. */
  readonly onError: (error: unknown) => void;
};

/** Builds the use cases from the ports and lets the live feed act on this node's connections. */
export function createHub(deps: HubDeps): Hub {
  const { journal, readModel, feed, nodeId, onError } = deps;
  const sessions = createSessions();
  const connections = createDeviceConnections({ ...deps, sessions });
  const twins = createTwins(deps);
  followLive({ feed, sessions, connections, nodeId, onError });
  return {
    serviceAccess: createServiceAccess(deps),
    deviceAccess: createDeviceAccess(deps),
    registry: createRegistry({ ...deps, replaceTwin: (write) => twins.replace(write) }),
    twins,
    connections,
    telemetry: createTelemetry(deps.telemetryLog),
    history: createHistoryReader(readModel, journal),
    sessions,
    statistics: () => readModel.statistics(),
  };
}
