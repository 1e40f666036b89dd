import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "../../../../adapters/http/json-text.ts";
import { HubError } from "../../../../core/hub-error.ts";

const parse = (text: string) => parseJson(Buffer.from(text, "utf8"));
const reason = (expected: string) => (error: unknown) => error instanceof HubError && error.reason === expected;

test("JSON comes through as it is, brackets in texts do not count as nesting", () => {
  const text = `{"a":["${"[".repeat(100)}\\"[{",1.5,null,true],"ä":"\\u00e4"}`;
  assert.deepEqual(parse(text), JSON.parse(text));
  assert.deepEqual(parse("\ufeff[1]"), [1]);
});

// spec/http-api 11.3: 400006
test("what is no JSON, or no UTF-8, is a format error", () => {
  for (const text of ["", "{", "nul", '{"a":1}x', '"']) assert.throws(() => parse(text), reason("IotHubFormatError"));
  assert.throws(() => parseJson(Buffer.from([0x22, 0xff, 0x22])), reason("IotHubFormatError"));
});

test("64 levels are read, 65 are refused before they are parsed, a million too", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  assert.ok(parse(nested(64)));
  assert.throws(() => parse(nested(65)), reason("IotHubFormatError"));
  assert.throws(() => parse("[".repeat(1_000_000)), reason("IotHubFormatError"));
});

test("a key __proto__ is refused at any depth and however it is spelt, as a value it is fine", () => {
  assert.throws(() => parse('{"__proto__":{"x":1}}'), reason("ArgumentInvalid"));
  assert.throws(() => parse('[{"a":{"\\u005f_proto__":1}}]'), reason("ArgumentInvalid"));
  assert.deepEqual(parse('{"a":"__proto__","constructor":{"prototype":1}}'), {
    a: "__proto__",
    constructor: { prototype: 1 },
  });
});
