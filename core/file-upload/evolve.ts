import type { DeviceUploads, FileUploadEvent, UploadEnd } from "./file-upload.ts";
import { keptUploads } from "./limits.ts";

/** The uploads of a device that never asked for one. */
export const noUploads = (generationId: string): DeviceUploads => ({ generationId, inFlight: [], ended: [] });

/** Applies one event of the uploads' own generation. */
export function evolveUploads(uploads: DeviceUploads, { type, data }: FileUploadEvent): DeviceUploads {
  switch (type) {
    case "FileUploadStarted": {
      const { correlationId, blobName, at: startedTime, expiresAt } = data;
      const started = { correlationId, blobName, startedTime, expiresAt };
      return { ...uploads, inFlight: [...uploads.inFlight, started] };
    }
    case "FileUploadCompleted": {
      const { at: endedTime, blob, statusCode, statusDescription } = data;
      if (blob === null) return ended(uploads, data, { state: "Failed", endedTime, statusCode, statusDescription });
      return ended(uploads, data, { state: "Completed", endedTime, blobSizeInBytes: blob.blobSizeInBytes });
    }
    case "FileUploadExpired":
      return ended(uploads, data, { state: "Expired", endedTime: data.at });
  }
}

function ended(uploads: DeviceUploads, { correlationId }: { correlationId: string }, end: UploadEnd): DeviceUploads {
  const upload = uploads.inFlight.find((one) => one.correlationId === correlationId);
  if (upload === undefined) return uploads;
  const { blobName, startedTime } = upload;
  return {
    ...uploads,
    inFlight: uploads.inFlight.filter((one) => one !== upload),
    ended: [...uploads.ended, { correlationId, blobName, startedTime, ...end }].slice(-keptUploads),
  };
}
