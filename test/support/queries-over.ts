import { createContinuations } from "../../adapters/node/continuation.ts";
import { openQueries } from "../../adapters/node/open-queries.ts";
import type { Queries } from "../../core/queries.ts";
import { openQueryReader } from "../../projections/twin-query.ts";
import type { Scope } from "./suite-scope.ts";

/** Queries over views in a file, answered in the test's own thread. */
export function queriesOver(scope: Scope, file: string, { strict = false }: { strict?: boolean } = {}): Queries {
  const reader = openQueryReader(file);
  scope.after(() => reader.close());
  return openQueries({
    answers: { page: async (query, page) => reader.page(query, page), plan: async (query) => reader.plan(query) },
    continuations: createContinuations(new Uint8Array(32).fill(7)),
    strict,
  });
}
