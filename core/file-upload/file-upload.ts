/** Which upload of which generation of a device an event is about; `at` is ISO 8601, UTC, milliseconds, as all times here. */
type OfUpload = {
  readonly generationId: string;
  /** A uuid, by which the device tells how the upload went. */
  readonly correlationId: string;
  /** The device's id, a slash, and the name that the device asked for. */
  readonly blobName: string;
  readonly at: string;
};

/** A blob as the hub found it when its upload was said to be complete. */
export type UploadedBlob = {
  readonly blobUri: string;
  readonly blobSizeInBytes: number;
  readonly lastUpdatedTime: string;
};

/** How a device says that an upload went. */
export type Completion = {
  readonly isSuccess: boolean;
  /** Of the storage account's answer, or -1, as the device likes; null when it said none. */
  readonly statusCode: number | null;
  readonly statusDescription: string | null;
};

/**
 * Facts about the files that one device uploads, in the stream `upload` of its id. They are stored: never rename a type,
 * never retype a field. What lets a device write to the storage account is never part of them.
 */
export type FileUploadEvent =
  | {
      readonly type: "FileUploadStarted";
      readonly data: OfUpload & { readonly containerName: string; readonly expiresAt: string };
    }
  | {
      readonly type: "FileUploadCompleted";
      /** `blob` is null when the device failed to upload it. */
      readonly data: OfUpload & Completion & { readonly blob: UploadedBlob | null };
    }
  | { readonly type: "FileUploadExpired"; readonly data: OfUpload };

/** An upload that the device may still complete, until `expiresAt`. */
export type UploadInFlight = {
  readonly correlationId: string;
  readonly blobName: string;
  readonly startedTime: string;
  readonly expiresAt: string;
};

/** How an upload ended. `Failed` is what the device said of it. */
export type UploadEnd =
  | { readonly state: "Completed"; readonly endedTime: string; readonly blobSizeInBytes: number }
  | ({ readonly state: "Failed"; readonly endedTime: string } & Pick<Completion, "statusCode" | "statusDescription">)
  | { readonly state: "Expired"; readonly endedTime: string };

/** An upload that came to its end. */
export type EndedUpload = Omit<UploadInFlight, "expiresAt"> & UploadEnd;

/** The uploads of one generation of a device, each list with the oldest first. */
export type DeviceUploads = {
  readonly generationId: string;
  readonly inFlight: readonly UploadInFlight[];
  /** The latest. */
  readonly ended: readonly EndedUpload[];
};

const fileUploadEventTypes: ReadonlySet<string> = new Set([
  "FileUploadStarted",
  "FileUploadCompleted",
  "FileUploadExpired",
] satisfies readonly FileUploadEvent["type"][]);

/** Tells the events of file uploads from all others. */
export const isFileUploadEvent = (event: { readonly type: string }): event is FileUploadEvent =>
  fileUploadEventTypes.has(event.type);
