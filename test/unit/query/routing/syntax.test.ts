import assert from "node:assert/strict";
import { test } from "node:test";
import { QueryError } from "../../../../query/query-error.ts";
import { compileRoute, faultsOfRoute } from "../../../../query/routing/compile-route.ts";
import { parseRoute } from "../../../../query/routing/parse-route.ts";
import { conditionValue, conditionValues, routeMessage, sameValues } from "../../../support/route-messages.ts";

const message = routeMessage({
  application: {
    "a+b": "sum",
    "3-4": "dashes",
    "x||y": "bars",
    "p!": "shout",
    "-key": "minus",
    TRUE: "capitals",
    and1: "one",
    "iothub-interface-id": "urn:x",
    type: "door",
    "a.b": "dot",
    "it's": "quote",
    notable: "note",
  },
});

// spec/query-language 14: lexing
test("Names end at the characters that IoT Hub does not allow in them, and nowhere else", () => {
  const conditions = [
    "a+b = 'sum'",
    "3-4 = 'dashes'",
    "x||y = 'bars'",
    "p!='shout'",
    "-key = 'minus'",
    "TRUE = 'capitals'",
    "and1 = 'one'",
    'iothub-interface-id="urn:x"',
    "type='door'",
    "a.b='dot'",
    "it's = 'quote'",
    "notable='note'",
  ];
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, true));
});

test("Numbers are decimal, with an exponent or hexadecimal, and signed where they stand alone", () => {
  const conditions = [
    "0x1F = 31",
    "0XfF = 255",
    "0xFFFFFFFFFFFFFFFF = -1",
    "-1 < 0",
    ".5 = 0.5",
    "-.5e1 = -5",
    "1E3 = 1000",
    "1e-2 = 0.01",
    "not is_defined(10e1000)",
    "not is_defined(0x10000000000000000)",
    "3 /2= 1.5",
  ];
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, true));
});

test("Texts are in either quotes, with escapes", () => {
  const conditions = [
    `'a\\'b' = "a'b"`,
    `"a\\"b" = 'a"b'`,
    "'\\\\' = \"\\\\\"",
    "'\\u0041\\u00e9' = 'Aé'",
    "'\\\\u0041' = concat('\\\\', 'u0041')",
    "'' = \"\"",
    "'/* text */' = concat('/*', ' text */')",
    "'two\nlines' = 'two\\u000alines'",
  ];
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, true));
});

test("Comments and blanks stand between tokens", () => {
  const conditions = ["/* a */true", "true/**/", "/* ' \" ( */ type\t=\r\n'door'", "1 = 1 /* * / ** */"];
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, true));
  for (const blank of ["", "  ", "\r\n\t", "/* nothing */"]) assert.equal(conditionValue(blank, message), undefined);
});

// spec/query-language 8
test("Operators bind as in IoT Hub, from left to right", () => {
  const conditions = [
    "2 + 3 * 4 = 14",
    "10 - 4 - 3 = 3",
    "100 / 10 / 5 = 2",
    "7 % 4 * 2 = 6",
    "1 + 1 < 3 = true",
    "2 > 1 = 3 > 2",
    "false = false and true",
    "true or true and false",
    "not false = true",
    "not (true = false)",
    "not not true",
    "- (2) + 5 = 3",
    "'a' || 'b' = 'ab'",
    "(undefined ?? undefined) = undefined ?? true",
    "(none ?? none ?? 'x') = 'x'",
  ];
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, true));
  assert.equal(conditionValue("(true or true) and false"), false);
});

test("NOT binds closer than a comparison", () => {
  assert.deepEqual(
    faultsOfRoute("NOT type = 'door'").map((fault) => fault.message),
    ["Invalid operands to unary operator 'NOT': have 'string', expected 'bool'"],
  );
});

test("Keywords and functions are case-insensitive, constants are not", () => {
  const conditions = ["true AND true", "true aNd true", "false OR true", "NoT false", "iS_sTrInG('a')"];
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, true));
  assert.equal(conditionValue("True"), undefined);
  assert.equal(conditionValue("is_defined(NULL)"), false);
});

test("A chain of AND or OR is one expression", () => {
  const parsed = parseRoute("a = 'x' and b = 'y' and c = 'z'");
  assert.ok(parsed?.tree.kind === "and");
  assert.equal(parsed.tree.operands.length, 3);
  assert.deepEqual(parsed.operators.get(parsed.tree), [
    { start: 8, end: 11 },
    { start: 20, end: 23 },
  ]);
});

const refusals: readonly (readonly [string, string, readonly [number, number, number, number]])[] = [
  // the messages that the spec has
  ["none = 'abc", "Syntax error: unterminated string", [1, 8, 1, 12]],
  ['"', "Syntax error: unterminated string", [1, 1, 1, 2]],
  ["'a\\n'", "Syntax error: unterminated string", [1, 1, 1, 6]],
  ["(2 + 22 = 24", "Syntax error: missing closing ')'", [1, 1, 1, 2]],
  ["as_number('2' = 24", "Syntax error: missing closing ')'", [1, 10, 1, 11]],
  ["(2 + 22 )) = 24", "Syntax error: unmatched closing ')'", [1, 10, 1, 11]],
  ["3 = @ 3", "Syntax error: invalid symbol '@'", [1, 5, 1, 6]],
  ["$body;@", "Syntax error: invalid symbol ';'", [1, 6, 1, 7]],
  ["$body.properties[1:2] = 1", "Syntax error: invalid symbol ':'", [1, 19, 1, 20]],
  // what they leave open
  ["test == true", "Syntax error: unexpected '=': expected a value", [1, 7, 1, 8]],
  ["a = 'x'\nand\n= 'y'", "Syntax error: unexpected '=': expected a value", [3, 1, 3, 2]],
  ["a = 'x' and", "Syntax error: unexpected the end: expected a value", [1, 12, 1, 12]],
  ["a b", "Syntax error: unexpected 'b': expected an operator or the end", [1, 3, 1, 4]],
  ["3 $ 4", "Syntax error: unexpected '$': expected an operator or the end", [1, 3, 1, 4]],
  ["3 -4 = -1", "Syntax error: unexpected '-4': expected an operator or the end", [1, 3, 1, 5]],
  ["deviceId in ['a']", "Syntax error: invalid symbol '['", [1, 13, 1, 14]],
  ["true && false", "Syntax error: unexpected '&&': expected an operator or the end", [1, 6, 1, 8]],
  ["length('a' 'b')", "Syntax error: unexpected ''b'': expected an operator, ',' or ')'", [1, 12, 1, 15]],
  ["length('a',) = 1", "Syntax error: unexpected ')': expected a value", [1, 12, 1, 13]],
  ["()", "Syntax error: unexpected ')': expected a value", [1, 2, 1, 3]],
  ["{name} = 'x'", "Syntax error: unexpected 'name': expected '$name'", [1, 2, 1, 6]],
  ["{$name = 'x'", "Syntax error: unexpected '=': expected '}'", [1, 8, 1, 9]],
  ["1 = 1 /* open", "Syntax error: unterminated comment", [1, 7, 1, 14]],
  ["'a'b = 'c'", "Syntax error: unexpected 'b': expected an operator or the end", [1, 4, 1, 5]],
];

test("What is no condition is refused with its place and what was expected there", () => {
  for (const [condition, text, [line, column, endLine, endColumn]] of refusals) {
    const location = { start: { line, column }, end: { line: endLine, column: endColumn } };
    assert.deepEqual(faultsOfRoute(condition), [{ message: text, severity: "error", location }], condition);
  }
});

test("A compiled condition that was refused names line, column and place", () => {
  assert.throws(
    () => compileRoute("a = 'x'\nand\n= 'y'"),
    (error: unknown) => {
      assert.ok(error instanceof QueryError);
      const { message: text, start, end, line, column } = error;
      assert.deepEqual(
        { text, start, end, line, column },
        { text: "Line 3:1 Syntax error: unexpected '=': expected a value", start: 12, end: 13, line: 3, column: 1 },
      );
      return true;
    },
  );
});

test("A condition that was refused does not disturb the next one", () => {
  for (const bad of ["$body.a[] = 1 and (", "f(1, $x[0])", "a = ", "nope(1)"])
    assert.throws(() => compileRoute(bad), QueryError);
  assert.equal(conditionValue("1 = 1"), true);
});

// spec/query-language 14: operands
test("A path has names with dots between and an index behind a name only", () => {
  const paths = [
    "$body.",
    "$body..a",
    "$body.a.",
    "$body.[0]",
    "$body.a[]",
    "$body.a[-1]",
    "$body.a[0][1]",
    "$body.a[0]b",
  ];
  for (const path of [...paths, "$body.a[x]", "$body.a]", "$twin.", "$twin.tags[", "$name[0]"]) {
    const [fault, ...others] = faultsOfRoute(`${path} = 1`);
    assert.deepEqual(others, []);
    assert.equal(fault?.message.startsWith(`Syntax error: invalid path '${path}': expected`), true, path);
    assert.deepEqual(fault?.location, { start: { line: 1, column: 1 }, end: { line: 1, column: path.length + 1 } });
  }
});
