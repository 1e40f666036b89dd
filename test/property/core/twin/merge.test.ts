import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isJsonObject, type Json, type JsonObject } from "../../../../core/json.ts";
import { difference } from "../../../../core/twin/diff.ts";
import { applyMergePatch, removalOf } from "../../../../core/twin/merge.ts";
import { patch, section } from "./json-arbitraries.ts";

/** Every value below an object, arrays' elements too, itself first. */
function* everyValue(value: Json): Generator<Json> {
  yield value;
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) yield* everyValue(inner);
}

// spec/twins-methods-jobs 4, RFC 7396 §2
test("Merging a patch twice is merging it once", () => {
  fc.assert(
    fc.property(section, patch, (values, change) => {
      const once = applyMergePatch(values, change);
      assert.deepStrictEqual(applyMergePatch(once, change), once);
    }),
  );
});

test("Null is never stored, and no prototype is touched", () => {
  fc.assert(
    fc.property(section, patch, (values, change) => {
      for (const value of everyValue(applyMergePatch(values, change))) {
        assert.notEqual(value, null);
        if (isJsonObject(value)) assert.equal(Object.getPrototypeOf(value), Object.prototype);
      }
      assert.deepStrictEqual(Object.keys(Object.prototype), []);
    }),
  );
});

/** The value that each member should have, told member by member instead of by building a document. */
function assertMember(key: string, values: JsonObject, change: JsonObject, merged: JsonObject): void {
  const old = Object.hasOwn(values, key) ? values[key] : undefined;
  const wanted = Object.hasOwn(change, key) ? change[key] : undefined;
  const now = Object.hasOwn(merged, key) ? merged[key] : undefined;
  if (wanted === undefined) assert.deepStrictEqual(now, old);
  else if (wanted === null) assert.equal(now, undefined);
  else if (isJsonObject(wanted)) {
    assert.ok(isJsonObject(now));
    const from = isJsonObject(old) ? old : {};
    for (const inner of Object.keys({ ...from, ...wanted, ...now })) assertMember(inner, from, wanted, now);
  } else assert.deepStrictEqual(now, wanted);
}

test("Each member is the patch's where the patch has one, and the old one elsewhere", () => {
  fc.assert(
    fc.property(section, patch, (values, change) => {
      const merged = applyMergePatch(values, change);
      for (const key of Object.keys({ ...values, ...change, ...merged })) assertMember(key, values, change, merged);
    }),
  );
});

test("Merging into nothing, nothing into something, and the removal of all", () => {
  fc.assert(
    fc.property(section, (values) => {
      assert.deepStrictEqual(applyMergePatch({}, values), values);
      assert.deepStrictEqual(applyMergePatch(values, {}), values);
      assert.deepStrictEqual(applyMergePatch(values, removalOf(values)), {});
    }),
  );
});

test("A document goes through JSON and back unchanged, whatever its keys", () => {
  fc.assert(
    fc.property(section, patch, (values, change) => {
      const merged = applyMergePatch(values, change);
      assert.deepStrictEqual(JSON.parse(JSON.stringify(merged)), merged);
    }),
  );
});

// spec/twins-methods-jobs 4: what a device is told after PUT
test("Merging the difference into the old section gives the new one", () => {
  fc.assert(
    fc.property(section, section, (before, after) => {
      assert.deepStrictEqual(applyMergePatch(before, difference(before, after)), after);
    }),
  );
});

test("A difference names every key of the old and the new section, and no other", () => {
  fc.assert(
    fc.property(section, section, (before, after) => {
      const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
      assert.deepStrictEqual(new Set(Object.keys(difference(before, after))), keys);
    }),
  );
});
