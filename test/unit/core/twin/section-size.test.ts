import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../../../../core/hub-error.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { checkSize, type SectionName, sectionSize } from "../../../../core/twin/section-size.ts";

/** A section of exactly this size, in members of 1,000. */
function ofSize(size: number): JsonObject {
  const members = Array.from({ length: Math.floor(size / 1000) }, (_, i) => [`k${100 + i}`, "x".repeat(996)] as const);
  const rest = size % 1000;
  return { ...Object.fromEntries(members), ...(rest > 0 && { r: "x".repeat(rest - 1) }) };
}

const refused = (section: SectionName, before: JsonObject, after: JsonObject, message: string) =>
  assert.throws(
    () => checkSize(section, before, after),
    (error) =>
      error instanceof HubError && error.reason === "DeviceModelMaxPropertiesExceeded" && error.message === message,
  );

// spec/twins-methods-jobs 5: Size = Σ key + value
test("Texts count their characters, numbers 8, booleans 4, objects their members", () => {
  assert.equal(sectionSize({}).size, 0);
  assert.equal(sectionSize({ ab: "xyz" }).size, 5);
  assert.equal(sectionSize({ n: 1, t: true, f: false }).size, 9 + 5 + 5);
  assert.equal(sectionSize({ o: { ab: "x", e: {} } }).size, 1 + 3 + 1);
  assert.equal(sectionSize({ é: "温度" }).size, 3);
});

test("Control characters of a text are counted apart", () => {
  assert.deepStrictEqual(sectionSize({ a: "x\u0000\u001f\u0080\u009fy" }), { size: 3, controls: 4 });
});

test("An array counts its elements, and each of them something", () => {
  assert.equal(sectionSize({ a: ["xy", 1, true, { b: "z" }] }).size, 1 + 2 + 8 + 4 + 2);
  assert.equal(sectionSize({ a: [] }).size, 1);
  assert.equal(sectionSize({ a: ["", [], {}, [[]]] }).size, 1 + 4);
});

// spec/twins-methods-jobs 5: tags 8 KB, desired 32 KB, reported 32 KB
test("A section may be as large as its limit and no larger", () => {
  checkSize("tags", {}, ofSize(8192));
  checkSize("desired", {}, ofSize(32768));
  checkSize("reported", {}, ofSize(32768));
  refused("tags", {}, ofSize(8193), "'Tags' size should be less than 8192 bytes.");
  refused("desired", {}, ofSize(32769), "'Properties.Desired' size should be less than 32768 bytes.");
  refused("reported", {}, ofSize(32769), "'Properties.Reported' size should be less than 32768 bytes.");
});

// spec/twins-methods-jobs 5: only operations that would increase the section beyond the limit are refused
test("An oversize section may shrink or stay, not grow", () => {
  checkSize("tags", ofSize(9000), ofSize(9000));
  checkSize("tags", ofSize(9000), ofSize(8500));
  refused("tags", ofSize(9000), ofSize(9001), "'Tags' size should be less than 8192 bytes.");
});

test("Control characters cannot grow beyond the same limit", () => {
  const controls = (count: number) => ({ a: "\u0001".repeat(count) });
  checkSize("tags", {}, controls(8192));
  refused("tags", {}, controls(8193), "'Tags' size should be less than 8192 bytes.");
  checkSize("tags", controls(9000), controls(9000));
});
