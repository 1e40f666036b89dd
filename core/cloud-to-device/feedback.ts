import type { RecordBatch, RecordQueue } from "../record-batch.ts";
import type { Ack, CommandEvent } from "./command-event.ts";

/** What became of a message (spec/messaging 7). */
export type FeedbackStatus = "Success" | "Expired" | "DeliveryCountExceeded" | "Rejected" | "Purged";

/** What a back end hears of a message that it sent, as it stands in the body of feedback (spec/messaging 7). */
export type FeedbackRecord = {
  readonly originalMessageId: string;
  /** When the message came to its end: ISO 8601, UTC. */
  readonly enqueuedTimeUtc: string;
  readonly statusCode: FeedbackStatus;
  readonly description: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
};

/** Records that go out together: 64 of them, or what there is 15 seconds after the batch before. */
export type FeedbackBatch = RecordBatch<FeedbackRecord>;

/**
 * The feedback of all devices. A batch that is neither completed nor abandoned comes again after a minute, ten times at
 * most.
 */
export type FeedbackQueue = RecordQueue<FeedbackRecord>;

/** The records that an event of a device's queue gives rise to: those of messages whose sender asked for them. */
export function feedbackOf({ type, data }: CommandEvent, deviceId: string): readonly FeedbackRecord[] {
  switch (type) {
    case "CommandCompleted":
      return recordsOf(deviceId, "Success", { ...data, messages: [data] });
    case "CommandRejected":
      return recordsOf(deviceId, "Rejected", { ...data, messages: [data] });
    case "CommandExpired":
      return recordsOf(deviceId, "Expired", { ...data, messages: [data] });
    case "CommandDeadLettered":
      return recordsOf(deviceId, data.reason, { ...data, messages: [data] });
    case "CommandsPurged":
      return recordsOf(deviceId, "Purged", data);
    case "CommandEnqueued":
    case "CommandDelivered":
    case "CommandAbandoned":
      return [];
  }
}

type Ends = {
  readonly generationId: string;
  readonly at: string;
  readonly messages: readonly { readonly messageId: string; readonly ack: Ack }[];
};

function recordsOf(deviceId: string, statusCode: FeedbackStatus, ends: Ends): readonly FeedbackRecord[] {
  const { generationId: deviceGenerationId, at: enqueuedTimeUtc, messages } = ends;
  return messages
    .filter(({ ack }) => isWanted(ack, statusCode))
    .map(({ messageId: originalMessageId }) => ({
      originalMessageId,
      enqueuedTimeUtc,
      statusCode,
      description: statusCode,
      deviceId,
      deviceGenerationId,
    }));
}

/** For a purge the kind of feedback that must be asked for is unconfirmed; it is no success (spec/messaging 6.5). */
const isWanted = (ack: Ack, statusCode: FeedbackStatus): boolean =>
  ack === "full" || ack === (statusCode === "Success" ? "positive" : "negative");
