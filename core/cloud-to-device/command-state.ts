import type { RecordedEvent } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Journal, ReadModel } from "../ports.ts";
import type { CommandEvent } from "./command-event.ts";
import { isCommandEvent } from "./command-event.ts";
import { isLocked, type PendingCommand } from "./command-queue.ts";
import type { FeedbackStatus } from "./feedback.ts";

/** Where a message stands (spec/messaging 6.3). Times are ISO 8601, UTC, milliseconds. */
export type CommandState = { readonly messageId: string; readonly sequenceNumber: number } & (
  | {
      readonly state: "Enqueued" | "Invisible";
      readonly enqueuedTime: string;
      readonly expiresAt: string;
      readonly deliveryCount: number;
    }
  | { readonly state: "Completed" | "DeadLettered"; readonly reason: FeedbackStatus; readonly endedTime: string }
);

/** The state of a message that has not come to its end. */
export function pendingState(message: PendingCommand, now: string): CommandState {
  const { messageId, sequenceNumber, enqueuedTime, expiresAt, deliveryCount } = message;
  const state = isLocked(message, now) ? "Invisible" : "Enqueued";
  return { messageId, sequenceNumber, state, enqueuedTime, expiresAt, deliveryCount };
}

const endTypes = [
  "CommandCompleted",
  "CommandRejected",
  "CommandExpired",
  "CommandDeadLettered",
  "CommandsPurged",
] as const satisfies readonly CommandEvent["type"][];

/** Where to look for ends, and how far back: the view of the history finds them, the journal holds them. */
export type EndedDeps = {
  readonly readModel: Pick<ReadModel, "history">;
  readonly journal: Pick<Journal, "readSequences">;
};

const pageSize = 100;
const mostPages = 10;

/**
 * How a message ended, by its id: the latest of several, among the last thousand ends of the device's present generation.
 * Throws HubError `GenericNotFound` when none of them is it.
 */
export async function endedState(
  { readModel, journal }: EndedDeps,
  { deviceId, generationId, messageId }: { deviceId: string; generationId: string; messageId: string },
): Promise<CommandState> {
  let before: number | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const filter = { deviceId, types: endTypes, descending: true, limit: pageSize };
    const sequences = readModel.history(before === undefined ? filter : { ...filter, afterSequence: before });
    const events = await journal.readSequences(sequences);
    const found = events.flatMap((recorded) => endIn(recorded, generationId, messageId)).at(0);
    if (found !== undefined) return found;
    before = sequences.at(-1);
    if (sequences.length < pageSize) break;
  }
  throw new HubError("GenericNotFound", "No message of this id was sent to the device lately", { deviceId });
}

function endIn({ event }: RecordedEvent, generationId: string, messageId: string): readonly CommandState[] {
  if (!isCommandEvent(event) || event.data.generationId !== generationId) return [];
  const { type, data } = event;
  const of = (state: "Completed" | "DeadLettered", reason: FeedbackStatus, sequenceNumber: number): CommandState[] => [
    { messageId, sequenceNumber, state, reason, endedTime: data.at },
  ];
  if (type === "CommandsPurged") {
    const purged = data.messages.filter((message) => message.messageId === messageId);
    return purged.flatMap(({ sequenceNumber }) => of("DeadLettered", "Purged", sequenceNumber));
  }
  if (data.messageId !== messageId) return [];
  switch (type) {
    case "CommandCompleted":
      return of("Completed", "Success", data.sequenceNumber);
    case "CommandRejected":
      return of("DeadLettered", "Rejected", data.sequenceNumber);
    case "CommandExpired":
      return of("DeadLettered", "Expired", data.sequenceNumber);
    case "CommandDeadLettered":
      return of("DeadLettered", data.reason, data.sequenceNumber);
    case "CommandEnqueued":
    case "CommandDelivered":
    case "CommandAbandoned":
      return [];
  }
}
