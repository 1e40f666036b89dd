import type { Versioned } from "../core/ports.ts";
import { evolveQueryIndexes, type QueryIndex, type QueryIndexEvent } from "../core/query-index/query-index.ts";
import { upsertSql } from "./columns.ts";
import type { Store } from "./store.ts";

/** The view of the indexes that operators asked for. */
export type QueryIndexList = {
  queryIndex(event: QueryIndexEvent, sequence: number): void;
  /** The indexes, oldest first. */
  readonly read: () => Versioned<readonly QueryIndex[]>;
};

// There is one row: sixteen indexes at most, and a sequence that has to stay when the last of them is gone.
const id = "hub";
const save = upsertSql("queryIndexes", { key: ["id"], columns: ["queryIndexes", "sequence"], jsonb: ["queryIndexes"] });
const load = "SELECT json(queryIndexes) AS queryIndexes, sequence FROM queryIndexes WHERE id = ?";

/** Makes the view over the table `queryIndexes`. */
export function createQueryIndexList(store: Store): QueryIndexList {
  const read = (): Versioned<readonly QueryIndex[]> => {
    const row = store.prepare(load).get(id);
    if (row === undefined) return { value: [], sequence: 0 };
    // The view wrote this column from indexes.
    return { value: JSON.parse(String(row.queryIndexes)) as readonly QueryIndex[], sequence: Number(row.sequence) };
  };
  return {
    queryIndex(event, sequence) {
      store.prepare(save).run(id, JSON.stringify(evolveQueryIndexes(read().value, event)), sequence);
    },
    read,
  };
}
