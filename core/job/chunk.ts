import type { IdentityKey } from "../actor.ts";
import type { JobChunkEvent } from "./job-event.ts";
import type { TargetOutcome } from "./target-outcome.ts";

/** Where a target stands, in the words of IoT Hub's rows for devices, which spell `canceled` with one l. */
export type TargetStatus = "pending" | "running" | TargetOutcome["status"];

/** A target with where it stands. */
export type JobTarget = { readonly key: IdentityKey; readonly status: TargetStatus };

/** Some targets of a job, which one node works on at a time. */
export type JobChunk = {
  /** The journal sequence of its planning, by which a chunk is told from one of an earlier job of the same id. */
  readonly plannedSequence: number;
  /** Which taking of the chunk is the latest; null when none. */
  readonly attemptId: string | null;
  readonly targets: readonly JobTarget[];
};

/** Targets by where they stand. */
export type TargetCounts = { readonly [status in TargetStatus]: number };

/** Counts of no targets. */
export const noTargets: TargetCounts = { pending: 0, running: 0, completed: 0, failed: 0, canceled: 0 };

/** Whether a target has no outcome yet. */
export const isOpen = ({ status }: JobTarget): boolean => status === "pending" || status === "running";

/** Applies one event; a chunk that was never planned has no others. */
export function evolveChunk(
  chunk: JobChunk | undefined,
  { type, data }: JobChunkEvent,
  sequence: number,
): JobChunk | undefined {
  switch (type) {
    case "JobChunkPlanned": {
      const targets = data.targets.map((key) => ({ key, status: "pending" }) as const);
      return chunk ?? { plannedSequence: sequence, attemptId: null, targets };
    }
    case "JobChunkStarted": {
      if (chunk === undefined) return chunk;
      const begin = (target: JobTarget): JobTarget =>
        target.status === "pending" ? { ...target, status: "running" } : target;
      return { ...chunk, attemptId: data.attemptId, targets: chunk.targets.map(begin) };
    }
    case "JobTargetsEnded": {
      if (chunk === undefined) return chunk;
      const ends = new Map(openOutcomes(chunk, data.outcomes).map((outcome) => [targetText(outcome), outcome.status]));
      const end = (target: JobTarget): JobTarget => ({
        ...target,
        status: ends.get(targetText(target.key)) ?? target.status,
      });
      return { ...chunk, targets: chunk.targets.map(end) };
    }
  }
}

/** Those outcomes that are of the chunk's targets without one: the first outcome of a target is the one that counts. */
export function openOutcomes(chunk: JobChunk, outcomes: readonly TargetOutcome[]): readonly TargetOutcome[] {
  const open = new Set(chunk.targets.filter(isOpen).map(({ key }) => targetText(key)));
  return outcomes.filter((outcome) => open.delete(targetText(outcome)));
}

/** Counts the targets of a chunk. */
export function countTargets(chunk: JobChunk | undefined): TargetCounts {
  const counts: { -readonly [status in TargetStatus]: number } = { ...noTargets };
  for (const { status } of chunk?.targets ?? []) counts[status] += 1;
  return counts;
}

/** A target as a text of its own; no id holds a slash. */
export const targetText = ({ deviceId, moduleId }: IdentityKey): string =>
  moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
