import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../../../../core/hub-error.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { checkSectionInput, type NullRule } from "../../../../core/twin/limits.ts";
import { nested } from "./twin-fixture.ts";

const accepts = (input: JsonObject, nulls: NullRule = "remove") =>
  assert.deepStrictEqual(checkSectionInput(input, nulls), input);

function refuses(input: JsonObject, message: string | RegExp, nulls: NullRule = "remove"): void {
  assert.throws(
    () => checkSectionInput(input, nulls),
    (error) => {
      assert.ok(error instanceof HubError);
      assert.equal(error.reason, "ArgumentInvalid");
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );
}

// spec/twins-methods-jobs 5: Key
test("A key may be 1024 bytes of UTF-8 long, not 1025", () => {
  accepts({ ["k".repeat(1024)]: 1, ["é".repeat(512)]: 1, ["😀".repeat(256)]: 1 });
  for (const key of ["k".repeat(1025), `${"é".repeat(512)}k`, `${"😀".repeat(256)}k`, "k".repeat(200_000)]) {
    refuses({ [key]: 1 }, /1024 bytes/);
  }
});

test("A key holds no control character, no '.', '$' or space, and is not empty", () => {
  for (const key of ["\u0000", "a\nb", "a\u007f", "\u0080", "a\u009f", "a.b", "$a", "a$", "a b", " "]) {
    refuses({ [key]: 1 }, "The name of a tag or property cannot contain control characters, '.', '$' or space.");
    refuses({ outer: { [key]: 1 } }, /cannot contain/);
    refuses({ list: [{ [key]: 1 }] }, /cannot contain/);
    refuses({ [key]: null }, /cannot contain/);
  }
  refuses({ "": 1 }, /cannot be empty/);
  refuses({ a: { "": 1 } }, /cannot be empty/);
});

test("Keys may hold '#', non-breaking space, quotes and letters of any script", () => {
  accepts({ "#": 1, "a\u00a0b": 1, '"': 1, "'": 1, "(x)": 1, 温度: 1, "ü-_%/\\": 1 });
});

test("Keys that JavaScript knows are keys like others", () => {
  const input = JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":2},"toString":3,"0":4}') as JsonObject;
  assert.equal(JSON.stringify(checkSectionInput(input, "remove")), JSON.stringify(input));
  refuses(JSON.parse('{"__proto__":{"a.b":1}}') as JsonObject, /cannot contain/);
});

test("Keys and texts with a lone surrogate are refused", () => {
  refuses(JSON.parse('{"a\\ud800":1}') as JsonObject, /valid Unicode/);
  refuses(JSON.parse('{"a":"\\udc00x"}') as JsonObject, /valid Unicode/);
});

// spec/twins-methods-jobs 5: String
test("A text may be 4096 bytes of UTF-8 long, not 4097, inside arrays too", () => {
  accepts({ a: "x".repeat(4096), b: "é".repeat(2048), c: ["x".repeat(4096)], d: "\u0001" });
  for (const text of ["x".repeat(4097), `${"é".repeat(2048)}x`, "x".repeat(250_000)]) {
    refuses({ a: text }, "Property or Tag value should be maximum 4096 bytes.");
    refuses({ a: { b: [text] } }, /4096 bytes/);
  }
});

// spec/twins-methods-jobs 5: Integer
test("Integers lie between -2^52 and 2^52 - 1", () => {
  accepts({ a: -4503599627370496, b: 4503599627370495, c: 0.1, d: -1e-300, e: 0 });
  for (const number of [-4503599627370497, 4503599627370496, 1e300]) refuses({ a: number }, /must be between/);
  refuses(JSON.parse('{"a":1e999}') as JsonObject, /must be between/);
  refuses(JSON.parse('{"a":[-1e999]}') as JsonObject, /must be between/);
});

// spec/twins-methods-jobs 5: Depth
test("Ten objects may be nested under a section, with a leaf in the tenth, not eleven", () => {
  accepts(nested(10));
  refuses(nested(11), "Tags and properties may be nested 10 levels deep at most.");
  refuses({ a: nested(10) }, /10 levels/);
});

test("An array counts as a level", () => {
  const arrays = (depth: number): Json => (depth === 0 ? 1 : [arrays(depth - 1)]);
  accepts({ a: arrays(10) });
  refuses({ a: arrays(11) }, /10 levels/);
});

test("A nesting of 100,000 levels is refused without following it", () => {
  for (const [open, close] of [
    ['{"a":', "}"],
    ["[", "]"],
    ['[{"a":', "}]"],
  ] as const) {
    const text = `{"a":${open.repeat(100_000)}1${close.repeat(100_000)}}`;
    refuses(JSON.parse(text) as JsonObject, /10 levels/);
  }
});

// spec/twins-methods-jobs 4: null inside an array, or a null member of an object inside an array
test("Null in an array is refused, with the name of the property", () => {
  const text = "Value of Property or Tag cannot be null. Error inProperty/Tag b";
  for (const nulls of ["remove", "refuse"] as const) {
    refuses({ a: [{ b: null }] }, text, nulls);
    refuses({ a: { b: [1, null] } }, text, nulls);
    refuses({ a: [{ c: { b: null } }] }, text, nulls);
  }
});

// spec/twins-methods-jobs 4: PUT refuses nulls
test("A replacement refuses null at any depth, a patch takes it", () => {
  const text = "Value of Property or Tag cannot be null. Error in Property/Tag my-tag";
  accepts({ "my-tag": null, a: { "my-tag": null } });
  refuses({ "my-tag": null }, text, "refuse");
  refuses({ a: { "my-tag": null } }, text, "refuse");
});

// spec/http-api 3.1: ignored input
test("$metadata and $version at the root are left out, elsewhere they are bad keys", () => {
  const echoed = { fan: 1, $metadata: { $lastUpdated: "x", fan: { $lastUpdated: null } }, $version: 7 };
  assert.deepStrictEqual(checkSectionInput(echoed, "refuse"), { fan: 1 });
  refuses({ fan: { $metadata: {} } }, /cannot contain/);
  refuses({ fan: { $version: 1 } }, /cannot contain/);
  refuses({ $etag: "x" }, /cannot contain/);
});
