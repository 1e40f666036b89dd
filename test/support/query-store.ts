import { join } from "node:path";
import type { TestContext } from "node:test";
import type { JsonObject } from "../../core/json.ts";
import { openStore, type Store } from "../../projections/store.ts";
import { openQueryReader, type QueryReader } from "../../projections/twin-query.ts";
import { parseQuery } from "../../query/parse-query.ts";
import type { Position } from "../../query/sql/position.ts";
import { temporaryFolder } from "./views.ts";

/** Views that are written beside a reader of queries. */
export type QueryStore = {
  readonly file: string;
  readonly store: Store;
  readonly reader: QueryReader;
  /** All rows of a query, by as many pages as it takes. */
  readonly rows: (text: string, limit?: number) => readonly JsonObject[];
};

/** Opens empty views for a test. */
export function openQueryStore(t: TestContext): QueryStore {
  const file = join(temporaryFolder(t), "views.db");
  const { store } = openStore(file);
  const reader = openQueryReader(file);
  t.after(() => {
    reader.close();
    store.close();
  });
  return {
    file,
    store,
    reader,
    rows(text, limit = 100) {
      const query = parseQuery(text);
      const texts: string[] = [];
      let after: Position | undefined;
      do {
        const page = reader.page(query, { limit, after });
        texts.push(...page.rows);
        after = page.next;
      } while (after !== undefined);
      return texts.map((row) => JSON.parse(row) as JsonObject);
    },
  };
}
