import type { Blobs } from "../../core/file-upload/blobs.ts";
import type { Clock } from "../../core/ports.ts";
import { lazyBlobs } from "./lazy-blobs.ts";
import type { StorageAccount } from "./storage-account.ts";
import { trustingAlso } from "./storage-agents.ts";
import type { StorageLog } from "./storage-log.ts";

/** An account that the operator named. */
export type AccountBlobsOptions = {
  readonly account: StorageAccount;
  readonly containerName: string;
  /** PEM of the hub's own CA, if it has one: an emulator beside the hub may have the hub's certificate. */
  readonly caPem: string | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly log: StorageLog;
};

/** Blobs of an account that the operator named; the storage client is loaded when it is needed. */
export function accountBlobs({ caPem, ...options }: AccountBlobsOptions): Blobs {
  return lazyBlobs(async () => {
    const { createAzureBlobs } = await import("./azure-blobs.ts");
    const hostName = () => options.account.endpoint.slice("https://".length);
    return createAzureBlobs({
      ...options,
      hostName,
      ...(caPem === undefined ? {} : { agentFor: trustingAlso(caPem) }),
    });
  });
}
