import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import type { Blobs } from "../../core/file-upload/blobs.ts";
import type { Clock } from "../../core/ports.ts";
import type { Settings } from "../settings/schema.ts";
import { accountBlobs } from "../storage/account-blobs.ts";
import { createAzurite } from "../storage/azurite.ts";
import { localAccount } from "../storage/azurite-account.ts";
import { azuriteModule } from "../storage/azurite-module.ts";
import { embeddedBlobs, localHostName } from "../storage/embedded-blobs.ts";
import { noStorage } from "../storage/no-storage.ts";
import { parseConnectionString } from "../storage/storage-account.ts";
import type { HubTls } from "./open-tls.ts";

/** Where devices upload files to. */
export type OpenStorage = AsyncDisposable & {
  readonly blobs: Blobs;
  /** By what back ends reach the storage that the hub brings along, where its port is known beforehand. A secret. */
  readonly connectionString: string | undefined;
};

/** What the storage is opened with: `folder` is where the hub's own keeps the files. */
export type OpenStorageOptions = {
  readonly settings: Settings;
  readonly folder: string;
  readonly tls: HubTls;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
};

/**
 * Opens the storage account that the settings name, or else Azurite on the data folder, if it is installed. Throws an Error
 * for the operator when the account's connection string is of no use.
 */
export async function openStorage(options: OpenStorageOptions): Promise<OpenStorage> {
  const { settings, tls } = options;
  const { storageConnectionString, storageContainer: containerName } = settings;
  if (storageConnectionString !== undefined) {
    const account = parseConnectionString(storageConnectionString);
    const caPem = tls.caFile === undefined ? undefined : readFileSync(tls.caFile, "utf8");
    return withNothingToClose(accountBlobs({ ...options, account, containerName, caPem }));
  }
  return azuriteModule() === undefined ? withNothingToClose(noStorage) : openEmbedded(options);
}

const withNothingToClose = (blobs: Blobs): OpenStorage => ({
  blobs,
  connectionString: undefined,
  [Symbol.asyncDispose]: async () => {},
});

function openEmbedded({ settings, folder, tls: { context: tls, files }, clock, log }: OpenStorageOptions): OpenStorage {
  const { storageContainer: containerName, storagePort: port, host: hostName = "localhost" } = settings;
  const account = localAccount(folder);
  const bind = settings.bind === undefined ? {} : { bind: settings.bind };
  const azurite = createAzurite({ folder, account, port, files, tls, log, ...bind });
  const blobs = embeddedBlobs({ azurite, account, containerName, tls, hostName, clock, log, ...bind });
  // It waits for the first upload, but files of before are to be had at once.
  if (azurite.hasBlobs()) {
    azurite.listening().catch((error: unknown) => log.error({ reason: String(error) }, "files can't be read"));
  }
  const endpoint = `https://${localHostName({ name: hostName, port, account })}`;
  const key = `DefaultEndpointsProtocol=https;AccountName=${account.name};AccountKey=${account.key}`;
  return {
    blobs,
    connectionString: port === 0 ? undefined : `${key};BlobEndpoint=${endpoint}`,
    [Symbol.asyncDispose]: () => azurite[Symbol.asyncDispose](),
  };
}
