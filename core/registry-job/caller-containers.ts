import type { Json } from "../json.ts";

/** A line of a blob. `value` is undefined for what is too long or no JSON, `end` the offset behind its line break. */
export type BlobLine = { readonly value: Json | undefined; readonly end: number };

/** A blob of lines; `version` tells what it holds from what it will hold after a write. */
export type BlobLines = {
  readonly sizeInBytes: number;
  readonly version: string;
  /** From the offset asked for, blank ones left out. */
  readonly lines: AsyncIterable<BlobLine>;
};

/**
 * A container for blobs of somebody who calls the hub. Every method throws HubError `BlobContainerValidationError` when the
 * container can't be reached, or does not let the hub do this; that tells nothing of the reason.
 */
export type CallerContainer = {
  /** The container's address, without the signature. */
  readonly address: string;
  /** Checks that there is this blob. */
  checkReadable(blobName: string): Promise<void>;
  /** Checks that the hub may write and delete. */
  checkWritable(): Promise<void>;
  /** Opens a blob of JSON lines; fails when a version is asked for which it no more has. */
  openLines(
    blobName: string,
    from: { readonly from: number; readonly version: string | undefined; readonly signal: AbortSignal },
  ): Promise<BlobLines>;
  /** Writes a blob, which is there once it is whole. What `text` throws goes on to the caller. */
  write(blobName: string, text: AsyncIterable<string>, signal: AbortSignal): Promise<void>;
  /** Makes an empty blob, in place of what is there, that can be appended to. */
  startLog(blobName: string): Promise<void>;
  appendLog(blobName: string, text: string): Promise<void>;
};

/** Finds the container at an address with its signature, a secret. Throws HubError `ArgumentInvalid` for what is none. */
export type CallerContainers = (uri: string) => CallerContainer;
