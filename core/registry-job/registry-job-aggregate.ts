import type { AggregateKey } from "../events.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { type Executed, execute } from "../journal/execute.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import { decideRegistryJobs, type RegistryJobCommand } from "./decide.ts";
import type { RegistryJobEvent, RegistryJobsState } from "./registry-job.ts";

/** The journal's stream of all imports and exports. */
const stream: AggregateKey = { aggregate: "hub", id: "registry-jobs" };

/** Omits from each member of a union. */
type Without<Union, Name extends string> = Union extends unknown ? Omit<Union, Name> : never;

/** What the commands of jobs are recorded with. */
export type RegistryJobCommandDeps = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "registryJobs" | "applied">;
};

/** Has the jobs decide a command, and records it. Throws as `decideRegistryJobs` and `execute`. */
export async function runRegistryJobCommand(
  deps: RegistryJobCommandDeps,
  origin: RequestContext,
  command: Without<RegistryJobCommand, "now">,
): Promise<Executed<RegistryJobsState, RegistryJobEvent>> {
  const { journal, readModel } = deps;
  const meta = newEventMeta(deps, origin);
  return await execute({
    journal,
    readModel,
    key: stream,
    load: () => {
      const { value: state, sequence } = readModel.registryJobs();
      return { state, sequence };
    },
    decide: (jobs: RegistryJobsState) => decideRegistryJobs({ ...command, now: meta.time }, jobs),
    meta,
  });
}
