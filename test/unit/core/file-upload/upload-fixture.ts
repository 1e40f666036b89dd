import { decideUploads, type UploadCommand } from "../../../../core/file-upload/decide.ts";
import { evolveUploads, noUploads } from "../../../../core/file-upload/evolve.ts";
import type { Completion, DeviceUploads, FileUploadEvent } from "../../../../core/file-upload/file-upload.ts";
import { specFor } from "../../../support/given.ts";

const start = Date.parse("2026-03-01T12:00:00.000Z");

/** A moment so many seconds after the first upload of a device. */
export const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

/** The uploads of a device as examples. */
export const given = specFor<UploadCommand, FileUploadEvent, DeviceUploads>({
  initial: () => noUploads("1"),
  decide: decideUploads,
  evolve: evolveUploads,
});

const part = (number: number, seconds: number) => ({
  generationId: "1",
  correlationId: `c${number}`,
  blobName: `d/file-${number}`,
  at: at(seconds),
});

const blobOf = (number: number) => ({
  blobUri: `https://account.blob.test/uploads/d/file-${number}`,
  blobSizeInBytes: 100 * number,
  lastUpdatedTime: at(1),
});

/** What a device says of an upload. */
export const told = (isSuccess: boolean): Completion => ({
  isSuccess,
  statusCode: isSuccess ? 201 : -1,
  statusDescription: isSuccess ? "Created" : "no network",
});

export const started = (number: number, seconds = 0): FileUploadEvent => ({
  type: "FileUploadStarted",
  data: { ...part(number, seconds), containerName: "uploads", expiresAt: at(seconds + 3600) },
});

export const completed = (number: number, seconds = 0, isSuccess = true): FileUploadEvent => ({
  type: "FileUploadCompleted",
  data: { ...part(number, seconds), ...told(isSuccess), blob: isSuccess ? blobOf(number) : null },
});

export const expired = (number: number, seconds: number): FileUploadEvent => ({
  type: "FileUploadExpired",
  data: part(number, seconds),
});

export const startUpload = (number: number, seconds = 0): UploadCommand => ({
  type: "Start",
  now: at(seconds),
  correlationId: `c${number}`,
  blobName: `d/file-${number}`,
  containerName: "uploads",
  expiresAt: at(seconds + 3600),
});

export const complete = (number: number, seconds = 0, isSuccess = true): UploadCommand => ({
  type: "Complete",
  now: at(seconds),
  correlationId: `c${number}`,
  completion: told(isSuccess),
  blob: isSuccess ? blobOf(number) : null,
});

export const expire = (seconds: number): UploadCommand => ({ type: "Expire", now: at(seconds) });
