import type { IdentityKey } from "../core/events.ts";
import { type CommandQueues, createCommandQueues } from "./command-queues.ts";
import { type Connections, createConnections } from "./connections.ts";
import { type ConsumerGroups, createConsumerGroups } from "./consumer-groups.ts";
import { createHistory } from "./history.ts";
import { createIdentities, type Identities, type IdentityChange } from "./identities.ts";
import { createPolicies, type Policies } from "./policies.ts";
import { createStatistics } from "./statistics.ts";
import type { Store } from "./store.ts";
import { createTwins, type Twins } from "./twins.ts";
import type { ViewedEvent } from "./viewed-event.ts";

/** All views together, as the projector drives them within its transaction. */
export type Views = {
  /** Takes one event in. Rows may be held back until `flush`. */
  apply(event: ViewedEvent): void;
  /** Writes everything held back. */
  flush(): void;
  /** Forgets everything held in memory, after a transaction that failed. */
  clear(): void;
  readonly read: {
    readonly device: Identities["readDevice"];
    readonly module: Identities["readModule"];
    readonly twin: Twins["read"];
    readonly connection: Connections["read"];
    readonly commandQueue: CommandQueues["read"];
    readonly policies: Policies["read"];
    readonly consumerGroups: ConsumerGroups["read"];
  };
};

/** How much each table keeps in memory while the hub runs, in bytes: the rows of about 32,000 devices. */
export const liveCacheBudget = 32_000_000;

/** Makes the views over a store. `cacheBudget` bounds what each table keeps in memory, roughly in bytes. */
export function createViews(store: Store, cacheBudget: number): Views {
  const statistics = createStatistics(store);
  const identities = createIdentities(store, { cacheBudget, deviceChanged: statistics.deviceChanged });
  const twins = createTwins(store, cacheBudget);
  const connections = createConnections(store, {
    cacheBudget,
    generationOf: identities.generationOf,
    deviceConnectionChanged: statistics.connectionChanged,
  });
  const commandQueues = createCommandQueues(store, { cacheBudget, generationOf: identities.generationOf });
  const history = createHistory(store);
  const policies = createPolicies(store);
  const consumerGroups = createConsumerGroups(store);
  const parts = { identities, twins, connections, commandQueues, policies, consumerGroups };
  // Counts come last: they are made of the rows that the others write.
  const writers = [history, identities, twins, connections, commandQueues, statistics];
  return {
    apply(event) {
      project(parts, event);
      history.record(event);
    },
    flush() {
      for (const writer of writers) writer.flush();
    },
    clear() {
      for (const writer of [...writers, policies, consumerGroups]) writer.clear();
    },
    read: {
      device: identities.readDevice,
      module: identities.readModule,
      twin: twins.read,
      connection: connections.read,
      commandQueue: commandQueues.read,
      policies: policies.read,
      consumerGroups: consumerGroups.read,
    },
  };
}

type Parts = {
  readonly identities: Identities;
  readonly twins: Twins;
  readonly connections: Connections;
  readonly commandQueues: CommandQueues;
  readonly policies: Policies;
  readonly consumerGroups: ConsumerGroups;
};

/** Hands an event to the view that it concerns. */
function project(parts: Parts, { event, key, sequence }: ViewedEvent): void {
  switch (event.type) {
    case "SharedAccessPoliciesSet":
      parts.policies.policies(event, sequence);
      break;
    case "ConsumerGroupCreated":
    case "ConsumerGroupDeleted":
      parts.consumerGroups.consumerGroup(event, sequence);
      break;
    case "DeviceCreated":
    case "DeviceUpdated":
    case "DeviceDeleted":
      spread(parts, parts.identities.device(event, sequence));
      break;
    case "ModuleCreated":
    case "ModuleUpdated":
    case "ModuleDeleted":
      spread(parts, parts.identities.module(event, sequence));
      break;
    case "TwinUpdated":
    case "TwinReplaced":
    case "TwinReportedPatched":
      parts.twins.twin(identityOf(key), event, sequence);
      break;
    case "DeviceConnected":
    case "DeviceDisconnected":
    case "SubscriptionsChanged":
      parts.connections.connection(identityOf(key), event);
      break;
    case "CommandEnqueued":
    case "CommandDelivered":
    case "CommandCompleted":
    case "CommandAbandoned":
    case "CommandRejected":
    case "CommandExpired":
    case "CommandDeadLettered":
    case "CommandsPurged":
      parts.commandQueues.command(key.id, event, sequence);
      break;
    // A call is over with its answer: only the history keeps it.
    case "MethodCalled":
    case "MethodDelivered":
    case "MethodAnswered":
    case "MethodFailed":
      break;
  }
}

/** Lets the birth or end of identities reach what hangs on them. */
function spread({ twins, connections, commandQueues }: Parts, changes: readonly IdentityChange[]): void {
  for (const change of changes) {
    twins.identityChanged(change);
    connections.identityChanged(change);
    commandQueues.identityChanged(change);
  }
}

const identityOf = ({ id, moduleId }: ViewedEvent["key"]): IdentityKey =>
  moduleId === undefined ? { deviceId: id } : { deviceId: id, moduleId };
