import type { SQLOutputValue } from "node:sqlite";
import type { IndexedPath } from "../core/query-index/query-index.ts";
import type { Collection, Query } from "../query/ast.ts";
import {
  type CompiledQuery,
  compileSql,
  type RowMember,
  type RowShape,
  type SqlPage,
} from "../query/sql/compile-sql.ts";
import type { SqlParameter } from "../query/sql/fragment.ts";
import { sqlFunctions } from "../query/sql/functions.ts";
import type { Position } from "../query/sql/position.ts";
import { mended } from "../query/sql/seam.ts";
import { indexesIn, listQueryIndexes } from "./query-indexes.ts";
import { openReadingStore, type Store } from "./store.ts";
import { readWholeRows, sources } from "./whole-rows.ts";

/** A page of a query's result: the JSON text of each row, and where the next page begins, if there is one. */
export type RowPage = { readonly rows: readonly string[]; readonly next?: Position };

/** How SQLite goes about a query: the statement, the steps of its plan in SQLite's words, and the indexes that they use. */
export type QueryPlan = {
  readonly sql: string;
  readonly steps: readonly string[];
  readonly indexes: readonly IndexedPath[];
};

/** Answers queries from the views, on a connection of its own. */
export type QueryReader = {
  /**
   * One page, as of one moment. Throws HubError `ArgumentInvalid` for a position of another query, and SQLite's error when
   * the file can't be read.
   */
  page(query: Query, page: SqlPage): RowPage;
  plan(query: Query): QueryPlan;
  close(): void;
};

/** Opens the views in `file`, which must exist, for queries. */
export function openQueryReader(file: string): QueryReader {
  const reading = openReadingStore(file, sqlFunctions);
  return {
    page(query, page) {
      const compiled = compileSql(query, sources[query.collection], page);
      return reading.snapshot(() => {
        const found = reading.all(compiled.sql, compiled.parameters);
        const rows = found.slice(0, compiled.limit);
        const last = found.length > rows.length ? rows.at(-1) : undefined;
        const given = (page.after?.given ?? 0) + rows.length;
        const texts = textsOf(reading.store, query.collection, { rows, shape: compiled.row });
        return last === undefined ? { rows: texts } : { rows: texts, next: { given, after: placeOf(last, compiled) } };
      });
    },
    plan(query) {
      const { sql, parameters } = compileSql(query, sources[query.collection], { limit: 100 });
      // Only a statement that runs notices that indexes have come or gone.
      const indexes = listQueryIndexes(reading.store);
      // The fourth column tells a step (sqlite.org/eqp.html).
      const steps = reading.all(`EXPLAIN QUERY PLAN ${sql}`, parameters).map((row) => String(row[3]));
      return { sql, steps, indexes: indexesIn(steps, indexes) };
    },
    close: () => reading.store.close(),
  };
}

type Row = readonly SQLOutputValue[];

const placeOf = (row: Row, { place }: CompiledQuery): readonly SqlParameter[] =>
  place.map((column) => {
    const value = row[column];
    return typeof value === "string" || typeof value === "number" ? value : null;
  });

type Found = { readonly rows: readonly Row[]; readonly shape: RowShape };

/** The JSON texts of rows. */
function textsOf(store: Store, collection: Collection, { rows, shape }: Found): readonly string[] {
  switch (shape.kind) {
    case "text":
      return rows.map((row) => mended(String(row[shape.column])));
    case "members":
      return rows.map((row) => textOfMembers(row, shape.members));
    case "key": {
      const keys = rows.map((row) => shape.columns.map((column) => String(row[column])));
      return readWholeRows(store, collection, keys);
    }
  }
}

function textOfMembers(row: Row, members: readonly RowMember[]): string {
  const texts = members.flatMap(({ name, rank, value }) => {
    const text = textOfValue(row[rank], row[value]);
    return text === undefined ? [] : `${JSON.stringify(name)}:${text}`;
  });
  return `{${texts.join(",")}}`;
}

/** The JSON text of a value of some class (`rank`); undefined has none. */
function textOfValue(rank: SQLOutputValue | undefined, value: SQLOutputValue | undefined): string | undefined {
  if (rank === 1) return "null";
  if (rank === 2) return value === 1 ? "true" : "false";
  if (rank === 3 || rank === 4) return JSON.stringify(value);
  return rank === 5 ? String(value) : undefined;
}
