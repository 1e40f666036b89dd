import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Logger } from "pino";
import { ensurePolicies } from "../../core/access/bootstrap.ts";
import { createHub, type Hub } from "../../core/hub/hub.ts";
import { createEventHubsEndpoint } from "../event-hubs/endpoint.ts";
import { lockDataFolder } from "../nats/data-folder-lock.ts";
import { loadMasterKey } from "../secrets/master-key.ts";
import { createSecrets } from "../secrets/secrets.ts";
import { hubVariables, writeHubEnv } from "../settings/hub-env.ts";
import type { Settings } from "../settings/schema.ts";
import { createCallerContainers } from "../storage/caller-containers.ts";
import { createFirstDevice, describeHub } from "./describe-hub.ts";
import { openListeners, type Ports } from "./listeners.ts";
import { nodeIdOf, openDataFolder } from "./node-folder.ts";
import { openJournal } from "./open-journal.ts";
import { openStorage } from "./open-storage.ts";
import { openTls } from "./open-tls.ts";
import { openViews } from "./open-views.ts";
import { runBackground } from "./run-background.ts";
import { runJobs } from "./run-jobs.ts";
import { serveQueries } from "./serve-queries.ts";
import { systemClock, systemIds } from "./system.ts";

/** A running hub node. Disposing it ends its connections, records their ends and stops what it started. */
export type HubNode = {
  readonly hub: Hub;
  readonly ports: Ports;
  /** What `hub.env` holds. */
  readonly variables: ReadonlyMap<string, string>;
  /** Which durability promise holds, in words. */
  readonly durability: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts a hub node from its settings: data folder, NATS, journal, views, use cases, listeners, in this order. Throws
 * with a message for the operator when one of them can't be had; what was started before is stopped again.
 */
export async function startHubNode(settings: Settings, log: Logger): Promise<HubNode> {
  await using starting = new AsyncDisposableStack();
  const dataFolder = resolve(settings.data);
  const folders = openDataFolder(dataFolder);
  starting.use(await lockDataFolder(dataFolder));
  const clock = systemClock();
  const nodeId = nodeIdOf(dataFolder);
  const masterKey = loadMasterKey({ file: folders.masterKey, fromEnvironment: settings.masterKey });
  const secrets = createSecrets(masterKey);

  const store = starting.use(await openJournal({ settings, folder: folders.nats, log }));
  const views = starting.use(await openViews({ file: folders.views, journal: store.journal, log }));
  const { readModel, feed } = views;
  const tls = starting.use(await openTls({ settings, folder: folders.tls, log }));
  const storage = starting.use(await openStorage({ settings, folder: folders.storage, tls, clock, log }));

  const { strictQueries: strict, faultInjection } = settings;
  const serving = starting.use(serveQueries({ file: folders.views, views, masterKey, strict, clock, log }));

  const onError = (err: unknown) => log.error({ err }, "background work failed");
  const ports = {
    journal: store.journal,
    telemetryLog: store.telemetryLog,
    telemetryHistory: store.telemetryHistory,
    live: store.live,
    feedbackQueue: store.feedbackQueue(readModel),
    fileNotificationQueue: store.fileNotificationQueue,
    blobs: storage.blobs,
    containers: createCallerContainers({ caPem: tls.caFile && readFileSync(tls.caFile, "utf8"), log }),
    readModel,
    queries: serving.queries,
    nodeIndexes: serving.nodeIndexes,
    feed,
    clock,
    ids: systemIds,
    secrets,
  };
  if (faultInjection) log.warn("fault injection is on: any device can break its own connection and its own telemetry");
  const hub = createHub({ ...ports, nodeId, hostNames: tls.hostNames, faultInjection, onError });
  if (await ensurePolicies({ ...ports, nodeId })) await createFirstDevice({ hub, nodeId });
  await createConsumerGroups(hub, settings.consumerGroups, nodeId);
  await hub.connections.closeLeftovers();
  const configurationIntervalMs = settings.configurationIntervalSeconds * 1000;
  starting.use(runBackground({ hub, store, feed, nodeId, configurationIntervalMs, onError }));

  const readiness = () => (store.connected() ? views.readiness() : { ready: false, reason: "NATS is out of reach" });
  const groupExists = (name: string) => hub.consumerGroups.exists(name);
  const endpoint = { hub, entity: settings.hub, log: store.partitionLog, clock, groupExists };
  const eventHubs = createEventHubsEndpoint(endpoint);
  starting.defer(() => eventHubs.close());
  const { attach } = eventHubs;
  const listeners = starting.use(await openListeners({ settings, hub, tls, clock, log, readiness, eventHubs: attach }));
  // It ends first of all, so that what jobs have begun finds its devices connected.
  starting.use(runJobs({ jobs: hub.jobs, queue: store.jobQueue, feed, onError }));
  const environment = describeHub({ ...ports, settings, hub, tls, storage, nats: store.nats, ports: listeners.ports });
  writeHubEnv(dataFolder, environment);

  const running = starting.move();
  return {
    hub,
    ports: listeners.ports,
    variables: hubVariables(environment),
    durability: store.durability,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Creates the groups that the settings name, where they are not there; other groups stay. */
async function createConsumerGroups(hub: Hub, names: readonly string[], nodeId: string): Promise<void> {
  const context = { actor: { kind: "hub", nodeId }, correlationId: nodeId } as const;
  // One after the other: they are all one aggregate, whose writers would only wait for each other.
  for (const name of names) await hub.consumerGroups.create({ ...context, name });
}
