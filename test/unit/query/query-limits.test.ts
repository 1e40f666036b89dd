import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuery } from "../../../query/parse-query.ts";
import { QueryError } from "../../../query/query-error.ts";

// spec/query-language 4
test("a query has 8192 characters at most, and the rest is not looked at", () => {
  const longest = `SELECT * FROM devices WHERE a = '${"x".repeat(8192 - 34)}'`;
  assert.equal(longest.length, 8192);
  parseQuery(longest);
  const tooLong = "the text has 8193 characters: expected 8192 at most";
  assert.throws(() => parseQuery(`${longest} `), { message: `Line 1:8193 ${tooLong}`, start: 8192, end: 8193 });
  const began = performance.now();
  assert.throws(() => parseQuery("\uD800(".repeat(10_000_000)), QueryError);
  assert.ok(performance.now() - began < 1_000);
});

const query = (condition: string) => `SELECT * FROM devices WHERE ${condition}`;

test("a condition has 100 levels at most, whatever they are made of", () => {
  parseQuery(query(`${"(".repeat(100)}a${")".repeat(100)}`));
  parseQuery(query(`${"not ".repeat(99)}a`));
  parseQuery(query(`1${" + 1".repeat(99)}`));
  parseQuery(query(`a${" and b".repeat(1300)}`));
  parseQuery(query(`a in [1${", 1".repeat(2600)}]`));
  const deep = "the condition is nested too deeply: expected 100 levels at most";
  const tooDeep: readonly (readonly [string, number])[] = [
    [`${"(".repeat(101)}a${")".repeat(101)}`, 129],
    ["(".repeat(8000), 129],
    [`${"is_defined(".repeat(101)}a${")".repeat(101)}`, 29 + 100 * 11 + 10],
    [`${"not ".repeat(2000)}a`, 29 + 400],
    [`${"-".repeat(8000)}a`, 129],
    [`1${" + 1".repeat(100)}`, 29],
    [`1${"*1".repeat(4000)}`, 29],
  ];
  for (const [condition, column] of tooDeep) {
    assert.throws(() => parseQuery(query(condition)), { message: `Line 1:${column} ${deep}` }, condition.slice(0, 50));
  }
});

test("a query has 256 columns at most", () => {
  const columns = (length: number) => Array.from({ length }, (_, index) => `a${index}`).join();
  parseQuery(`SELECT ${columns(256)} FROM devices`);
  assert.throws(() => parseQuery(`SELECT ${columns(257)} FROM devices`), {
    message: /^Line 1:8 .*256 columns at most$/,
  });
});
