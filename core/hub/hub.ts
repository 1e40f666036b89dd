import type { DeviceAccess, EventsAccess, ServiceAccess } from "../access/access.ts";
import { createDeviceAccess } from "../access/authenticate-device.ts";
import { createEventsAccess } from "../access/authorize-events.ts";
import { createServiceAccess } from "../access/authorize-service.ts";
import { type Commands, createCommands } from "../cloud-to-device/commands.ts";
import type { FeedbackQueue } from "../cloud-to-device/feedback.ts";
import { type Configurations, createConfigurations } from "../configuration/configurations.ts";
import { createDeviceConnections, type DeviceConnections } from "../connection/device-connections.ts";
import { followLive } from "../connection/live-feed.ts";
import { createSessions, type Sessions } from "../connection/sessions.ts";
import { type ConsumerGroups, createConsumerGroups } from "../consumer-group/consumer-groups.ts";
import { createFaults } from "../device-to-cloud/faults.ts";
import { deviceAccessWithFaults, telemetryWithFaults } from "../device-to-cloud/inject-faults.ts";
import { createTelemetry, type Telemetry } from "../device-to-cloud/telemetry.ts";
import type { Blobs } from "../file-upload/blobs.ts";
import { createFileUploads, type FileUploads } from "../file-upload/file-uploads.ts";
import type { FileNotificationQueue } from "../file-upload/notification.ts";
import { createHistoryReader, type HistoryReader } from "../history/history.ts";
import { createPastTwins, type PastTwins } from "../history/past-twins.ts";
import { createRegistry } from "../identity/create-registry.ts";
import type { Registry } from "../identity/registry.ts";
import { createJobs, type Jobs } from "../job/jobs.ts";
import { createMethods, type Methods } from "../method/methods.ts";
import type {
  Clock,
  Feed,
  Ids,
  Journal,
  Live,
  ReadModel,
  Secrets,
  Statistics,
  TelemetryHistory,
  TelemetryLog,
} from "../ports.ts";
import type { Queries } from "../queries.ts";
import type { NodeIndex } from "../query-index/query-index.ts";
import { createQueryIndexes, type QueryIndexes } from "../query-index/query-indexes.ts";
import type { CallerContainers } from "../registry-job/caller-containers.ts";
import { createRegistryJobs, type RegistryJobs } from "../registry-job/registry-jobs.ts";
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
  readonly fileUploads: FileUploads;
  readonly fileNotifications: FileNotificationQueue;
  readonly telemetry: Telemetry;
  readonly consumerGroups: ConsumerGroups;
  readonly methods: Methods;
  readonly jobs: Jobs;
  readonly configurations: Configurations;
  readonly registryJobs: RegistryJobs;
  readonly queries: Queries;
  readonly queryIndexes: QueryIndexes;
  readonly history: HistoryReader;
  readonly pastTwins: PastTwins;
  readonly sessions: Sessions;
  statistics(): Statistics;
};

/** What a hub is built from. `hostNames` are the names by which clients may call this hub. */
export type HubDeps = {
  readonly journal: Journal;
  readonly telemetryLog: TelemetryLog;
  readonly telemetryHistory: TelemetryHistory;
  readonly live: Live;
  readonly feedbackQueue: FeedbackQueue;
  readonly blobs: Blobs;
  readonly containers: CallerContainers;
  readonly fileNotificationQueue: FileNotificationQueue;
  readonly readModel: ReadModel;
  readonly queries: Queries;
  /** The indexes for queries in the views of this node. */
  readonly nodeIndexes: () => readonly NodeIndex[];
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
  const { readModel, feed, nodeId, onError } = deps;
  const sessions = createSessions();
  const connections = createDeviceConnections({ ...deps, sessions });
  const twins = createTwins(deps);
  const registry = createRegistry({ ...deps, replaceTwin: (write) => twins.replace(write) });
  followLive({ feed, sessions, connections, nodeId, onError });
  const methods = createMethods(deps);
  const configurations = createConfigurations({ ...deps, registry, twins });
  const deviceAccess = createDeviceAccess(deps);
  const telemetry = createTelemetry(deps.telemetryLog);
  const injection = deps.faultInjection === true ? { faults: createFaults(), clock: deps.clock } : undefined;
  return {
    serviceAccess: createServiceAccess(deps),
    deviceAccess: injection === undefined ? deviceAccess : deviceAccessWithFaults(deviceAccess, injection),
    eventsAccess: createEventsAccess(deps),
    registry,
    twins,
    connections,
    commands: createCommands(deps),
    feedback: deps.feedbackQueue,
    fileUploads: createFileUploads(deps),
    fileNotifications: deps.fileNotificationQueue,
    telemetry: injection === undefined ? telemetry : telemetryWithFaults(telemetry, injection),
    consumerGroups: createConsumerGroups(deps),
    methods,
    jobs: createJobs({ ...deps, twins, methods }),
    configurations,
    registryJobs: createRegistryJobs({ ...deps, registry, configurations }),
    queries: deps.queries,
    queryIndexes: createQueryIndexes(deps),
    history: createHistoryReader(deps),
    pastTwins: createPastTwins({ ...deps, twins }),
    sessions,
    statistics: () => readModel.statistics(),
  };
}
