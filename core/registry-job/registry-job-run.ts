import type { Configurations } from "../configuration/configurations.ts";
import type { Registry } from "../identity/registry.ts";
import type { Clock, Feed, Ids, Journal, ReadModel, Secrets } from "../ports.ts";
import type { CallerContainers } from "./caller-containers.ts";
import type { ImportPlace, RegistryJob, RegistryJobCounts } from "./registry-job.ts";

/** What jobs are worked on with. `onError` hears of faults that a job ended by. */
export type RegistryJobRunDeps = {
  readonly journal: Pick<Journal, "append" | "lastSequence" | "readSequences">;
  readonly readModel: Pick<
    ReadModel,
    "registryJobs" | "devices" | "modules" | "twin" | "statistics" | "history" | "applied"
  >;
  readonly registry: Pick<Registry, "bulk">;
  readonly configurations: Pick<Configurations, "list" | "put">;
  readonly containers: CallerContainers;
  readonly secrets: Pick<Secrets, "open">;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
  readonly onError: (error: unknown) => void;
};

/** One node's work on a job. */
export type RegistryJobRun = {
  readonly deps: RegistryJobRunDeps;
  readonly job: RegistryJob;
  /** Whether a node that is gone, or had to stop, has worked on it before. */
  readonly isTakenOver: boolean;
  /** Aborted when this node has to stop, or the job is over or another's. */
  readonly signal: AbortSignal;
  /** Notes how far the job is. Throws the reason of `signal` when it is no more this node's. */
  readonly progress: (standing: Standing) => Promise<void>;
};

/** How far a job is; `progress` is 0 to 99. */
type Standing = RegistryJobCounts & { readonly progress: number; readonly place: ImportPlace | null };
