import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settingsTable } from "../../../support/settings-table.ts";

const file = join(import.meta.dirname, "../../../../README.md");
const block = /(<!-- settings -->\n)[\s\S]*?(\n<!-- \/settings -->)/;

// `UPDATE_README=1 npm test -- test/unit/adapters/settings` writes the table anew after a change of the schema.
test("the README lists every setting as the schema says", () => {
  const text = readFileSync(file, "utf8");
  assert.match(text, block);
  const wanted = text.replace(block, (_, start: string, end: string) => `${start}${settingsTable()}${end}`);
  if (process.env.UPDATE_README === "1") writeFileSync(file, wanted);
  assert.equal(readFileSync(file, "utf8"), wanted);
});
