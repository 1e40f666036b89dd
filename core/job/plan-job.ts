import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import type { Journal, ReadModel } from "../ports.ts";
import type { Queries } from "../queries.ts";
import type { Job, JobRun } from "./job.ts";
import { chunkKey, hubOrigin, type JobAggregateDeps, runJobCommand } from "./job-aggregate.ts";
import { chunkTargets, targetsPerPage } from "./limits.ts";

/** What jobs are planned with. */
export type PlanningDeps = JobAggregateDeps & {
  readonly journal: Pick<Journal, "append" | "lastSequence">;
  readonly readModel: Pick<ReadModel, "job" | "jobChunk" | "applied">;
  readonly queries: Pick<Queries, "targets">;
};

/**
 * Finds a running job's targets and plans them, chunk after chunk in the order of their ids; goes on after the last target
 * that is planned, which another node may have done that is gone. Stops when the job is over, or another node plans it too,
 * and between two chunks after `signal`. A condition that is none ends the job. Throws HubError `ServiceUnavailable`: then a
 * later sweep goes on.
 */
export async function planJob(deps: PlanningDeps, jobId: string, signal: AbortSignal): Promise<void> {
  // Another node's last chunk may not have come here yet.
  await deps.readModel.applied(await deps.journal.lastSequence());
  const found = unplanned(deps, jobId);
  if (found === undefined) return;
  const { job, run } = found;
  let chunk = run.chunkCount;
  let after = lastTarget(deps, jobId, chunk);
  let deviceCount = Object.values(run.counts).reduce((sum, count) => sum + count, 0);
  for (;;) {
    const targets = await targetsOf(deps, job, after);
    if (targets === undefined) return;
    for (let start = 0; start < targets.length; start += chunkTargets) {
      if (signal.aborted || unplanned(deps, jobId) === undefined) return;
      const part = targets.slice(start, start + chunkTargets);
      if (!(await planChunk(deps, { job, chunk }, part))) return;
      chunk += 1;
    }
    deviceCount += targets.length;
    after = targets.at(-1);
    if (targets.length >= targetsPerPage) continue;
    await runJobCommand(
      deps,
      { jobId, ...hubOrigin(deps, jobId) },
      { type: "Planned", chunkCount: chunk, deviceCount },
    );
    return;
  }
}

/** The job, when it runs and has not all of its chunks. */
function unplanned({ readModel }: PlanningDeps, jobId: string): { job: Job; run: JobRun } | undefined {
  const job = readModel.job(jobId)?.value;
  return job?.status === "running" && job.run?.isPlanned === false ? { job, run: job.run } : undefined;
}

const lastTarget = ({ readModel }: PlanningDeps, jobId: string, chunkCount: number): IdentityKey | undefined =>
  chunkCount === 0 ? undefined : readModel.jobChunk(jobId, chunkCount - 1)?.value.targets.at(-1)?.key;

/** A page of targets; undefined when the condition is none, and the job therefore over. */
async function targetsOf(
  deps: PlanningDeps,
  { jobId, queryCondition }: Job,
  after: IdentityKey | undefined,
): Promise<readonly IdentityKey[] | undefined> {
  try {
    return await deps.queries.targets(queryCondition, {
      limit: targetsPerPage,
      ...(after !== undefined && { after }),
    });
  } catch (error) {
    if (!(error instanceof HubError) || error.reason !== "ArgumentInvalid") throw error;
    // IoT Hub's words (spec/query-language 9).
    const reason = `SQL query parse failed due to following errors: \n\t${error.message}`;
    await runJobCommand(deps, { jobId, ...hubOrigin(deps, jobId) }, { type: "Fail", reason });
    return undefined;
  }
}

/**
 * Plans a chunk where none is; false when another node has. It does not wait for the local views, which chunks would only
 * follow one by one. A chunk's stream has events already when an earlier job had the same id.
 */
async function planChunk(
  deps: PlanningDeps,
  { job, chunk }: { readonly job: Job; readonly chunk: number },
  targets: readonly IdentityKey[],
): Promise<boolean> {
  const { jobId, createdSequence } = job;
  const { journal } = deps;
  const meta = newEventMeta(deps, hubOrigin(deps, jobId));
  const event = { type: "JobChunkPlanned", data: { jobId, at: meta.time, targets } } as const;
  const key = chunkKey({ jobId, chunk });
  const first = await journal.append(key, { event, meta }, 0);
  if (first.appended) return true;
  if (first.lastSequence > createdSequence) return false;
  return (await journal.append(key, { event, meta }, first.lastSequence)).appended;
}
