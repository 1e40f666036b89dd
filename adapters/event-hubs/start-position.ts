import { LinkRefused } from "../amqp/link-refused.ts";
import type { PartitionInfo, PartitionLog } from "../nats/partition-log.ts";
import type { Position, PositionField } from "./receiver-filter.ts";
import { clientSequence, streamSequence } from "./sequences.ts";

/** Where to look. */
export type StartRequest = {
  readonly log: PartitionLog;
  readonly partition: number;
  readonly position: Position;
  readonly signal: AbortSignal;
};

/**
 * The stream sequence at which a receiver with this position begins. Latest is what comes after the answer of the stream to
 * this question, and so is a time to come. Throws LinkRefused for a sequence that the partition has not reached, and HubError
 * `ServiceUnavailable`.
 */
export async function startOf({ log, partition, position, signal }: StartRequest): Promise<number> {
  switch (position.kind) {
    case "earliest":
      return 1;
    case "latest": {
      const { lastSequence } = await log.partitionInfo(partition, signal);
      return position.inclusive ? Math.max(1, lastSequence) : lastSequence + 1;
    }
    case "time":
      return await log.sequenceAfterTime(partition, position.timeMs, signal);
    case "sequence": {
      const named = streamSequence(position.sequence);
      const start = position.inclusive ? named : named + 1;
      requireReached(await log.partitionInfo(partition, signal), start, position);
      return Math.max(1, start);
    }
  }
}

/** A client that has seen more than there is must not go on as if nothing were; Event Hubs refuses it so too. */
function requireReached(
  { lastSequence }: PartitionInfo,
  start: number,
  { sequence, by }: { readonly sequence: number; readonly by: PositionField },
): void {
  if (start <= lastSequence + 1) return;
  const last = `The last ${by} in the system is '${clientSequence(lastSequence)}'`;
  throw new LinkRefused("com.microsoft:argument-error", `The supplied ${by} '${sequence}' is invalid. ${last}`);
}
