import type { NatsConnection } from "nats";
import { isFileUploadEvent } from "../../core/file-upload/file-upload.ts";
import { notificationLockMs, notificationMaxDeliveryCount, notificationTtlMs } from "../../core/file-upload/limits.ts";
import {
  type FileNotification,
  type FileNotificationQueue,
  notificationOf,
} from "../../core/file-upload/notification.ts";
import { createJournalQueue } from "./journal-queue.ts";
import type { NatsLog } from "./nats-log.ts";
import { createEventVersions } from "./upcast.ts";

/** What the queue of file notifications is made of. */
export type FileNotificationQueueOptions = {
  readonly nc: NatsConnection;
  readonly hub: string;
  readonly log: NatsLog;
};

/**
 * Makes the queue of file notifications over the journal (spec/messaging 8.3). The stream exists (`ensureStreams`). A file
 * stays when its device is deleted, so back ends hear of it all the same.
 */
export function createFileNotificationQueue({ nc, hub, log }: FileNotificationQueueOptions): FileNotificationQueue {
  return createJournalQueue<FileNotification>({
    nc,
    hub,
    log,
    name: "filenotifications",
    subjects: "upload.>",
    versions: createEventVersions(),
    recordsOf: async ({ event, key: { id: deviceId } }) => {
      const notification = isFileUploadEvent(event) ? notificationOf(event, deviceId) : undefined;
      return notification === undefined ? [] : [notification];
    },
    ttlMs: notificationTtlMs,
    lockMs: notificationLockMs,
    maxDeliveryCount: notificationMaxDeliveryCount,
    batchRecords: 1,
    batchIntervalMs: 0,
  });
}
