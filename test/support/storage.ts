import { readFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { AnonymousCredential, BlockBlobClient, newPipeline } from "@azure/storage-blob";
import { type Azurite, createAzurite } from "../../adapters/storage/azurite.ts";
import { type LocalAccount, localAccount } from "../../adapters/storage/azurite-account.ts";
import { embeddedBlobs } from "../../adapters/storage/embedded-blobs.ts";
import type { StorageAccount } from "../../adapters/storage/storage-account.ts";
import { ensureDevelopmentCertificate } from "../../adapters/tls/dev-ca.ts";
import { openTlsContext, type TlsContext } from "../../adapters/tls/reloading-context.ts";
import type { Blobs, UploadGrant } from "../../core/file-upload/blobs.ts";
import { silentLog, tempFolder } from "./nats.ts";
import type { Scope } from "./suite-scope.ts";

/** An embedded storage of a test's own. */
export type TestStorage = {
  readonly blobs: Blobs;
  readonly azurite: Azurite;
  readonly account: LocalAccount;
  readonly tls: TlsContext;
  readonly tlsFolder: string;
  /** Of Azurite's files. */
  readonly folder: string;
  readonly caPem: string;
};

/** What a test may have otherwise: the port, and who is told what happens. */
export type TestStorageOptions = { readonly port?: number; readonly log?: typeof silentLog; readonly root?: string };

/** Makes a storage that ends with the test. Its certificate is trusted by this process from now on. */
export async function openTestStorage(t: Scope, options: TestStorageOptions = {}): Promise<TestStorage> {
  const { port = 0, log = silentLog, root = await tempFolder(t) } = options;
  const tlsFolder = join(root, "tls");
  const files = await ensureDevelopmentCertificate({ folder: tlsFolder, hostNames: ["localhost"] });
  const context = await openTlsContext(files, { log });
  t.after(() => context[Symbol.asyncDispose]());
  const caPem = readFileSync(files.caFile ?? "", "utf8");
  // What NODE_EXTRA_CA_CERTS does for a process that starts after the hub.
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), caPem]);
  const folder = join(root, "storage");
  const account = localAccount(folder);
  const bind = "127.0.0.1";
  const azurite = createAzurite({ folder, account, port, bind, files, tls: context, log });
  t.after(() => azurite[Symbol.asyncDispose]());
  const clock = { now: () => Date.now() };
  const containerName = "uploads";
  const blobs = embeddedBlobs({
    azurite,
    account,
    containerName,
    tls: context,
    bind,
    hostName: "localhost",
    clock,
    log,
  });
  return { blobs, azurite, account, tls: context, tlsFolder, folder, caPem };
}

/** The blob as the device SDK reaches it with a grant. */
export function uploaderOf(grant: UploadGrant, blobName: string): BlockBlobClient {
  const { hostName, containerName, sasToken } = grant;
  const pipeline = newPipeline(new AnonymousCredential(), { retryOptions: { maxTries: 1 } });
  return new BlockBlobClient(`https://${hostName}/${containerName}/${blobName}${sasToken}`, pipeline);
}

/** A grant for the next hour. */
export const grantOf = (blobs: Blobs, blobName: string): Promise<UploadGrant> =>
  blobs.grantUpload(blobName, { expiresAtMs: Date.now() + 3_600_000 });

/** Starts the storage, and tells what an operator would give another hub to use it. */
export async function startedAccount({ azurite, account }: TestStorage): Promise<StorageAccount> {
  return { ...account, endpoint: `https://localhost:${await azurite.listening()}/${account.name}` };
}
