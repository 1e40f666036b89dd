import { Worker } from "node:worker_threads";
import type { RebuildProgress } from "../../projections/rebuild.ts";
import { labelOf, type RawEvent } from "../nats/event-codec.ts";
import type { JetStreamJournal } from "../nats/journal.ts";

/** What the worker is to build. */
export type RebuildOrder = { readonly file: string; readonly lastSequence: number };

/**
 * Events in columns: flat arrays of texts cross to another thread several times quicker than objects do. The headers are
 * read on this side, which has time left, and only as far as views need them.
 */
export type RebuildParcel = {
  readonly subjects: readonly string[];
  readonly sequences: Float64Array;
  readonly types: readonly string[];
  readonly versions: Float64Array;
  readonly times: readonly string[];
  readonly actors: readonly string[];
  readonly correlationIds: readonly string[];
  readonly texts: readonly string[];
};

/** What a rebuild came to. */
export type RebuildResult = { readonly events: number; readonly seconds: number };

/** What the worker says: after each parcel how far it is, and at the end what it came to. */
export type RebuildAnswer = { readonly progress?: RebuildProgress; readonly result?: RebuildResult };

/** What a rebuild needs; nothing may have `file` open. */
export type RebuildRequest = {
  readonly file: string;
  readonly journal: JetStreamJournal;
  readonly onProgress?: (progress: RebuildProgress) => void;
};

/** Parcels on their way to the worker at most: enough to keep it busy, few enough to bound the memory. */
const mostUnderWay = 4;

/** Young objects die young here; room for them saves most of the collector's work. */
const resourceLimits = { maxYoungGenerationSizeMb: 192 };

/**
 * Builds the views anew from the whole journal: this thread reads, another decodes and writes. Throws HubError of the
 * journal, and what the worker throws; the old views then stay as they were.
 */
export async function rebuildInWorker({ file, journal, onProgress }: RebuildRequest): Promise<RebuildResult> {
  const lastSequence = await journal.lastSequence();
  const workerData: RebuildOrder = { file, lastSequence };
  const worker = new Worker(new URL("./rebuild-worker.ts", import.meta.url), { workerData, resourceLimits });
  const finished = Promise.withResolvers<RebuildResult>();
  let underWay = 0;
  let roomMade = (): void => {};
  worker.on("error", finished.reject);
  worker.on("exit", () => finished.reject(new Error("the worker that rebuilds the views ended too early")));
  worker.on("message", ({ progress, result }: RebuildAnswer) => {
    if (result !== undefined) finished.resolve(result);
    if (progress === undefined) return;
    onProgress?.(progress);
    underWay -= 1;
    roomMade();
  });
  const feeding = (async () => {
    if (lastSequence === 0) return;
    for await (const batch of journal.rawBatches(0)) {
      worker.postMessage(parcelOf(batch));
      underWay += 1;
      if ((batch.at(-1)?.sequence ?? 0) >= lastSequence) return;
      if (underWay < mostUnderWay) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      roomMade = resolve;
      await promise;
    }
  })();
  try {
    // A worker that failed makes no room, so its failure must be heard while the feeding waits.
    feeding.catch(finished.reject);
    return await finished.promise;
  } finally {
    await worker.terminate();
  }
}

function parcelOf(batch: readonly RawEvent[]): RebuildParcel {
  const labels = batch.map(({ headerLines }) => labelOf(headerLines));
  return {
    subjects: batch.map(({ subject }) => subject),
    sequences: Float64Array.from(batch, ({ sequence }) => sequence),
    types: labels.map(({ type }) => type),
    versions: Float64Array.from(labels, ({ version }) => version),
    times: labels.map(({ time }) => time),
    actors: labels.map(({ actor }) => actor),
    correlationIds: labels.map(({ correlationId }) => correlationId),
    texts: batch.map(({ text }) => text),
  };
}
