import type { Blobs } from "../../core/file-upload/blobs.ts";
import { HubError } from "../../core/hub-error.ts";

const refuse = async (): Promise<never> => {
  throw new HubError("DefaultStorageEndpointNotConfigured", "The hub has no storage account for file uploads");
};

/** The storage of a hub that has none: every upload is refused with `DefaultStorageEndpointNotConfigured`. */
export const noStorage: Blobs = { grantUpload: refuse, find: refuse };
