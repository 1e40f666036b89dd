import { parentPort, workerData } from "node:worker_threads";
import { HubError } from "../../core/hub-error.ts";
import { openQueryReader } from "../../projections/twin-query.ts";
import type { QueryAnswer, QueryOrder, QueryWorkerData } from "./query-workers.ts";
import { yieldToConnections } from "./yield-to-connections.ts";

/* A thread that answers queries, one after another, so that no scan holds up the loop that has the connections. */

const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");
yieldToConnections();
const reader = openQueryReader((workerData as QueryWorkerData).file);

function answerTo(order: QueryOrder): QueryAnswer {
  const started = performance.now();
  try {
    if (order.kind === "plan") return { kind: "plan", plan: reader.plan(order.query) };
    const page = reader.page(order.query, order.page);
    return { kind: "page", page, milliseconds: performance.now() - started };
  } catch (error) {
    if (!(error instanceof HubError)) return { kind: "failed", error };
    const { reason, message } = error;
    return { kind: "refused", reason, message };
  }
}

port.on("message", (order: QueryOrder) => port.postMessage(answerTo(order)));
