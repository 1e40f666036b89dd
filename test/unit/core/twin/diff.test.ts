import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { difference } from "../../../../core/twin/diff.ts";

// spec/twins-methods-jobs 4: after PUT, a diff against the old document by key existence
test("{a,b} replaced by {a,c} tells a and c with their values and b as null", () => {
  assert.deepStrictEqual(difference({ a: 1, b: 2 }, { a: 1, c: 3 }), { a: 1, c: 3, b: null });
});

test("Objects on both sides are compared in the same way", () => {
  assert.deepStrictEqual(difference({ net: { a: 1, b: { c: 1, d: 2 } }, gone: { x: 1 } }, { net: { b: { c: 5 } } }), {
    net: { b: { c: 5, d: null }, a: null },
    gone: null,
  });
});

test("Where either side is no object the new value stands whole", () => {
  assert.deepStrictEqual(difference({ x: 1, y: { a: 1 }, z: [1, 2] }, { x: { a: 1 }, y: [2], z: { b: 1 } }), {
    x: { a: 1 },
    y: [2],
    z: { b: 1 },
  });
});

test("An emptied section is told key by key", () => {
  assert.deepStrictEqual(difference({ a: 1, b: {} }, {}), { a: null, b: null });
  assert.deepStrictEqual(difference({}, {}), {});
});

test("__proto__ is compared as a key", () => {
  const hostile = JSON.parse('{"__proto__":{"a":1}}') as JsonObject;
  assert.equal(JSON.stringify(difference(hostile, {})), '{"__proto__":null}');
  assert.equal(JSON.stringify(difference({}, hostile)), '{"__proto__":{"a":1}}');
});
