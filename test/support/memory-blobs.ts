import type { BlobInfo, Blobs, UploadGrant, UploadRequest } from "../../core/file-upload/blobs.ts";

/** A storage account in memory: a test writes what a device would have uploaded, and sees what the hub asked for. */
export class MemoryBlobs implements Blobs {
  readonly granted: ({ readonly blobName: string } & UploadRequest)[] = [];
  readonly #blobs = new Map<string, BlobInfo>();
  /** Runs before each answer: one that throws is an account that refuses. */
  onAsk: () => Promise<void> | void = () => {};

  async grantUpload(blobName: string, upload: UploadRequest): Promise<UploadGrant> {
    await this.onAsk();
    this.granted.push({ blobName, ...upload });
    return { hostName: "account.blob.test", containerName: "uploads", sasToken: `?sig=${this.granted.length}` };
  }

  async find(blobName: string): Promise<BlobInfo | undefined> {
    await this.onAsk();
    return this.#blobs.get(blobName);
  }

  /** Writes a blob, as a device with a grant does. */
  write(blobName: string, sizeInBytes: number, lastModifiedMs = Date.parse("2026-03-01T12:30:00.000Z")): void {
    const uri = `https://account.blob.test/uploads/${blobName}`;
    this.#blobs.set(blobName, { uri, sizeInBytes, lastModifiedMs });
  }
}
