import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import {
  AnonymousCredential,
  type BlobClient,
  ContainerClient,
  newPipeline,
  type RequestPolicyFactory,
} from "@azure/storage-blob";
import { HubError } from "../../core/hub-error.ts";
import type { BlobLines, CallerContainer } from "../../core/registry-job/caller-containers.ts";
import { connectingBy } from "./azure-blobs.ts";
import { jsonLines, withoutStalls } from "./json-lines.ts";
import type { AgentFor } from "./storage-agents.ts";
import { storageFailure } from "./storage-error.ts";
import type { StorageLog } from "./storage-log.ts";

/** Which container, and how it is reached. `uri` has the signature: a secret. */
export type SasContainerOptions = {
  readonly uri: string;
  readonly address: string;
  readonly agentFor?: AgentFor;
  readonly log: StorageLog;
};

/** For one request up to its answer, a block that it carries included. */
const requestTimeoutMs = 60_000;
/** For all that one small call needs, tries included. */
const callTimeoutMs = 15_000;
/** A body that stands still so long is given up. */
const stallTimeoutMs = 60_000;
const retryOptions = { maxTries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 4_000 };
/** A download that breaks off is taken up again where it was. */
const mostResumptions = 10;
/** 50,000 of these blocks, the most that a blob may have, are 200 GB. */
const blockBytes = 4_194_304;
const blocksAtOnce = 2;

const readFailure = "Failed to read a blob from the input container.";
const writeFailure = "Failed to write a blob to the output container.";

/** Opens a container; nothing is asked of it before the first call. */
export function openSasContainer({ uri, address, agentFor, log }: SasContainerOptions): CallerContainer {
  const pipeline = newPipeline(new AnonymousCredential(), { retryOptions });
  pipeline.factories.push(inTime);
  if (agentFor !== undefined) pipeline.factories.push(connectingBy(agentFor));
  const container = new ContainerClient(uri, pipeline);
  const asked = async <T>(failure: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      // The address may name a host that is nobody else's business: only the operator's log has it.
      log.warn(
        { ...storageFailure(error), container: address },
        "a container for devices refused the hub or can't be reached",
      );
      throw new HubError("BlobContainerValidationError", failure);
    }
  };
  const within = () => ({ abortSignal: AbortSignal.timeout(callTimeoutMs) });
  return {
    address,
    async checkReadable(blobName) {
      await asked(readFailure, () => container.getBlobClient(blobName).getProperties(within()));
    },
    async checkWritable() {
      const blob = container.getBlockBlobClient(`iothub-access-check-${randomUUID()}`);
      await asked(writeFailure, async () => {
        await blob.upload("", 0, within());
        await blob.delete(within());
      });
    },
    openLines: (blobName, { from, version, signal }) =>
      asked(readFailure, () => openLines(container.getBlobClient(blobName), { from, version, signal, asked })),
    async write(blobName, text, signal) {
      const source = pieces(text);
      const blob = container.getBlockBlobClient(blobName);
      const options = { abortSignal: signal, blobHTTPHeaders: { blobContentType: "text/plain; charset=utf-8" } };
      await asked(writeFailure, async () => {
        const upload = blob.uploadStream(
          Readable.from(source.bytes(), { objectMode: false }),
          blockBytes,
          blocksAtOnce,
          options,
        );
        await upload.catch((error: unknown) => {
          if (source.failure() === undefined) throw error;
        });
      });
      const failure = source.failure();
      if (failure !== undefined) throw failure.reason;
    },
    async startLog(blobName) {
      await asked(writeFailure, () => container.getAppendBlobClient(blobName).create(within()));
    },
    async appendLog(blobName, text) {
      const blob = container.getAppendBlobClient(blobName);
      await asked(writeFailure, () => blob.appendBlock(text, Buffer.byteLength(text), within()));
    },
  };
}

/** Bounds how long one try waits for its answer. */
const inTime: RequestPolicyFactory = {
  create: (next) => ({
    sendRequest(request) {
      request.timeout = requestTimeoutMs;
      return next.sendRequest(request);
    },
  }),
};

type Opening = {
  readonly from: number;
  readonly version: string | undefined;
  readonly signal: AbortSignal;
  readonly asked: <T>(failure: string, call: () => Promise<T>) => Promise<T>;
};

async function openLines(blob: BlobClient, { from, version, signal, asked }: Opening): Promise<BlobLines> {
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]);
  const conditions = version === undefined ? {} : { ifMatch: version };
  const { contentLength: sizeInBytes = 0, etag = "" } = await blob.getProperties({ abortSignal, conditions });
  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    if (from >= sizeInBytes) return;
    const options = { abortSignal: signal, conditions: { ifMatch: etag }, maxRetryRequests: mostResumptions };
    const { readableStreamBody } = await asked(readFailure, () => blob.download(from, undefined, options));
    const chunks = withoutStalls(readableStreamBody as Readable, stallTimeoutMs)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await asked(readFailure, () => chunks.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await chunks.return?.(undefined);
    }
  }
  return { sizeInBytes, version: etag, lines: jsonLines(bytes(), from) };
}

/** A text as bytes; what it throws is told apart from what the container does. */
function pieces(text: AsyncIterable<string>) {
  let failure: { readonly reason: unknown } | undefined;
  async function* bytes(): AsyncGenerator<Buffer, void, void> {
    try {
      for await (const piece of text) {
        yield Buffer.from(piece);
        // Pieces that are made without waiting would hold up everything else on this node.
        await turn();
      }
    } catch (reason) {
      failure = { reason };
      throw reason;
    }
  }
  return { bytes, failure: () => failure };
}
