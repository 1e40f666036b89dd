import type { RecordQueue } from "../record-batch.ts";
import type { FileUploadEvent } from "./file-upload.ts";

/** What a back end hears of a file that a device uploaded, as it stands in the body of a notification (spec/messaging 8.3). */
export type FileNotification = {
  readonly deviceId: string;
  readonly blobUri: string;
  /** With the device's id before it. */
  readonly blobName: string;
  /** Of the blob: ISO 8601 with an offset, `+00:00`. */
  readonly lastUpdatedTime: string;
  readonly blobSizeInBytes: number;
  /** When the device said so: ISO 8601, `Z`, seven digits of a second. */
  readonly enqueuedTimeUtc: string;
};

/**
 * The notifications of all devices, one in each batch. One that is neither completed nor abandoned comes again after a
 * minute, ten times at most.
 */
export type FileNotificationQueue = Pick<RecordQueue<FileNotification>, "receive">;

/**
 * The notification that an event gives rise to. Whether IoT Hub tells of uploads that failed is unconfirmed; its docs speak
 * of files that were uploaded (spec/messaging 8.2).
 */
export function notificationOf({ type, data }: FileUploadEvent, deviceId: string): FileNotification | undefined {
  if (type !== "FileUploadCompleted" || data.blob === null) return undefined;
  const { blobUri, blobSizeInBytes, lastUpdatedTime } = data.blob;
  return {
    deviceId,
    blobUri,
    blobName: data.blobName,
    lastUpdatedTime: lastUpdatedTime.replace(/(?:\.000)?Z$/, "+00:00"),
    blobSizeInBytes,
    enqueuedTimeUtc: data.at.replace(/Z$/, "0000Z"),
  };
}
