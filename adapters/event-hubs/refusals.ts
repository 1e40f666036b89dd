import { LinkRefused } from "../amqp/link-refused.ts";
import type { PartitionLog } from "../nats/partition-log.ts";

const shownLength = 256;

/** No such entity, group or node. The text is what makes clients tell it from other things that are not found (spec/amqp 9). */
export const entityNotFound = (name: string): LinkRefused =>
  new LinkRefused("amqp:not-found", `The messaging entity '${name.slice(0, shownLength)}' could not be found.`);

/**
 * The number of a partition by its id. Throws LinkRefused `com.microsoft:argument-out-of-range` with the text that clients
 * report of Event Hubs.
 */
export function partitionIn(id: unknown, { partitions }: PartitionLog): number {
  const number = typeof id === "string" && /^\d{1,4}$/.test(id) ? Number(id) : Number.NaN;
  if (number < partitions && `${number}` === id) return number;
  const rule = "The specified partition is invalid for an EventHub partition sender or receiver.";
  throw new LinkRefused("com.microsoft:argument-out-of-range", `${rule} It should be between 0 and ${partitions - 1}.`);
}
