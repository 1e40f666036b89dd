import fc from "fast-check";
import type { Json, JsonObject } from "../../../../core/json.ts";

/** Few keys, so that patches meet what is there, among them those that JavaScript objects inherit. */
const key = fc.constantFrom("a", "b", "c", "0", "温度", "__proto__", "constructor", "toString");

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constantFrom("", "x", "😀", "on"),
  fc.array(fc.oneof(fc.integer(), fc.constant<Json>({ a: 1 })), { maxLength: 3 }),
);

/** Built by entries, since an assignment to `__proto__` would be lost. */
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> =>
  fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));

const nestedOver = (leaves: fc.Arbitrary<Json>, depth: number): fc.Arbitrary<Json> =>
  depth === 0 ? leaves : fc.oneof(leaves, objectOf(nestedOver(leaves, depth - 1)));

/** The values of a section: no null in it. */
export const section = objectOf(nestedOver(leaf, 3));

/** A merge patch: as a section, with nulls at any depth. */
export const patch = objectOf(nestedOver(fc.oneof({ weight: 2, arbitrary: leaf }, fc.constant(null)), 3));
