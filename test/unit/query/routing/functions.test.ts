import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionValues, routeMessage, sameValues } from "../../../support/route-messages.ts";

const message = routeMessage({
  application: { text: "value1", number: "3", empty: "", valueless: null },
  body: {
    text: "One Microsoft Way",
    number: -50.4,
    yes: true,
    nothing: null,
    list: [1, 2],
    object: { a: 1 },
    time: "2017-03-09T00:00:00.000Z",
  },
  twin: { tags: { floor: 4, plan: {}, at: "2017-03-09T00:00:00Z" }, properties: { desired: {}, reported: {} } },
});

function values(value: boolean | undefined, ...conditions: string[]): void {
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, value));
}

// spec/query-language 9, 14: functions
test("ABS, CEILING, FLOOR, SIGN, SQUARE, SQRT, EXP and POWER calculate with doubles", () => {
  values(
    true,
    "abs(-12) = 12",
    "abs($body.number) = 50.4",
    "ceiling(2.1) = 3",
    "ceiling(-2) = -2",
    "floor(2.9) = 2",
    "floor(-2.1) = -3",
    "sign(0) = 0",
    "sign(2.1) = 1",
    "sign($body.number) = -1",
    "sign(-3 / 0) = -1",
    "square(3) = 9",
    "sqrt(4) = 2",
    "exp(0) = 1",
    "abs(exp(1) - 2.718281) < 1e-6",
    "power(2, 3) = 8",
    "power(10, 4000) = 3/0",
    "abs(-3/0) = 3/0",
    "power($twin.tags.floor, 2) = 16",
  );
  values(undefined, "abs($body.text) = 1", "sqrt(-1) = 1", "power(-8, 1 / 3) = -2", "floor(as_number(text)) = 1");
});

test("AS_NUMBER reads text as .NET does, and leaves numbers alone", () => {
  values(
    true,
    "as_number(number) = 3",
    "as_number(as_number(number)) = 3",
    "as_number('10e10') = 10e10",
    "as_number(' -1.5E-1 ') = -0.15",
    "as_number('+7') = 7",
    "as_number('7-') = -7",
    "as_number('(7)') = -7",
    "as_number('1,234,567.5') = 1234567.5",
    "as_number('.5') = 0.5",
    "as_number('5.') = 5",
    "as_number('10000000000000000000000000') = 1e25",
    "as_number($body.number) = -50.4",
  );
  for (const text of ["", " ", "apple", "0x10", "1 2", "--1", "-1-", "(-1)", "(1", "1)", ".", "e5", "1e", "NaN"]) {
    values(undefined, `as_number('${text}') = 1`);
  }
  values(undefined, "as_number('1e1000') = 1/0", "as_number('Infinity') = 1/0");
  values(undefined, "as_number(valueless) = 1", "as_number(none) = 1", "as_number($body.yes) = 1");
  values(undefined, "as_number($body.nothing) = 1", "as_number($body.none) = 1", `as_number('${"1".repeat(401)}') > 1`);
});

test("LENGTH counts UTF-16 units", () => {
  values(true, "length('HELLO') = 5", "length('') = 0", "length('温😀') = 3", "length(text) = 6");
  values(undefined, "length(valueless) = 0", "length(none) = 0", "length($body.number) = 1", "length($body.none) = 0");
});

test("LOWER and UPPER change letter by letter, in no language", () => {
  values(
    true,
    "lower('HÉLLO') = 'héllo'",
    "upper(text) = 'VALUE1'",
    "upper('straße') = 'STRAßE'",
    "lower('ΟΔΟΣ') = 'οδοσ'",
    "lower('İ') = 'İ'",
    "upper('ı𐐨') = 'I𐐀'",
    "upper($body.text) = 'ONE MICROSOFT WAY'",
  );
  values(undefined, "lower(valueless) = ''", "upper(none) = ''", "upper($body.list) = ''");
});

test("SUBSTRING is undefined outside of the text", () => {
  values(
    true,
    "substring('abc', 1) = 'bc'",
    "substring('abc', 3) = ''",
    "substring('abc', 0) = 'abc'",
    "substring('abc', 1, 1) = 'b'",
    "substring('abc', 1, 0) = ''",
    "substring('hello', 1, 4) = 'ello'",
    "substring('hello', 4, 0) = ''",
    "substring('hello', 1.9) = 'ello'",
    "substring('hello', 1.5, 2.5) = 'el'",
    "substring($body.text, length($body.text) - 3) = 'Way'",
  );
  values(
    undefined,
    "substring('abc', -1) = ''",
    "substring('abc', 4) = ''",
    "substring('abc', 3, 0) = ''",
    "substring('abc', 1, 3) = ''",
    "substring('abc', 1, -1) = ''",
    "substring('abc', 1 % 0) = ''",
    "substring('abc', 1, 1 % 0) = ''",
    "substring('abc', 1 / 0) = ''",
    "substring(none, 0) = ''",
    "substring(valueless, 0, 0) = ''",
    "substring('abc', $body.text) = ''",
    "substring($body.number, 0) = ''",
  );
});

test("INDEX_OF, STARTS_WITH, ENDS_WITH and CONTAINS compare unit by unit", () => {
  values(
    true,
    "index_of('abcdef', 'cd') = 2",
    "index_of('abc', '') = 0",
    "index_of('abc', 'C') = -1",
    "starts_with('abc', 'ab')",
    "starts_with($body.text, 'One')",
    "ends_with(text, 'e1')",
    "ends_with('abc', '')",
    "contains('abc', 'b')",
    "contains($body.text, 'Microsoft')",
  );
  values(false, "starts_with('abc', 'AB')", "ends_with('abc', 'ab')", "contains('abc', 'x')");
  values(
    undefined,
    "starts_with(none, 'a')",
    "starts_with('a', none)",
    "ends_with(valueless, '')",
    "contains($body.number, '5')",
    "contains($body.none, '')",
    "index_of(none, '') = 0",
  );
});

test("CONCAT and || join texts; a property without a value is an empty one", () => {
  values(
    true,
    "concat('a', text, 'd') = 'avalue1d'",
    "'a' || 'b' || 'c' = 'abc'",
    "concat('a', valueless, 'd') = 'ad'",
    "'a' || valueless = 'a'",
    "concat($body.text, '!') = 'One Microsoft Way!'",
  );
  values(false, "is_defined(concat('a', none))", "is_defined('a' || none)", "is_defined('a' || $body.number)");
  values(
    false,
    "is_defined('a' || $body.nothing)",
    "is_defined('a' || $body.none)",
    "is_defined(concat('a', $body.list))",
  );
});

test("IS_DEFINED and IS_PRIMITIVE are about primitives only", () => {
  for (const name of ["is_defined", "is_primitive"]) {
    const calls = (...args: string[]): string[] => args.map((arg) => `${name}(${arg})`);
    values(true, ...calls("text", "empty", "valueless", "null", "1", "3 / 0", "false", "$body.nothing", "$body.yes"));
    values(true, ...calls("$twin.tags.floor", "$twin.tags.at", "text = 'x'"));
    values(false, ...calls("none", "undefined", "3 % 0", "none = 'x'", "$body.none", "$body.list", "$body.object"));
    values(false, ...calls("$body.time", "$body", "$twin.tags.plan", "$twin.tags.none", "$connectionModuleId"));
  }
});

test("IS_STRING, IS_NUMBER and IS_BOOL tell the type", () => {
  values(true, "is_string(text)", "is_string('')", "is_string($body.text)", "is_string('a' || 'b')");
  values(true, "is_number(1)", "is_number($body.number)", "is_number(as_number(number))");
  values(true, "is_bool(true)", "is_bool($body.yes)", "is_bool(text = 'x')");
  values(false, "is_string(none)", "is_string(valueless)", "is_string($body.time)", "is_string($body.none)");
  values(false, "is_number(number)", "is_number(3 / 0)", "is_number(3 % 0)", "is_number($body.nothing)");
  values(false, "is_bool(none = 'x')", "is_bool($body.text)", "is_bool(null)", "is_bool($body.none)");
});

test("IS_NULL is true of null and of what a body lacks", () => {
  values(true, "is_null(null)", "is_null(valueless)", "is_null($body.nothing)", "is_null($body.none)");
  values(true, "is_null(null and text = 'value1')", "is_null($twin.tags.none)");
  values(
    false,
    "is_null(none)",
    "is_null(1)",
    "is_null(3 % 0)",
    "is_null(none = 'x')",
    "is_null($body.text)",
    "is_null('')",
  );
  values(undefined, "is_null($body.list)", "is_null($body.time)");
});

test("IS_ARRAY and IS_OBJECT are about documents", () => {
  values(
    true,
    "is_array($body.list)",
    "is_object($body.object)",
    "is_object($twin.tags.plan)",
    "is_object($twin.tags)",
  );
  values(
    false,
    "is_array($body.object)",
    "is_array($body.none)",
    "is_array(text)",
    "is_array(null)",
    "is_array($body)",
  );
  values(false, "is_object($body.list)", "is_object($body.nothing)", "is_object($body.none)", "is_object(1)");
});
