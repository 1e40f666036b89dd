import type { NatsConnection } from "nats";
import { isCommandEvent } from "../../core/cloud-to-device/command-event.ts";
import { type FeedbackQueue, type FeedbackRecord, feedbackOf } from "../../core/cloud-to-device/feedback.ts";
import {
  feedbackBatchIntervalMs,
  feedbackBatchRecords,
  feedbackLockMs,
  feedbackMaxDeliveryCount,
  feedbackTtlMs,
} from "../../core/cloud-to-device/limits.ts";
import type { ReadModel } from "../../core/ports.ts";
import { createJournalQueue } from "./journal-queue.ts";
import type { NatsLog } from "./nats-log.ts";
import { createEventVersions } from "./upcast.ts";

/** What the feedback queue is made of. */
export type FeedbackQueueOptions = {
  readonly nc: NatsConnection;
  readonly hub: string;
  readonly log: NatsLog;
  readonly readModel: Pick<ReadModel, "device" | "applied">;
  /** How long after a batch the next one goes out that is not full, in milliseconds; 15 s when absent. */
  readonly batchIntervalMs?: number;
};

/** Makes the queue of feedback over the journal (spec/messaging 7). The stream exists (`ensureStreams`). */
export function createFeedbackQueue(options: FeedbackQueueOptions): FeedbackQueue {
  const { nc, hub, log, readModel, batchIntervalMs = feedbackBatchIntervalMs } = options;
  return createJournalQueue<FeedbackRecord>({
    nc,
    hub,
    log,
    name: "feedback",
    subjects: "command.>",
    versions: createEventVersions(),
    recordsOf: async ({ event, key: { id: deviceId }, sequence }) => {
      if (!isCommandEvent(event)) return [];
      const records = feedbackOf(event, deviceId);
      if (records.length === 0) return records;
      // The consumer may be ahead of the views, which know whether the device is still there.
      await readModel.applied(sequence);
      // A deleted device's feedback is dropped (spec/messaging 7).
      return readModel.device(deviceId)?.value.generationId === event.data.generationId ? records : [];
    },
    ttlMs: feedbackTtlMs,
    lockMs: feedbackLockMs,
    maxDeliveryCount: feedbackMaxDeliveryCount,
    batchRecords: feedbackBatchRecords,
    batchIntervalMs,
  });
}
