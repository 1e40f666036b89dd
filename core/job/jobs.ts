import { HubError } from "../hub-error.ts";
import type { RequestContext } from "../identity/registry.ts";
import type { JsonObject } from "../json.ts";
import type { Methods } from "../method/methods.ts";
import type { Clock, Feed, Ids, Journal, ReadModel } from "../ports.ts";
import type { Queries } from "../queries.ts";
import type { Twins } from "../twin/twins.ts";
import { createAdvance } from "./advance-job.ts";
import { jobNotFound } from "./decide.ts";
import type { Job, JobFilter } from "./job.ts";
import { runJobCommand } from "./job-aggregate.ts";
import { createJobEnds } from "./job-ends.ts";
import { checkJobId, parseJob } from "./parse-job.ts";
import { type ChunkEnd, type ChunkWork, runChunk } from "./run-chunk.ts";

/** A job as it is asked for; `startMs` is milliseconds since 1970, undefined for at once. */
export type CreateJob = RequestContext & {
  readonly jobId: string;
  readonly body: JsonObject;
  readonly startMs: number | undefined;
};

/**
 * Jobs on many devices (spec/twins-methods-jobs 11). A job's life is in the stream of its id; its targets are in chunks, each
 * with a stream of its own, which the nodes of the hub take from one queue.
 */
export type Jobs = {
  /** Throws as `parseJob` and `checkJobId`, `JobAlreadyExists` and as `execute`. */
  create(request: CreateJob): Promise<Job>;
  /** Throws `JobNotFound`. */
  get(jobId: string): Job;
  /** The newest first. */
  list(filter: JobFilter): readonly Job[];
  /** What is under way ends as it does, nothing more begins. Throws `JobNotFound`, `JobRunPreconditionFailed`. */
  cancel(request: RequestContext & { readonly jobId: string }): Promise<Job>;
  /** Does what is due for jobs; see `createAdvance`. */
  advanceDue(signal: AbortSignal): Promise<void>;
  /** Works on one chunk; see `runChunk`. */
  runChunk(work: ChunkWork, stop: AbortSignal): Promise<ChunkEnd>;
};

/** What the use cases are built from. `onError` hears of what could not be done this time. */
export type JobsDeps = {
  readonly journal: Pick<Journal, "append" | "lastSequence" | "readSequences">;
  readonly readModel: Pick<ReadModel, "job" | "jobs" | "dueJobs" | "jobChunk" | "history" | "applied">;
  readonly queries: Pick<Queries, "targets">;
  readonly feed: Feed;
  readonly twins: Pick<Twins, "update">;
  readonly methods: Pick<Methods, "invokeOnce">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
  readonly onError: (error: unknown) => void;
};

/** Makes the use cases. */
export function createJobs(deps: JobsDeps): Jobs {
  const { readModel } = deps;
  const runner = { ...deps, ends: createJobEnds(deps.feed, readModel) };
  return {
    create: (request) => create(deps, request),
    get(jobId) {
      const job = readModel.job(jobId)?.value;
      if (job === undefined) throw jobNotFound(jobId);
      return job;
    },
    list: (filter) => readModel.jobs(filter),
    async cancel(request) {
      const { state } = await runJobCommand(deps, request, { type: "Cancel" });
      if (state === undefined) throw jobNotFound(request.jobId);
      return state;
    },
    advanceDue: createAdvance(deps),
    runChunk: (work, stop) => runChunk(runner, work, stop),
  };
}

/** A start that is past means at once: clients send their own present time. How far past IoT Hub lets it be is unconfirmed. */
async function create(deps: JobsDeps, { jobId, body, startMs, ...origin }: CreateJob): Promise<Job> {
  const { clock } = deps;
  checkJobId(jobId);
  const { work, ...asked } = parseJob(body, jobId);
  const startTime = clock.isoTime(startMs ?? clock.now());
  const command = { type: "Create", createdBy: origin.actor, job: { work, ...asked, startTime } } as const;
  const { state } = await runJobCommand(deps, { jobId, ...origin }, command);
  if (state === undefined) throw new HubError("ServerError", "A job was not there after its creation", { jobId });
  return state;
}
