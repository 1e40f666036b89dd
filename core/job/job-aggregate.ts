import type { IdentityKey } from "../events.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { type Executed, execute } from "../journal/execute.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import { type JobChunk, targetText } from "./chunk.ts";
import { decideJob, type JobCommand } from "./decide.ts";
import type { Job } from "./job.ts";
import type { JobChunkEvent, JobLifeEvent } from "./job-event.ts";

/** What events of jobs are decided and recorded with. */
export type JobAggregateDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "job" | "jobChunk" | "applied">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
};

type WithoutBase<Command> = Command extends unknown ? Omit<Command, "jobId" | "now"> : never;

/** A command that leaves job and time to `runJobCommand`. */
export type BareJobCommand = WithoutBase<JobCommand>;

/** Has a command decided against a job and recorded; throws as `decideJob` and `execute`. */
export function runJobCommand(
  deps: JobAggregateDeps,
  { jobId, ...origin }: RequestContext & { readonly jobId: string },
  command: BareJobCommand,
): Promise<Executed<Job | undefined, JobLifeEvent>> {
  const { readModel } = deps;
  const meta = newEventMeta(deps, origin);
  return execute<Job | undefined, JobLifeEvent>({
    ...deps,
    key: { aggregate: "job", id: jobId },
    load() {
      const found = readModel.job(jobId);
      return { state: found?.value, sequence: found?.sequence ?? 0 };
    },
    decide: (job) => decideJob({ ...command, jobId, now: meta.time }, job),
    meta,
  });
}

/** Which chunk of which job. */
export type ChunkPlace = { readonly jobId: string; readonly chunk: number };

/** The stream of a chunk. */
export const chunkKey = ({ jobId, chunk }: ChunkPlace) =>
  ({ aggregate: "job", id: jobId, moduleId: String(chunk) }) as const;

/**
 * Has an event of a chunk decided and recorded, for the hub itself. `decide` gets the time of the event. Throws as `execute`.
 */
export function runChunkCommand(
  deps: JobAggregateDeps,
  place: ChunkPlace,
  decide: (chunk: JobChunk | undefined, at: string) => readonly JobChunkEvent[],
): Promise<Executed<JobChunk | undefined, JobChunkEvent>> {
  const meta = newEventMeta(deps, hubOrigin(deps, place.jobId));
  return execute<JobChunk | undefined, JobChunkEvent>({
    ...deps,
    key: chunkKey(place),
    load() {
      const found = deps.readModel.jobChunk(place.jobId, place.chunk);
      return { state: found?.value, sequence: found?.sequence ?? 0 };
    },
    decide: (chunk) => decide(chunk, meta.time),
    meta,
  });
}

/** The correlation that everything done for a job has. Requests have uuids, so nobody else's has it. */
export const jobCorrelation = (jobId: string): string => `job:${jobId}`;

/** Who records what a job does by itself. */
export const hubOrigin = ({ nodeId }: Pick<JobAggregateDeps, "nodeId">, jobId: string): RequestContext => ({
  actor: { kind: "hub", nodeId },
  correlationId: jobCorrelation(jobId),
});

/**
 * The id of the event that a job's deed on a target begins with. It is the same on whichever node tries, so the journal takes
 * the deed once: it knows the ids of its latest events.
 */
export const deedId = ({ jobId, createdSequence }: Job, key: IdentityKey): string =>
  `${jobCorrelation(jobId)}:${createdSequence}:${targetText(key)}`;
