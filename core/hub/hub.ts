import type { DeviceAccess, EventsAccess, ServiceAccess } from "../access/access.ts";
import { createDeviceAccess } from "../access/authenticate-device.ts";
import { createEventsAccess } from "../access/authorize-events.ts";
import { createServiceAccess } from "../access/authorize-service.ts";
import { type Commands, createCommands } from "../cloud-to-device/commands.ts";
import type { FeedbackQueue } from "../cloud-to-device/feedback.ts";
import { createDeviceConnections, type DeviceConnections } from "../connection/device-connections.ts";
import { followLive } from "../connection/live-feed.ts";
import { createSessions, type Sessions } from "../connection/sessions.ts";
import { type ConsumerGroups, createConsumerGroups } from "../consumer-group/consumer-groups.ts";
import { createFaults } from "../device-to-cloud/faults.ts";
import { deviceAccessWithFaults, telemetryWithFaults } from "../device-to-cloud/inject-faults.ts";
import { createTelemetry, type Telemetry } from "../device-to-cloud/telemetry.ts";
import { createHistoryReader, type HistoryReader } from "../history/history.ts";
import { createRegistry } from "../identity/create-registry.ts";
import type { Registry } from "../identity/registry.ts";
import { createMethods, type Methods } from "../method/methods.ts";
import type { Clock, Feed, Ids, Journal, Live, ReadModel, Secrets, Statistics, TelemetryLog } from "../ports.ts";
import { createTwins, type Twins } from "../twin/twins.ts";

/** Everything an adapter may ask of the hub. Each member is one area's use cases. */
export type Hub = {
  readonly serviceAccess: ServiceAccess;
  readonly deviceAccess: DeviceAccess;
  readonly eventsAccess: EventsAccess;
  readonly registry: Registry;
  readonly twins: Twins;
  readonly connections: DeviceConnections;
  readonly commands: Commands;
  readonly feedback: FeedbackQueue;
  readonly telemetry: Telemetry;
  readonly consumerGroups: ConsumerGroups;
  readonly methods: Methods;
  readonly history: HistoryReader;
  readonly sessions: Sessions;
  statistics(): Statistics;
};

/** What a hub is built from. `hostNames` are the names by which clients may call this hub. */
export type HubDeps = {
  readonly journal: Journal;
  readonly telemetryLog: TelemetryLog;
  readonly live: Live;
  readonly feedbackQueue: FeedbackQueue;
  readonly readModel: ReadModel;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly nodeId: string;
  readonly hostNames: readonly string[];
  /** Whether devices may break their own connections and telemetry by properties of their messages. */
  readonly faultInjection?: boolean;
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
  const deviceAccess = createDeviceAccess(deps);
  const telemetry = createTelemetry(deps.telemetryLog);
  const injection = deps.faultInjection === true ? { faults: createFaults(), clock: deps.clock } : undefined;
  return {
    serviceAccess: createServiceAccess(deps),
    deviceAccess: injection === undefined ? deviceAccess : deviceAccessWithFaults(deviceAccess, injection),
    eventsAccess: createEventsAccess(deps),
    registry: createRegistry({ ...deps, replaceTwin: (write) => twins.replace(write) }),
    twins,
    connections,
    commands: createCommands(deps),
    feedback: deps.feedbackQueue,
    telemetry: injection === undefined ? telemetry : telemetryWithFaults(telemetry, injection),
    consumerGroups: createConsumerGroups(deps),
    methods: createMethods(deps),
    history: createHistoryReader(readModel, journal),
    sessions,
    statistics: () => readModel.statistics(),
  };
}
