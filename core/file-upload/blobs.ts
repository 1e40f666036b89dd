/** For how long a device may write a blob, and the name by which it called the hub, where that is known. */
export type UploadRequest = { readonly expiresAtMs: number; readonly calledBy?: string };

/** What a device needs to write one blob: `https://{hostName}/{containerName}/{blobName}{sasToken}`. */
export type UploadGrant = {
  /** A name or address, with `:port` where it is not 443; with a path where the account's name stands in one. */
  readonly hostName: string;
  readonly containerName: string;
  /** Begins with `?`. */
  readonly sasToken: string;
};

/** A blob as the storage account has it. */
export type BlobInfo = { readonly uri: string; readonly sizeInBytes: number; readonly lastModifiedMs: number };

/**
 * The container that devices upload files to (spec/messaging 8). Every method throws HubError
 * `DefaultStorageEndpointNotConfigured` when the hub has no storage, `InvalidStorageEndpointOrBlob` when the account refuses
 * the hub, `ServiceUnavailable` when it can't be reached in time.
 */
export type Blobs = {
  /** Lets the bearer write this blob, and no other, for a time. Makes the container if it is missing. */
  grantUpload(blobName: string, upload: UploadRequest): Promise<UploadGrant>;
  /** The blob of this name, if there is one. */
  find(blobName: string): Promise<BlobInfo | undefined>;
};
