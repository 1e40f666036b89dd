import type { Collection } from "../query/ast.ts";
import { objectText } from "../query/sql/object-text.ts";
import { mended } from "../query/sql/seam.ts";
import type { SqlSource } from "../query/sql/source.ts";
import { jobTables } from "./job-tables.ts";
import type { Store } from "./store.ts";
import { deviceTables, moduleTables } from "./twin-tables.ts";

/** How the rows of each collection lie in the views. */
export const sources: Readonly<Record<Collection, SqlSource>> = {
  devices: deviceTables,
  "devices.modules": moduleTables,
  "devices.jobs": jobTables,
};

/**
 * The JSON texts of whole rows, by their keys and in the order of these: the same documents that `twinDocument` and
 * `deviceJobDocument` of core make. SQLite writes them from what it has, which takes a fraction of the time that building
 * the documents from parsed rows takes. A key without a row is left out.
 */
export const readWholeRows = (
  store: Store,
  collection: Collection,
  keys: readonly (readonly string[])[],
): readonly string[] =>
  store
    .prepare(statements[collection])
    .all(JSON.stringify(keys.map((key) => (key.length === 1 ? key[0] : key))))
    .map(({ document }) => mended(String(document)));

const statements: Readonly<Record<Collection, string>> = {
  devices: statementOf(deviceTables),
  "devices.modules": statementOf(moduleTables),
  "devices.jobs": statementOf(jobTables),
};

function statementOf({ members, tables }: SqlSource): string {
  const { place, from, where, key } = tables(members.map((member) => [member]));
  const document = objectText(members.map((name) => ({ name, place: place([name]) })));
  const isWanted = key.map(
    (column, at) => `${column} = ${key.length === 1 ? "wanted.value" : `wanted.value ->> ${at}`}`,
  );
  // The keys come first whatever the planner thinks: each row is then found by its own.
  return `SELECT ${document} AS document FROM json_each(?) AS wanted CROSS JOIN ${from}
    WHERE ${[...where, ...isWanted].join(" AND ")} ORDER BY wanted.key`;
}
