import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "../../../../query/parse-query.ts";
import { pathsToIndex } from "../../../../query/sql/paths-to-index.ts";

const pathsOf = (rest: string): readonly string[] =>
  pathsToIndex(parseQuery(`SELECT ${rest.includes("GROUP") ? "COUNT()" : "*"} FROM devices ${rest}`)).map((steps) =>
    steps.join("."),
  );

test("equality comes before ranges, and these before groups", () => {
  assert.deepEqual(pathsOf("WHERE tags.a > 1 AND 'x' = tags.b GROUP BY tags.c"), ["tags.b", "tags.a", "tags.c"]);
});

test("lists, prefixes, patterns with a beginning and conditions of one path count", () => {
  const where = "WHERE tags.a IN [1] AND STARTSWITH(tags.b, 'x') AND tags.c LIKE 'x%' AND tags.d";
  assert.deepEqual(pathsOf(where), ["tags.a", "tags.d", "tags.b", "tags.c"]);
});

test("what leaves nearly all rows, or may be left out, does not count", () => {
  const where = "WHERE tags.a != 1 AND tags.b NOT IN [1] AND NOT tags.c = 1 AND (tags.d = 1 OR tags.e = 1)";
  assert.deepEqual(pathsOf(`${where} AND tags.f LIKE '%x' AND tags.g = tags.h AND tags.i + 1 = 2`), []);
});
