import { Worker } from "node:worker_threads";
import type { IndexedPath } from "../../core/query-index/query-index.ts";

/** What a worker is to do with the indexes for queries in the views of `file`; nothing means to count them through anew. */
export type IndexOrder = {
  readonly file: string;
  readonly create: readonly IndexedPath[];
  readonly drop: readonly IndexedPath[];
};

/** The indexes for queries that there are then. */
export type IndexAnswer = { readonly indexes: readonly IndexedPath[] };

/**
 * Makes and drops indexes in a thread of its own, or with nothing to make or drop sees to it that SQLite knows how many
 * twins there are now (`refreshStatistics`). Gives all indexes that there are then. Nobody else may write the views until it
 * is done. Throws what the worker throws.
 */
export async function indexInWorker(workerData: IndexOrder): Promise<readonly IndexedPath[]> {
  const worker = new Worker(new URL("./index-worker.ts", import.meta.url), { workerData });
  const { promise, resolve, reject } = Promise.withResolvers<IndexAnswer>();
  worker.on("message", resolve);
  worker.on("error", reject);
  worker.on("exit", () => reject(new Error("the worker that makes indexes ended too early")));
  try {
    return (await promise).indexes;
  } finally {
    await worker.terminate();
  }
}
