import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute, faultsOfRoute } from "../../../../query/routing/compile-route.ts";

const faults = (condition: string): string[] =>
  faultsOfRoute(condition).map(({ message, location: { start, end } }) => {
    assert.equal(start.line, 1);
    assert.equal(end.line, 1);
    return `${start.column}-${end.column} ${message}`;
  });

const binary = (operator: string, have: string, expected: string): string =>
  `Invalid operands to binary operator '${operator}': have ${have}, expected '${expected}' and '${expected}'`;

// spec/query-language 14: static typing
test("Operands whose types can't be right are refused at the operator", () => {
  const cases: Record<string, string> = {
    "severity > 3": `10-11 ${binary(">", "'string' and 'number'", "string")}`,
    "3 = none": `3-4 ${binary("=", "'number' and 'string'", "number")}`,
    "x + 1 = 2": `3-4 ${binary("+", "'string' and 'number'", "number")}`,
    "3 + '4' = 7": `3-4 ${binary("+", "'number' and 'string'", "number")}`,
    "x AND true": `3-6 ${binary("AND", "'string' and 'bool'", "bool")}`,
    "true or 3": `6-8 ${binary("or", "'bool' and 'number'", "bool")}`,
    "true or false or 3": `15-17 ${binary("or", "'bool' and 'number'", "bool")}`,
    "undefined and 'hello'": `11-14 ${binary("and", "'undefined' and 'string'", "bool")}`,
    "key = null": `5-6 ${binary("=", "'string' and 'null'", "string")}`,
    "null <> 3": `6-8 ${binary("<>", "'null' and 'number'", "null")}`,
    "key = undefined": `5-6 ${binary("=", "'string' and 'undefined'", "string")}`,
    "$body.a = undefined": `9-10 ${binary("=", "'unknown' and 'undefined'", "unknown")}`,
    "undefined != 3": `11-13 ${binary("!=", "'undefined' and 'number'", "undefined")}`,
    "undefined + undefined = 3": `11-12 ${binary("+", "'undefined' and 'undefined'", "number")}`,
    "'a' || 3 = 'a3'": `5-7 ${binary("||", "'string' and 'number'", "string")}`,
    "(key1 ?? 12.34) = 3": `7-9 ${binary("??", "'string' and 'number'", "string")}`,
    "key1 ?? 'hello' = 'value1'": `6-8 ${binary("??", "'string' and 'bool'", "string")}`,
    "(key1 ?? null) = 'a'": `7-9 ${binary("??", "'string' and 'null'", "string")}`,
    "not key1": "1-4 Invalid operands to unary operator 'not': have 'string', expected 'bool'",
    "NOT 3": "1-4 Invalid operands to unary operator 'NOT': have 'number', expected 'bool'",
    "-(key1) = 3": "1-2 Invalid operands to unary operator '-': have 'string', expected 'number'",
    "-(undefined) = 3": "1-2 Invalid operands to unary operator '-': have 'undefined', expected 'number'",
  };
  for (const [condition, fault] of Object.entries(cases)) assert.deepEqual(faults(condition), [fault], condition);
});

test("Functions refuse what they don't take, and there are no others", () => {
  const cases: Record<string, string> = {
    "as_number(true) = true": "1-10 Invalid arguments to built-in function 'as_number': as_number(bool)",
    "Abs( x ) = 1": "1-4 Invalid arguments to built-in function 'Abs': Abs(string)",
    "length(5) = 1": "1-7 Invalid arguments to built-in function 'length': length(number)",
    "concat('a') = 'a'": "1-7 Invalid arguments to built-in function 'concat': concat(string)",
    "concat() = 'a'": "1-7 Invalid arguments to built-in function 'concat': concat()",
    "concat('a', 'b', 3) = 'a'": "1-7 Invalid arguments to built-in function 'concat': concat(string, string, number)",
    "starts_with('a', null)": "1-12 Invalid arguments to built-in function 'starts_with': starts_with(string, null)",
    "contains('a', undefined)": "1-9 Invalid arguments to built-in function 'contains': contains(string, undefined)",
    "is_defined(1, 2)": "1-11 Invalid arguments to built-in function 'is_defined': is_defined(number, number)",
    "startswith(a, 'b')": "1-11 Invalid built-in function 'startswith'",
    "endswith(a, 'b')": "1-9 Invalid built-in function 'endswith'",
    "array_contains($body.a, 1)": "1-15 Invalid built-in function 'array_contains'",
    "TWIN_CHANGE_INCLUDES(tags.a)": "1-21 Invalid built-in function 'TWIN_CHANGE_INCLUDES'",
    "constructor()": "1-12 Invalid built-in function 'constructor'",
  };
  for (const [condition, fault] of Object.entries(cases)) assert.deepEqual(faults(condition), [fault], condition);
});

test("Every function has its number and types of arguments", () => {
  const texts = ["length", "lower", "upper"];
  const pairs = ["index_of", "starts_with", "ends_with", "contains"];
  const numbers = ["abs", "exp", "square", "ceiling", "floor", "sign", "sqrt"];
  const anything = [
    "is_defined",
    "is_null",
    "is_number",
    "is_string",
    "is_bool",
    "is_array",
    "is_object",
    "is_primitive",
  ];
  const good = [
    ...texts.map((name) => `${name}('a')`),
    ...pairs.map((name) => `${name}('a', b)`),
    ...numbers.map((name) => `${name}(1)`),
    ...[...texts, ...numbers, ...anything].map((name) => `${name}($body.a)`),
    ...anything.flatMap((name) =>
      ["null", "undefined", "true", "1", "'a'", "b", "b = 'c'"].map((arg) => `${name}(${arg})`),
    ),
    "power(1, $body.a)",
    "concat('a', b, $body.a, 'd')",
    "substring(b, 1)",
    "substring(b, 1, $twin.tags.a)",
    "as_number(b)",
    "as_number(1)",
    "as_number($body.a)",
  ];
  for (const call of good) assert.deepEqual(faults(call), [], call);
  const bad = [
    ...texts.flatMap((name) =>
      ["()", "(null)", "(undefined)", "(true)", "(1)", "('a', 'b')"].map((args) => name + args),
    ),
    ...pairs.flatMap((name) =>
      ["()", "('a')", "('a', 1)", "(1, 'a')", "(null, 'a')", "('a', 'b', 'c')"].map((args) => name + args),
    ),
    ...numbers.flatMap((name) =>
      ["()", "(null)", "(undefined)", "(true)", "('a')", "(b)", "(1, 2)"].map((args) => name + args),
    ),
    ...anything.flatMap((name) => ["()", "(1, 2)"].map((args) => name + args)),
    "power(1)",
    "power(1, b)",
    "power(null, 1)",
    "substring(1)",
    "substring('a')",
    "substring('a', 'b')",
    "substring('a', 1, 'b')",
    "as_number()",
    "as_number(null)",
    "as_number(undefined)",
    "as_number('1', '2')",
  ];
  for (const call of bad) assert.equal(faults(call).length, 1, call);
});

test("What is read from a body or twin is of any type", () => {
  const conditions = [
    "$body.a and true",
    "true and $body.a",
    "a = 'x' or $twin.tags.a",
    "not $body.a",
    "$body.a > 3 or $body.a > 'x' or $body.a = true or $body.a <> null",
    "3 < $body.a",
    "$body.a + $twin.tags.a > 'x'",
    "($body.a ?? 'x') = ($body.b ?? 3)",
    "-($body.a) < 3",
    "$body.a || 'x' = name",
    "$body",
    "$twin[0] > 3",
  ];
  for (const condition of conditions) assert.doesNotThrow(() => compileRoute(condition), condition);
});

test("Any type is a condition", () => {
  for (const condition of ["3", "'a'", "a", "null", "undefined", "true", "$body.a", "not undefined"]) {
    assert.doesNotThrow(() => compileRoute(condition), condition);
  }
});

test("All faults of types are told, and none that only follows from another", () => {
  assert.deepEqual(faults("(a + 1 = 2) and nope(b) = 3 and not c"), [
    `4-5 ${binary("+", "'string' and 'number'", "number")}`,
    "17-21 Invalid built-in function 'nope'",
    "33-36 Invalid operands to unary operator 'not': have 'string', expected 'bool'",
  ]);
});
