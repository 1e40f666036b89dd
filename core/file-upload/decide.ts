import { HubError } from "../hub-error.ts";
import type { Completion, DeviceUploads, FileUploadEvent, UploadedBlob, UploadInFlight } from "./file-upload.ts";
import { maxUploadsInFlight } from "./limits.ts";

/** What happens to the uploads of a device. `now` is ISO 8601, UTC, milliseconds; `blob` is there for a success alone. */
export type UploadCommand =
  | {
      readonly type: "Start";
      readonly now: string;
      readonly correlationId: string;
      readonly blobName: string;
      readonly containerName: string;
      readonly expiresAt: string;
    }
  | {
      readonly type: "Complete";
      readonly now: string;
      readonly correlationId: string;
      readonly completion: Completion;
      readonly blob: UploadedBlob | null;
    }
  | { readonly type: "Expire"; readonly now: string };

type CommandOf<Type> = Extract<UploadCommand, { type: Type }>;

/**
 * Decides what happens to a device's uploads: one event at most. No event means that a completion was told before, or that
 * none is due. Throws HubError as `requireRoom` and `findOpen`.
 */
export function decideUploads(command: UploadCommand, uploads: DeviceUploads): readonly FileUploadEvent[] {
  switch (command.type) {
    case "Start":
      return start(command, uploads);
    case "Complete":
      return complete(command, uploads);
    case "Expire":
      return expire(command, uploads);
  }
}

/**
 * Checks that the device may begin one more upload; one whose time has come takes no place, even if nobody has noticed its
 * end yet. Throws HubError `DeviceMaximumActiveFileUploadLimitExceeded`.
 */
export function requireRoom({ inFlight }: DeviceUploads, now: string): void {
  const count = inFlight.filter(({ expiresAt }) => expiresAt > now).length;
  if (count < maxUploadsInFlight) return;
  const text = `Number of active file upload requests cannot exceed ${maxUploadsInFlight}`;
  throw new HubError("DeviceMaximumActiveFileUploadLimitExceeded", text, { count });
}

/**
 * The upload that a completion is about. Undefined for one that ended the same way before: whether IoT Hub takes a
 * completion twice is unconfirmed, but a device whose answer got lost asks again, and its upload did count. Throws HubError
 * `InvalidFileUploadCorrelationId` for an id that is no upload of this device, or of one that ended otherwise, and
 * `ExpiredFileUploadCorrelationId` for one that came too late.
 */
export function findOpen(
  { inFlight, ended }: DeviceUploads,
  { correlationId, isSuccess, now }: { correlationId: string; isSuccess: boolean; now: string },
): UploadInFlight | undefined {
  const open = inFlight.find((upload) => upload.correlationId === correlationId);
  const end = ended.find((upload) => upload.correlationId === correlationId);
  if (end?.state === "Expired" || (open !== undefined && open.expiresAt <= now)) {
    throw new HubError("ExpiredFileUploadCorrelationId", "The file upload was not completed in time");
  }
  const isRepeated = end?.state === (isSuccess ? "Completed" : "Failed");
  if (open !== undefined || isRepeated) return open;
  throw new HubError("InvalidFileUploadCorrelationId", "The correlation id is of no file upload under way");
}

function start(command: CommandOf<"Start">, uploads: DeviceUploads): readonly FileUploadEvent[] {
  const { now: at, correlationId, blobName, containerName, expiresAt } = command;
  requireRoom(uploads, at);
  const { generationId } = uploads;
  const data = { generationId, correlationId, blobName, containerName, expiresAt, at };
  return [{ type: "FileUploadStarted", data }];
}

function complete(command: CommandOf<"Complete">, uploads: DeviceUploads): readonly FileUploadEvent[] {
  const { now: at, correlationId, completion, blob } = command;
  const { isSuccess } = completion;
  const upload = findOpen(uploads, { correlationId, isSuccess, now: at });
  if (upload === undefined) return [];
  const { generationId } = uploads;
  const data = { generationId, correlationId, blobName: upload.blobName, ...completion, blob, at };
  return [{ type: "FileUploadCompleted", data }];
}

function expire({ now: at }: CommandOf<"Expire">, { generationId, inFlight }: DeviceUploads): FileUploadEvent[] {
  const due = inFlight.find(({ expiresAt }) => expiresAt <= at);
  if (due === undefined) return [];
  const { correlationId, blobName } = due;
  return [{ type: "FileUploadExpired", data: { generationId, correlationId, blobName, at } }];
}
