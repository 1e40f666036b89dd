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
import { createFirstDevice, describeHub } from "./describe-hub.ts";
import { expireCommands } from "./expire-commands.ts";
import { openListeners, type Ports } from "./listeners.ts";
import { nodeIdOf, openDataFolder } from "./node-folder.ts";
import { openJournal } from "./open-journal.ts";
import { openTls } from "./open-tls.ts";
import { openViews } from "./open-views.ts";
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
  const secrets = createSecrets(loadMasterKey({ file: folders.masterKey, fromEnvironment: settings.masterKey }));

  const store = starting.use(await openJournal({ settings, folder: folders.nats, log }));
  const views = starting.use(await openViews({ file: folders.views, journal: store.journal, log }));
  const { readModel, feed } = views;
  const tls = starting.use(await openTls({ settings, folder: folders.tls, log }));

  const onError = (err: unknown) => log.error({ err }, "background work failed");
  const ports = {
    journal: store.journal,
    telemetryLog: store.telemetryLog,
    live: store.live,
    feedbackQueue: store.feedbackQueue(readModel),
    readModel,
    feed,
    clock,
    ids: systemIds,
    secrets,
  };
  const { faultInjection } = settings;
  if (faultInjection) log.warn("fault injection is on: any device can break its own connection and its own telemetry");
  const hub = createHub({ ...ports, nodeId, hostNames: tls.hostNames, faultInjection, onError });
  if (await ensurePolicies({ ...ports, nodeId })) await createFirstDevice({ hub, nodeId });
  await createConsumerGroups(hub, settings.consumerGroups, nodeId);
  await hub.connections.closeLeftovers();
  starting.use(expireCommands(hub.commands, onError));

  const readiness = () => (store.connected() ? views.readiness() : { ready: false, reason: "NATS is out of reach" });
  const eventHubs = createEventHubsEndpoint({
    hub,
    entity: settings.hub,
    log: store.partitionLog,
    clock,
    groupExists: (name) => hub.consumerGroups.exists(name),
  });
  starting.defer(() => eventHubs.close());
  const { attach } = eventHubs;
  const listeners = starting.use(await openListeners({ settings, hub, tls, clock, log, readiness, eventHubs: attach }));
  const environment = describeHub({ settings, hub, readModel, secrets, tls, ports: listeners.ports, nats: store.nats });
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
