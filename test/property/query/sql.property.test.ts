import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { createQueryIndex } from "../../../projections/query-indexes.ts";
import { openStore } from "../../../projections/store.ts";
import { openQueryReader, type QueryReader } from "../../../projections/twin-query.ts";
import type { Query } from "../../../query/ast.ts";
import { runQuery } from "../../../query/run-in-memory.ts";
import type { Position } from "../../../query/sql/position.ts";
import { clearFleet, writeFleet } from "../../support/query-fleet.ts";
import { temporaryFolder } from "../../support/views.ts";
import { fleet } from "./fleet-arbitraries.ts";
import { query } from "./query-arbitraries.ts";

/** Queries for each test; more in a long run: `TWINSTREAM_FUZZ_RUNS=100000`. */
const numRuns = Number(process.env.TWINSTREAM_FUZZ_RUNS ?? 500);

/** All pages of a query, as a caller follows them. */
function allRows(reader: QueryReader, asked: Query, limit: number): unknown[] {
  const rows: string[] = [];
  let after: Position | undefined;
  do {
    const page = reader.page(asked, { limit, after });
    assert.ok(page.rows.length <= limit);
    assert.ok(page.next === undefined || page.rows.length > 0, "a page that is not the last has rows");
    rows.push(...page.rows);
    // As a token carries it.
    after = page.next && (JSON.parse(JSON.stringify(page.next)) as Position);
  } while (after !== undefined);
  return rows.map((text) => JSON.parse(text));
}

const indexedPaths = ["tags.a", "tags.a.a", "properties.reported.a", "properties.desired.b", "configurations.a.status"];

for (const collection of ["devices", "devices.modules"] as const) {
  for (const withIndexes of [false, true]) {
    const title = `over ${collection} ${withIndexes ? "with" : "without"} indexes, SQL gives what the query means, page by page`;
    test(title, (t: TestContext) => {
      const file = join(temporaryFolder(t), "views.db");
      const { store } = openStore(file);
      const reader = openQueryReader(file);
      t.after(() => {
        reader.close();
        store.close();
      });
      for (const dotted of withIndexes ? indexedPaths : []) {
        createQueryIndex(store, { collection, path: dotted.split(".") });
      }
      const limit = fc.integer({ min: 1, max: 5 });
      fc.assert(
        fc.property(fleet(collection === "devices.modules"), query(collection), limit, (members, asked, size) => {
          clearFleet(store);
          const documents = writeFleet(store, members);
          assert.deepEqual(allRows(reader, asked, size), JSON.parse(JSON.stringify(runQuery(asked, documents))));
        }),
        { numRuns },
      );
    });
  }
}
