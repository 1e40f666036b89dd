import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { compileLike } from "../../../query/like.ts";

const table: readonly (readonly [pattern: string, matching: readonly string[], other: readonly string[]])[] = [
  ["", [""], ["a"]],
  ["abc", ["abc"], ["ab", "abcd", "ABC", "xabc"]],
  ["a%", ["a", "abc"], ["ba", "A"]],
  ["%c", ["c", "abc", "cc"], ["cb"]],
  ["%b%", ["b", "abc"], ["", "ac"]],
  ["a%b%c", ["abc", "aXbYc", "abbcc", "abcbc"], ["acb", "ab"]],
  ["%%", ["", "a"], []],
  ["_", ["a", "😀", "\n"], ["", "ab"]],
  ["_%_", ["ab", "a😀b"], ["a", "😀"]],
  ["%aab", ["aab", "aaab", "aabaab"], ["aaba"]],
  ["100\\%", ["100%"], ["100", "1000", "100\\%"]],
  ["a\\_b", ["a_b"], ["axb"]],
  ["a\\\\", ["a\\"], ["a", "a\\\\"]],
  ["a\\", ["a\\"], ["a"]],
  ["a.*[x](", ["a.*[x]("], ["abx("]],
  ["%\ud83d%", ["\ud83d"], ["😀"]],
];

for (const [pattern, matching, other] of table) {
  test(`LIKE ${JSON.stringify(pattern)}`, () => {
    const like = compileLike(pattern);
    for (const text of matching) assert.equal(like(text), true, text);
    for (const text of other) assert.equal(like(text), false, text);
  });
}

test("The worst patterns over a long text end in time", () => {
  const start = performance.now();
  for (const pattern of [`${"%a".repeat(2000)}b`, `%${"a".repeat(2000)}b`, `${"%_a".repeat(1000)}b`]) {
    assert.equal(compileLike(pattern)("a".repeat(16_384)), false);
  }
  assert.ok(performance.now() - start < 5000);
});
