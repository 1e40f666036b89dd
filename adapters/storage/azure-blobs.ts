import {
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
  newPipeline,
  type RequestPolicyFactory,
  SASProtocol,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { BlobInfo, Blobs, UploadGrant } from "../../core/file-upload/blobs.ts";
import type { Clock } from "../../core/ports.ts";
import type { StorageAccount } from "./storage-account.ts";
import type { AgentFor } from "./storage-agents.ts";
import { hubErrorOf, storageFailure } from "./storage-error.ts";
import type { StorageLog } from "./storage-log.ts";

/** Where the blobs are. */
export type AzureBlobsOptions = {
  readonly account: StorageAccount;
  readonly containerName: string;
  /** What `https://` and the container's name stand around in what devices are told; `calledBy` as in `Blobs`. */
  readonly hostName: (calledBy: string | undefined) => string;
  /** By what connections the account is reached; those of the storage client itself when left out. */
  readonly agentFor?: AgentFor;
  readonly clock: Pick<Clock, "now">;
  readonly log: StorageLog;
};

/** A grant begins this long ago, since the account's clock, or a device's, may be late (Azure docs: SAS best practices). */
const clockSkewMs = 300_000;
/** The container may be deleted while the hub runs: so long it is taken to be there. */
const containerKnownMs = 60_000;
/** For one answer of the account, and for all that one call of the hub needs, tries included. */
const tryTimeoutMs = 5_000;
const callTimeoutMs = 10_000;
const retryOptions = { maxTries: 4, tryTimeoutInMs: tryTimeoutMs, retryDelayInMs: 300, maxRetryDelayInMs: 2_000 };

/** Blobs of a storage account, signed for with its key. Nothing is asked of the account before the first call. */
export function createAzureBlobs(options: AzureBlobsOptions): Blobs {
  const { account, containerName, agentFor, log } = options;
  const credential = new StorageSharedKeyCredential(account.name, account.key);
  const pipeline = newPipeline(credential, { retryOptions });
  if (agentFor !== undefined) pipeline.factories.push(connectingBy(agentFor));
  const container = new BlobServiceClient(account.endpoint, pipeline).getContainerClient(containerName);
  const ensureContainer = containerMaker(container, options);
  const asked = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      const failure = storageFailure(error);
      log.warn({ ...failure, containerName }, "the storage account refused the hub or can't be reached");
      throw hubErrorOf(failure);
    }
  };
  return {
    async grantUpload(blobName, { expiresAtMs, calledBy }): Promise<UploadGrant> {
      await asked(ensureContainer);
      const sasToken = uploadSas({ ...options, credential, blobName, expiresAtMs });
      return { hostName: options.hostName(calledBy), containerName, sasToken };
    },
    find: (blobName) => asked(() => findBlob(container, blobName, options)),
  };
}

/** Sets the agent of each request, after the storage client has set one for a proxy of the environment. */
export const connectingBy = (agentFor: AgentFor): RequestPolicyFactory => ({
  create: (next) => ({
    sendRequest(request) {
      const agent = agentFor(request.agent);
      if (agent !== undefined) request.agent = agent;
      return next.sendRequest(request);
    },
  }),
});

/** Callers of the same moment share one request; a failure is not kept. */
function containerMaker(container: ContainerClient, { clock }: AzureBlobsOptions): () => Promise<void> {
  let known: { readonly until: number; readonly made: Promise<unknown> } | undefined;
  return async () => {
    if (known === undefined || known.until <= clock.now()) {
      const made = container.createIfNotExists({ abortSignal: AbortSignal.timeout(callTimeoutMs) });
      known = { until: clock.now() + containerKnownMs, made };
    }
    const { made } = known;
    try {
      await made;
    } catch (error) {
      if (known?.made === made) known = undefined;
      throw error;
    }
  };
}

/** A blob's own signature, to read and write it (spec/messaging 8.1: `sr=b`, `sp=rw`). */
function uploadSas(
  what: Pick<AzureBlobsOptions, "containerName" | "clock"> & {
    readonly credential: StorageSharedKeyCredential;
    readonly blobName: string;
    readonly expiresAtMs: number;
  },
): string {
  const { containerName, clock, credential, blobName, expiresAtMs } = what;
  const values = {
    containerName,
    blobName,
    permissions: BlobSASPermissions.parse("rw"),
    protocol: SASProtocol.Https,
    startsOn: new Date(clock.now() - clockSkewMs),
    expiresOn: new Date(expiresAtMs),
  };
  return `?${generateBlobSASQueryParameters(values, credential).toString()}`;
}

async function findBlob(
  container: ContainerClient,
  blobName: string,
  { account, hostName }: AzureBlobsOptions,
): Promise<BlobInfo | undefined> {
  const blob = container.getBlobClient(blobName);
  try {
    const found = await blob.getProperties({ abortSignal: AbortSignal.timeout(callTimeoutMs) });
    const uri = `https://${hostName(undefined)}${blob.url.slice(account.endpoint.length)}`;
    return { uri, sizeInBytes: found.contentLength ?? 0, lastModifiedMs: found.lastModified?.getTime() ?? 0 };
  } catch (error) {
    // No such blob, or not even its container.
    if (storageFailure(error).status === 404) return undefined;
    throw error;
  }
}
