import { parentPort, workerData } from "node:worker_threads";
import {
  createQueryIndex,
  dropQueryIndex,
  listQueryIndexes,
  refreshStatistics,
} from "../../projections/query-indexes.ts";
import { openIndexingStore } from "../../projections/store.ts";
import type { IndexAnswer, IndexOrder } from "./index-in-worker.ts";

/* Makes and drops indexes in the views, in a thread of its own: that takes seconds for a million twins. */

const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");
const { file, create, drop } = workerData as IndexOrder;
const store = openIndexingStore(file);
try {
  for (const indexed of drop) dropQueryIndex(store, indexed);
  for (const indexed of create) createQueryIndex(store, indexed);
  if (create.length === 0 && drop.length === 0) refreshStatistics(store);
  const answer: IndexAnswer = { indexes: listQueryIndexes(store) };
  port.postMessage(answer);
} finally {
  store.close();
}
