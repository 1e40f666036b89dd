import { type CommandQueues, createCommandQueues } from "./command-queues.ts";
import { type Configurations, createConfigurations } from "./configurations.ts";
import { type Connections, createConnections } from "./connections.ts";
import { type ConsumerGroups, createConsumerGroups } from "./consumer-groups.ts";
import { createCorrelations } from "./correlations.ts";
import { createFileUploadsView, type FileUploadsView } from "./file-uploads.ts";
import { createHistory } from "./history.ts";
import { createIdentities, type Identities } from "./identities.ts";
import { createJobs, type Jobs } from "./jobs.ts";
import { createPolicies, type Policies } from "./policies.ts";
import { project, type ViewParts } from "./project.ts";
import { createQueryIndexList, type QueryIndexList } from "./query-index-list.ts";
import { createRegistryJobsView, type RegistryJobsView } from "./registry-jobs.ts";
import { createStatistics, type StatisticsView } from "./statistics.ts";
import type { Store } from "./store.ts";
import { createTwinSnapshots } from "./twin-snapshots.ts";
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
    readonly fileUploads: FileUploadsView["read"];
    readonly job: Jobs["read"];
    readonly jobChunk: Jobs["readChunk"];
    readonly policies: Policies["read"];
    readonly consumerGroups: ConsumerGroups["read"];
    readonly queryIndexes: QueryIndexList["read"];
    readonly configuration: Configurations["read"];
    readonly configurations: Configurations["readAll"];
    readonly registryJobs: RegistryJobsView["read"];
  };
};

/** How much each table keeps in memory while the hub runs, in bytes: the rows of about 32,000 devices. */
export const liveCacheBudget = 32_000_000;

/** Makes the views over a store. `cacheBudget` bounds what each table keeps in memory, roughly in bytes. */
export function createViews(store: Store, cacheBudget: number): Views {
  const statistics = createStatistics(store);
  const parts = createParts(store, cacheBudget, statistics);
  const { identities, twins, twinSnapshots, connections, commandQueues, fileUploads, jobs } = parts;
  const { policies, consumerGroups, queryIndexes, configurations, registryJobs } = parts;
  const history = createHistory(store);
  const correlations = createCorrelations(store);
  const past = [history, correlations, twinSnapshots];
  // Counts come last: they are made of the rows that the others write.
  const writers = [...past, identities, twins, connections, commandQueues, fileUploads, jobs, statistics];
  return {
    apply(event) {
      project(parts, event);
      history.record(event);
      correlations.record(event);
    },
    flush() {
      for (const writer of writers) writer.flush();
    },
    clear() {
      for (const writer of [...writers, policies, consumerGroups, configurations, registryJobs]) writer.clear();
    },
    read: {
      device: identities.readDevice,
      module: identities.readModule,
      twin: twins.read,
      connection: connections.read,
      commandQueue: commandQueues.read,
      fileUploads: fileUploads.read,
      job: jobs.read,
      jobChunk: jobs.readChunk,
      policies: policies.read,
      consumerGroups: consumerGroups.read,
      queryIndexes: queryIndexes.read,
      configuration: configurations.read,
      configurations: configurations.readAll,
      registryJobs: registryJobs.read,
    },
  };
}

function createParts(store: Store, cacheBudget: number, statistics: StatisticsView): ViewParts {
  const identities = createIdentities(store, { cacheBudget, deviceChanged: statistics.deviceChanged });
  const { generationOf } = identities;
  const deviceConnectionChanged = statistics.connectionChanged;
  return {
    identities,
    twins: createTwins(store, cacheBudget),
    twinSnapshots: createTwinSnapshots(store),
    connections: createConnections(store, { cacheBudget, generationOf, deviceConnectionChanged }),
    commandQueues: createCommandQueues(store, { cacheBudget, generationOf }),
    fileUploads: createFileUploadsView(store, { cacheBudget, generationOf }),
    jobs: createJobs(store, cacheBudget),
    policies: createPolicies(store),
    consumerGroups: createConsumerGroups(store),
    queryIndexes: createQueryIndexList(store),
    configurations: createConfigurations(store),
    registryJobs: createRegistryJobsView(store),
  };
}
