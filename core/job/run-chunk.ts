import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { inParallel } from "../identity/in-parallel.ts";
import type { Journal, ReadModel } from "../ports.ts";
import { completeIfDone } from "./advance-job.ts";
import { isOpen, type JobChunk } from "./chunk.ts";
import { isOver, type Job } from "./job.ts";
import { type ChunkPlace, type JobAggregateDeps, runChunkCommand } from "./job-aggregate.ts";
import type { JobEnds } from "./job-ends.ts";
import { chunkTargets } from "./limits.ts";
import { createOutcomeRecorder, type OutcomeRecorder } from "./outcome-recorder.ts";
import { pastOutcome } from "./past-outcome.ts";
import { runTarget, type TargetDeps } from "./run-target.ts";
import type { TargetOutcome } from "./target-outcome.ts";

/** A chunk to be worked on; `sequence` is that of its planning. */
export type ChunkWork = ChunkPlace & { readonly sequence: number };

/**
 * How the work on a chunk ended: every target has an outcome; this node has to stop, and any other may go on at once; or what
 * is left comes again when the lock on the chunk has run out, if it is not another's already.
 */
export type ChunkEnd = "done" | "handBack" | "leave";

/** What chunks are worked on with. */
export type RunnerDeps = JobAggregateDeps &
  TargetDeps & {
    readonly journal: Pick<Journal, "append" | "lastSequence" | "readSequences">;
    readonly readModel: Pick<ReadModel, "job" | "jobChunk" | "history" | "applied">;
    readonly ends: JobEnds;
    readonly onError: (error: unknown) => void;
  };

/**
 * Works on a chunk until each of its targets has an outcome. A chunk that was taken before is one whose node is gone, or has
 * lost its lock: of each target without an outcome the journal is asked first whether it was begun. `stop` is aborted when
 * this node has to stop: nothing more is begun then. Never rejects.
 */
export async function runChunk(deps: RunnerDeps, work: ChunkWork, stop: AbortSignal): Promise<ChunkEnd> {
  try {
    return await attempt(deps, work, stop);
  } catch (error) {
    deps.onError(error);
    return "leave";
  }
}

async function attempt(deps: RunnerDeps, work: ChunkWork, stop: AbortSignal): Promise<ChunkEnd> {
  const { journal, readModel } = deps;
  await readModel.applied(work.sequence);
  const isTakenOver = chunkOf(deps, work)?.attemptId != null;
  // All that whoever had it before has written.
  if (isTakenOver) await readModel.applied(await journal.lastSequence());
  const attemptId = await take(deps, work);
  const [job, chunk] = [readModel.job(work.jobId)?.value, chunkOf(deps, work)];
  if (attemptId === undefined || job === undefined || chunk === undefined) return "done";

  const recorder = createOutcomeRecorder(deps, work, attemptId);
  using over = deps.ends.watch(job);
  const open = chunk.targets.filter(isOpen).map(({ key }) => key);
  const passing: HubError[] = [];
  const run: ChunkRun = { deps, job, recorder, isTakenOver, over: over.signal, stop, passing };
  await inParallel(open, chunkTargets, async (key) => await oneTarget(run, key));
  await recorder.flushed();
  if (chunkOf(deps, work)?.targets.some(isOpen) !== true) {
    await completeIfDone(deps, work.jobId);
    return "done";
  }
  // Once for the chunk: when the journal is out of reach, it is so for every target.
  if (passing[0] !== undefined) deps.onError(passing[0]);
  return stop.aborted && !recorder.isLost() ? "handBack" : "leave";
}

/** The chunk, unless it is of another job of the same id, or dropped. */
function chunkOf({ readModel }: RunnerDeps, { jobId, chunk, sequence }: ChunkWork): JobChunk | undefined {
  const found = readModel.jobChunk(jobId, chunk)?.value;
  return found?.plannedSequence === sequence ? found : undefined;
}

/** Tells the journal that this node has the chunk now. Undefined when there is nothing left to be done. */
async function take(deps: RunnerDeps, { jobId, chunk: number, sequence }: ChunkWork): Promise<string | undefined> {
  const { ids, nodeId } = deps;
  const attemptId = ids.uuid();
  const { events } = await runChunkCommand(deps, { jobId, chunk: number }, (chunk, at) => {
    if (chunk?.plannedSequence !== sequence || !chunk.targets.some(isOpen)) return [];
    return [{ type: "JobChunkStarted", data: { jobId, at, nodeId, attemptId } }];
  });
  return events.length === 0 ? undefined : attemptId;
}

type ChunkRun = {
  readonly deps: RunnerDeps;
  readonly job: Job;
  readonly recorder: OutcomeRecorder;
  readonly isTakenOver: boolean;
  readonly over: AbortSignal;
  readonly stop: AbortSignal;
  /** Why it is not known what came of targets. */
  readonly passing: HubError[];
};

/** Leaves the target as it is when this node may not go on with it. */
async function oneTarget(run: ChunkRun, key: IdentityKey): Promise<void> {
  const { deps, recorder, stop, passing } = run;
  if (stop.aborted || recorder.isLost()) return;
  try {
    recorder.add(await outcomeOf(run, key));
  } catch (error) {
    if (error instanceof HubError && error.reason === "ServiceUnavailable") {
      passing.push(error);
      return;
    }
    // What is no refusal is a fault of the hub, which would only come again.
    deps.onError(error);
    recorder.add({ ...key, status: "failed", error: { code: "ServerError", description: "A fault of the hub" } });
  }
}

async function outcomeOf({ deps, job, isTakenOver, over }: ChunkRun, key: IdentityKey): Promise<TargetOutcome> {
  const past = isTakenOver ? await pastOutcome(deps, job, key) : undefined;
  if (past !== undefined) return past;
  if (over.aborted || isLate(deps, job)) return { ...key, status: "canceled" };
  return await runTarget(deps, { job, key, over });
}

/** Asked before each target: a job that was cancelled, or is out of time, does nothing more. */
function isLate({ readModel, clock }: RunnerDeps, { jobId, createdSequence }: Job): boolean {
  const now = readModel.job(jobId)?.value;
  if (now === undefined || now.createdSequence !== createdSequence || isOver(now)) return true;
  return now.run === null || now.run.deadline <= clock.isoTime(clock.now());
}
