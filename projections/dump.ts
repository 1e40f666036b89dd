import { createHash } from "node:crypto";
import type { SQLOutputValue } from "node:sqlite";
import { viewTables } from "./schema.ts";
import type { Store } from "./store.ts";

/**
 * Every row of every view, a line each, in a fixed order and to the byte: two stores that applied the same events give the
 * same lines, however the events were batched. A line is the table's name and a JSON array of the values; JSONB is shown
 * as `x` and its bytes in hexadecimal. Lines hold sealed keys: they are for comparing, not for logs.
 */
export function* dumpViews(store: Store): Iterable<string> {
  for (const { name, key } of viewTables) {
    const rows = store.prepare(`SELECT * FROM ${name} ORDER BY ${key.join(", ")}`).iterate();
    for (const row of rows) yield `${name} ${JSON.stringify(Object.values(row).map(shown))}`;
  }
}

/** SHA-256 over the dump, in hexadecimal. */
export function hashViews(store: Store): string {
  const hash = createHash("sha256");
  for (const line of dumpViews(store)) hash.update(`${line}\n`);
  return hash.digest("hex");
}

const shown = (value: SQLOutputValue): SQLOutputValue =>
  value instanceof Uint8Array ? `x${Buffer.from(value).toString("hex")}` : value;
