import { utf8Length } from "../device-to-cloud/size.ts";
import { type JobChunk, openOutcomes } from "./chunk.ts";
import { type ChunkPlace, type JobAggregateDeps, runChunkCommand } from "./job-aggregate.ts";
import type { JobChunkEvent } from "./job-event.ts";
import { outcomeBytes } from "./limits.ts";
import type { TargetOutcome } from "./target-outcome.ts";

/** Takes down the outcomes of a chunk's targets as they come. */
export type OutcomeRecorder = {
  add(outcome: TargetOutcome): void;
  /** Resolves once all that was added is in the journal and in the local views. Throws as `execute`. */
  flushed(): Promise<void>;
  /** Whether the chunk has been taken by another attempt: nothing more may be begun. */
  isLost(): boolean;
};

/**
 * Makes the recorder of one attempt at a chunk. Outcomes that come while others are being recorded go into the next event
 * together: progress shows at once, and quick outcomes share an event.
 */
export function createOutcomeRecorder(deps: JobAggregateDeps, place: ChunkPlace, attemptId: string): OutcomeRecorder {
  let waiting: readonly TargetOutcome[] = [];
  let recording: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let lost = false;

  const record = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const outcomes = batchOf(waiting);
        waiting = waiting.slice(outcomes.length);
        const { state } = await runChunkCommand(deps, place, (chunk, at) => ended(chunk, outcomes, { ...place, at }));
        lost ||= state?.attemptId !== attemptId;
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      // In the same turn as the last look at what waits, so that nothing is added in between and forgotten.
      recording = undefined;
    }
  };
  return {
    add(outcome) {
      waiting = [...waiting, outcome];
      if (failure === undefined) recording ??= record();
    },
    async flushed() {
      while (recording !== undefined) await recording;
      if (failure !== undefined) throw failure.error;
    },
    isLost: () => lost,
  };
}

/** The event for those outcomes that the chunk has none of; none when others have recorded all. */
function ended(
  chunk: JobChunk | undefined,
  outcomes: readonly TargetOutcome[],
  { jobId, at }: { readonly jobId: string; readonly at: string },
): readonly JobChunkEvent[] {
  const open = chunk === undefined ? [] : openOutcomes(chunk, outcomes);
  return open.length === 0 ? [] : [{ type: "JobTargetsEnded", data: { jobId, at, outcomes: open } }];
}

/** As many of the outcomes as may be in one event: answers of devices can be large. */
function batchOf(outcomes: readonly TargetOutcome[]): readonly TargetOutcome[] {
  let bytes = 0;
  const end = outcomes.findIndex((outcome) => {
    bytes += utf8Length(JSON.stringify(outcome));
    return bytes > outcomeBytes;
  });
  return end === -1 ? outcomes : outcomes.slice(0, Math.max(1, end));
}
