import type { Logger } from "pino";
import type { HubDeps } from "../../core/hub/hub.ts";
import type { Clock } from "../../core/ports.ts";
import { createContinuations } from "./continuation.ts";
import { openQueries } from "./open-queries.ts";
import type { OpenViews } from "./open-views.ts";
import { createQueryIndexer } from "./query-indexer.ts";
import { openQueryWorkers } from "./query-workers.ts";

/** What queries are answered from. `strict` refuses what goes beyond IoT Hub's language. */
export type ServeQueriesOptions = {
  readonly file: string;
  readonly views: Pick<OpenViews, "readModel" | "feed" | "held">;
  readonly masterKey: Uint8Array;
  readonly strict: boolean;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Answers queries over this node's views in threads of their own, and keeps the indexes that they need. */
export function serveQueries(options: ServeQueriesOptions): AsyncDisposable & Pick<HubDeps, "queries" | "nodeIndexes"> {
  const { file, views, masterKey, strict, clock, log } = options;
  const indexer = createQueryIndexer({ ...views, file, clock, log });
  const answers = openQueryWorkers({ file, onPage: indexer.note });
  return {
    queries: openQueries({ answers, continuations: createContinuations(masterKey), strict }),
    nodeIndexes: indexer.list,
    async [Symbol.asyncDispose]() {
      await answers[Symbol.asyncDispose]();
      await indexer[Symbol.asyncDispose]();
    },
  };
}
