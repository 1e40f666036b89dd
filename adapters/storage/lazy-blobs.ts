import type { Blobs } from "../../core/file-upload/blobs.ts";

/**
 * Blobs that are opened at the first call; calls of that time wait for the same opening. When it fails they do, and the next
 * call tries again. `open` throws as `Blobs` do.
 */
export function lazyBlobs(open: () => Promise<Blobs>): Blobs {
  let opened: Promise<Blobs> | undefined;
  const blobs = (): Promise<Blobs> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    grantUpload: async (blobName, upload) => (await blobs()).grantUpload(blobName, upload),
    find: async (blobName) => (await blobs()).find(blobName),
  };
}
