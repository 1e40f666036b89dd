import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComparisonOperator } from "../../../query/ast.ts";
import { compareText } from "../../../query/code-points.ts";
import {
  arithmetic,
  canonicalText,
  compareValues,
  comparisonWith,
  looksLikeTime,
  orderGroups,
  orderValues,
  type Value,
} from "../../../query/values.ts";

const operators: readonly ComparisonOperator[] = ["=", "!=", "<", "<=", ">", ">="];

const [less, equal, greater] = ["ft tt ff", "tf ft ft", "ft ff tt"].map((row) => row.replaceAll(" ", ""));
const equalOnly = "tf----";
const unequalOnly = "ft----";
const never = "------";

/** The results of `a operator b` in the order of `operators`: t, f, or - for undefined. */
const table: readonly (readonly [a: Value, b: Value, results: string | undefined])[] = [
  [1, 2, less],
  [2, 2, equal],
  [-0, 0, equal],
  [10, 9, greater],
  ["10", "9", less],
  ["a", "B", greater],
  ["wifi", "wifi", equal],
  ["\uffff", "😀", less],
  ["", "a", less],
  [false, true, less],
  [true, true, equal],
  ["300", 60, never],
  [1, true, never],
  ["true", true, never],
  [null, null, equalOnly],
  [null, "a", unequalOnly],
  [0, null, unequalOnly],
  [null, false, unequalOnly],
  [null, undefined, never],
  [undefined, undefined, never],
  [undefined, 1, never],
  [{}, {}, never],
  [[1], [1], never],
  [null, {}, never],
  ["a", ["a"], never],
  ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000Z", equal],
  ["2026-11-20T10:00:00.0000001Z", "2026-11-20T10:00:00Z", greater],
  ["2026-11-20T11:00:00+02:00", "2026-11-20T10:00:00Z", less],
  ["2026-11-20", "2026-11-20T00:00:00Z", equal],
  ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", equal],
  ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.x", greater],
];

const letters = (results: readonly (boolean | undefined)[]): string =>
  results.map((result) => (result === undefined ? "-" : result ? "t" : "f")).join("");

// spec/query-language 6
for (const [a, b, results] of table) {
  test(`${JSON.stringify(a)} and ${JSON.stringify(b)} compare as ${results}`, () => {
    assert.equal(letters(operators.map((operator) => compareValues(operator, a, b))), results);
    assert.equal(letters(operators.map((operator) => comparisonWith(operator, b)(a))), results);
  });
}

test("Times are those texts that compare as instants", () => {
  assert.equal(looksLikeTime("2026-11-20"), true);
  assert.equal(looksLikeTime("2026-11-20T10:00:00.1234567Z"), true);
  assert.equal(looksLikeTime("20 November"), false);
});

test("Arithmetic knows finite numbers only", () => {
  assert.equal(arithmetic("+", 1, 2), 3);
  assert.equal(arithmetic("-", 1, 2), -1);
  assert.equal(arithmetic("*", 3, 0.5), 1.5);
  assert.equal(arithmetic("/", 7, 2), 3.5);
  assert.equal(arithmetic("%", -7, 2), -1);
  assert.equal(arithmetic("%", 5.5, 2), 1.5);
  assert.equal(arithmetic("/", 1, 0), undefined);
  assert.equal(arithmetic("%", 1, 0), undefined);
  assert.equal(arithmetic("*", 1e308, 10), undefined);
  for (const other of [undefined, null, "1", true, [1], {}]) {
    assert.equal(arithmetic("+", other, 1), undefined);
    assert.equal(arithmetic("+", 1, other), undefined);
  }
});

test("Results are ordered by type, then by value; objects and arrays share the last place", () => {
  const ordered: Value[] = [undefined, null, false, true, -1, 0, 2, 10, "", "10", "2", "B", "a", "\uffff", "😀", {}];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) assert.equal(Math.sign(orderValues(a, b)), Math.sign(i - j));
  }
  assert.equal(orderValues({ a: 1 }, [2]), 0);
  assert.ok(orderGroups({ a: 1 }, { a: 2 }) < 0);
  assert.ok(orderGroups([2], { a: 1 }) < 0);
  assert.equal(orderGroups({ a: 1, b: 2 }, { b: 2, a: 1 }), 0);
});

test("A canonical text is the same for the same JSON value only", () => {
  assert.equal(canonicalText({ b: [1, { d: null, c: "x" }], a: -0 }), '{"a":0,"b":[1,{"c":"x","d":null}]}');
  assert.equal(canonicalText(JSON.parse('{"__proto__":{"b":1,"a":2}}')), '{"__proto__":{"a":2,"b":1}}');
  const texts = [undefined, null, 1, "1", true, "true", [], {}, "[]", "null", ""].map(canonicalText);
  assert.equal(new Set(texts).size, texts.length);
});

test("Texts are ordered by code point, half a pair of surrogates too", () => {
  const ordered = [
    "",
    "a",
    "a\u0000",
    "ab",
    "b",
    "\ud7ff",
    "\ud83d",
    "\ud83da",
    "\udc00",
    "\ue000",
    "\uffff",
    "😀",
    "😀a",
    "😁",
  ];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) {
      assert.equal(Math.sign(compareText(`x${a}`, `x${b}`)), Math.sign(i - j), JSON.stringify([a, b]));
    }
  }
});
