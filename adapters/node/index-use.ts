import { canHaveIndex, type IndexedPath } from "../../core/query-index/query-index.ts";
import type { Query } from "../../query/ast.ts";
import { pathsToIndex } from "../../query/sql/paths-to-index.ts";

/** What is to be thought of a page. */
export type UseNote = { readonly due: IndexedPath | undefined; readonly isServed: boolean };

/** What the hub learns from the queries that it answers. */
export type IndexUse = {
  /**
   * Takes note of a page that took so long in its thread. Gives the path that an index is due on, one that three pages were
   * slow without within an hour, and whether an index that there is can serve the query.
   */
  note(query: Query, page: { readonly milliseconds: number; readonly now: number }): UseNote;
  /** When an index on this path was last of use, or due, in ms; 0 for never since the start. */
  readonly lastUse: (path: IndexedPath) => number;
};

/** A page that is slower than this has looked at many rows: a hundred thousand and more. */
export const slowMs = 50;
const pagesBefore = 3;
const forgottenAfterMs = 3_600_000;
/** Paths that are remembered at most. Any query may name others. */
const mostPaths = 1000;

/** Makes the memory of what queries used. `has` tells whether there is an index on a path. */
export function createIndexUse(has: (path: IndexedPath) => boolean): IndexUse {
  const lastUses = new Map<string, number>();
  const slow = new Map<string, readonly number[]>();
  return {
    note(query, { milliseconds, now }) {
      const useful = indexablePaths(query);
      const served = useful.filter(has);
      for (const path of served) remember(lastUses, keyOf(path), now);
      const [wanted] = useful;
      const isServed = served.length > 0;
      if (wanted === undefined || isServed || milliseconds < slowMs) return { due: undefined, isServed };
      const key = keyOf(wanted);
      const times = [...(slow.get(key) ?? []).filter((time) => time > now - forgottenAfterMs), now];
      remember(slow, key, times);
      if (times.length < pagesBefore) return { due: undefined, isServed };
      slow.delete(key);
      remember(lastUses, key, now);
      return { due: wanted, isServed };
    },
    lastUse: (path) => lastUses.get(keyOf(path)) ?? 0,
  };
}

function indexablePaths(query: Query): readonly IndexedPath[] {
  const { collection } = query;
  if (collection === "devices.jobs") return [];
  return pathsToIndex(query)
    .map((path) => ({ collection, path }))
    .filter(canHaveIndex);
}

const keyOf = ({ collection, path }: IndexedPath): string => JSON.stringify([collection, ...path]);

/** The oldest is forgotten for a new one. */
function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key);
  memory.set(key, value);
  const [oldest] = memory.keys();
  if (memory.size > mostPaths && oldest !== undefined) memory.delete(oldest);
}
