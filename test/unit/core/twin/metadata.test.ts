import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { type Stamp, stampAll, stampPatch } from "../../../../core/twin/metadata.ts";
import { at1, at2 } from "./twin-fixture.ts";

const old: Stamp = { $lastUpdated: at1, $lastUpdatedVersion: 2 };
const now: Stamp = { $lastUpdated: at2, $lastUpdatedVersion: 3 };
const before = stampAll({ net: { wifi: { ssid: "a", on: true }, lte: 1 }, fan: 1, list: [1, { a: 1 }] }, old);

// spec/twins-methods-jobs 2: every object and leaf has a stamp
test("A section written as a whole has the stamp on each object and leaf, and one for each array", () => {
  assert.deepStrictEqual(before, {
    ...old,
    net: { ...old, wifi: { ...old, ssid: old, on: old }, lte: old },
    fan: old,
    list: old,
  });
});

// spec/twins-methods-jobs 2: touched leaves and every ancestor up to the section root
test("A patch stamps what it names and the nodes above, siblings keep their stamps", () => {
  assert.deepStrictEqual(stampPatch(before, { net: { wifi: { ssid: "b" } } }, now), {
    ...now,
    net: { ...now, wifi: { ...now, ssid: now, on: old }, lte: old },
    fan: old,
    list: old,
  });
});

// spec/twins-methods-jobs 2: a removal stays visible in the parents
test("The node of a removed key goes and its parents are stamped", () => {
  assert.deepStrictEqual(stampPatch(before, { net: { wifi: { ssid: null, on: null } } }, now), {
    ...now,
    net: { ...now, wifi: now, lte: old },
    fan: old,
    list: old,
  });
});

test("A leaf that becomes an object, and an object that becomes a leaf, get nodes to match", () => {
  assert.deepStrictEqual(stampPatch(before, { net: 1, fan: { speed: 2 } }, now), {
    ...now,
    net: now,
    fan: { ...now, speed: now },
    list: old,
  });
});

test("An array is one node, though it holds objects", () => {
  assert.deepStrictEqual(stampPatch({}, { list: [{ a: { b: 1 } }] }, now), { ...now, list: now });
});

test("An empty patch stamps the root alone", () => {
  assert.deepStrictEqual(stampPatch(stampAll({ a: 1 }, old), {}, now), { ...now, a: old });
});

// spec/twins-methods-jobs 2: reported metadata has no $lastUpdatedVersion
test("A stamp without a version removes the root's version only where it is written", () => {
  assert.deepStrictEqual(stampPatch(stampAll({ a: 1 }, { $lastUpdated: at1 }), { b: 1 }, { $lastUpdated: at2 }), {
    $lastUpdated: at2,
    a: { $lastUpdated: at1 },
    b: { $lastUpdated: at2 },
  });
});

test("__proto__ has a node of its own", () => {
  const stamped = stampAll(JSON.parse('{"__proto__":{"a":1}}') as JsonObject, { $lastUpdated: at1 });
  assert.equal(
    JSON.stringify(stamped),
    `{"$lastUpdated":"${at1}","__proto__":{"$lastUpdated":"${at1}","a":{"$lastUpdated":"${at1}"}}}`,
  );
  assert.equal(Object.getPrototypeOf(stamped), Object.prototype);
});
