import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { applyMergePatch, removalOf } from "../../../../core/twin/merge.ts";

// spec/twins-methods-jobs 4: PATCH. RFC 7396 §2 in examples of our own.
const examples: readonly { name: string; values: JsonObject; patch: JsonObject; merged: JsonObject }[] = [
  { name: "a new key is added", values: { fan: 1 }, patch: { lamp: 2 }, merged: { fan: 1, lamp: 2 } },
  { name: "a value takes the place of another", values: { fan: 1 }, patch: { fan: "on" }, merged: { fan: "on" } },
  { name: "null removes a key", values: { fan: 1, lamp: 2 }, patch: { fan: null }, merged: { lamp: 2 } },
  { name: "null for an unknown key does nothing", values: { fan: 1 }, patch: { lamp: null }, merged: { fan: 1 } },
  {
    name: "objects merge at every depth",
    values: { net: { wifi: { ssid: "a", on: true }, lte: 1 } },
    patch: { net: { wifi: { ssid: "b" } } },
    merged: { net: { wifi: { ssid: "b", on: true }, lte: 1 } },
  },
  {
    name: "null removes inside an object",
    values: { net: { a: 1, b: 2 } },
    patch: { net: { a: null } },
    merged: { net: { b: 2 } },
  },
  {
    name: "removing the last member leaves an empty object",
    values: { net: { a: 1 } },
    patch: { net: { a: null } },
    merged: { net: {} },
  },
  {
    name: "a new object of nulls is stored empty",
    values: {},
    patch: { net: { a: null, b: { c: null } } },
    merged: { net: { b: {} } },
  },
  {
    name: "a repeated object of nulls stays empty",
    values: { net: {} },
    patch: { net: { a: null } },
    merged: { net: {} },
  },
  { name: "arrays are replaced whole", values: { list: [1, 2, 3] }, patch: { list: [9] }, merged: { list: [9] } },
  {
    name: "an object takes the place of an array",
    values: { x: [1] },
    patch: { x: { a: 1 } },
    merged: { x: { a: 1 } },
  },
  {
    name: "an object takes the place of a text",
    values: { x: "t" },
    patch: { x: { a: 1, b: null } },
    merged: { x: { a: 1 } },
  },
  { name: "a leaf takes the place of an object", values: { x: { a: 1 } }, patch: { x: false }, merged: { x: false } },
  { name: "an empty patch changes nothing", values: { x: { a: 1 } }, patch: {}, merged: { x: { a: 1 } } },
  {
    name: "an empty object does not empty another",
    values: { x: { a: 1 } },
    patch: { x: {} },
    merged: { x: { a: 1 } },
  },
];

for (const { name, values, patch, merged } of examples) {
  test(`Merge patch: ${name}`, () => assert.deepStrictEqual(applyMergePatch(values, patch), merged));
}

test("Keys that exist keep their place and new ones follow in the patch's order", () => {
  const merged = applyMergePatch({ b: 1, a: 2, gone: 3 }, { d: 1, a: 9, gone: null, c: 1 });
  assert.deepStrictEqual(Object.keys(merged), ["b", "a", "d", "c"]);
});

test("The arguments are left as they were", () => {
  const values = { net: { a: 1 } };
  const patch = { net: { a: null, b: { c: null } } };
  applyMergePatch(values, patch);
  assert.deepStrictEqual(values, { net: { a: 1 } });
  assert.deepStrictEqual(patch, { net: { a: null, b: { c: null } } });
});

test("__proto__ is a property like any other and reaches no prototype", () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as JsonObject;
  const once = applyMergePatch({}, hostile);
  assert.equal(JSON.stringify(once), JSON.stringify(hostile));
  assert.equal(Object.getPrototypeOf(once), Object.prototype);
  assert.equal("polluted" in {}, false);

  const twice = applyMergePatch(once, JSON.parse('{"__proto__":{"polluted":null,"more":true}}') as JsonObject);
  assert.equal(JSON.stringify(twice), '{"__proto__":{"more":true},"constructor":{"prototype":{"polluted":1}}}');
  const removed = applyMergePatch(twice, JSON.parse('{"__proto__":null,"constructor":null}') as JsonObject);
  assert.equal(JSON.stringify(removed), "{}");
});

test("Inherited names are no members: a patch of toString adds one", () => {
  const patch = JSON.parse('{"toString":{"a":1},"hasOwnProperty":null}') as JsonObject;
  assert.equal(JSON.stringify(applyMergePatch({}, patch)), '{"toString":{"a":1}}');
});

// spec/twins-methods-jobs 4: `"desired": null` empties the section
test("The removal of a section names each of its keys as null", () => {
  const values = JSON.parse('{"a":1,"__proto__":{"b":2}}') as JsonObject;
  assert.equal(JSON.stringify(removalOf(values)), '{"a":null,"__proto__":null}');
  assert.deepStrictEqual(applyMergePatch(values, removalOf(values)), {});
});
