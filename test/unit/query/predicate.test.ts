import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../../core/json.ts";
import type { Expression } from "../../../query/ast.ts";
import { parseCondition } from "../../../query/parse-condition.ts";
import { compilePredicate } from "../../../query/predicate.ts";

const row = JSON.parse(`{
  "deviceId": "dev-01",
  "tags": {
    "n": 5, "zero": 0, "text": "Edge gateway", "percent": "100%", "yes": true, "no": false, "nil": null,
    "object": { "a": 1 }, "list": [1, "a", null, [2]], "empty": [],
    "time": "2026-11-20T10:00:00.0000000Z", "__proto__": { "a": 1 }, "0": "zero"
  },
  "properties": { "desired": { "n": 5, "$version": 5 }, "reported": { "n": 5.0, "$metadata": { "$lastUpdated": "x" } } }
}`) as JsonObject;

/** The condition's own value, told by which of it and its negation find the row. */
function truthOf(condition: string): boolean | undefined {
  const where = parse(condition);
  const negated: Expression = { kind: "not", operand: where, span: where.span };
  if (compilePredicate(where)(row)) return true;
  return compilePredicate(negated)(row) ? false : undefined;
}

function parse(condition: string): Expression {
  const where = parseCondition(condition, { collection: "devices" });
  assert.ok(where, condition);
  return where;
}

// spec/query-language 6
const conditions: readonly (readonly [value: boolean | undefined, ...conditions: string[]])[] = [
  [
    true,
    "true",
    "tags.yes",
    "tags.n = 5",
    "5 = tags.n",
    "6 > tags.n",
    "tags.n <> 6",
    "properties.desired.n = properties.reported.n",
    "properties.desired.$version = 5",
    "tags.nil = null",
    "tags.nil != 'x'",
    "tags.time = '2026-11-20T10:00:00Z'",
    "'2026-11-20' < tags.time",
    "tags.n + 1 = 6",
    "tags.n * 2 - 1 = 9",
    "tags.n / 2 = 2.5",
    "-tags.n = -5",
    "-tags.n % 3 = -2",
    "not tags.no",
    "tags.no or tags.yes",
    "tags.missing = 1 or tags.yes",
    "tags.n in [1, 5]",
    "tags.n nin [1, '5']",
    "tags.n not in [1]",
    "tags.nil in [null]",
    "tags.nil nin [1]",
    "tags.time in ['x', '2026-11-20T10:00:00Z']",
    "is_defined(tags.n)",
    "is_defined(tags.nil)",
    "is_defined(tags.object)",
    "is_defined(tags.empty)",
    "not is_defined(tags.missing)",
    "not is_defined(tags.text.length)",
    "not is_defined(tags.constructor)",
    "not is_defined(tags.list.length)",
    "is_defined(tags.__proto__)",
    "tags.__proto__.a = 1",
    "startswith(tags.text, 'Edge')",
    "startswith(tags.text, '')",
    "not startswith(tags.text, 'edge')",
    "array_contains(tags.list, 'a')",
    "array_contains(tags.list, null)",
    "not array_contains(tags.list, 2)",
    "not array_contains(tags.empty, 1)",
    "array_contains(tags.list, tags.n - 4)",
    "tags.text like '%gate%'",
    "tags.text not like 'gate%'",
    "tags.percent like '1__\\\\%'",
  ],
  [
    false,
    "false",
    "tags.no",
    "tags.n != 5",
    "tags.nil = 'x'",
    "tags.yes and tags.no",
    "tags.missing = 1 and tags.no",
    "tags.n in ['5', null]",
    "tags.nil in [0, '']",
    "tags.time nin ['2026-11-20T10:00:00Z']",
    "is_defined(tags.missing)",
    "tags.text like 'edge%'",
  ],
  [
    undefined,
    "null",
    "undefined",
    "'true'",
    "1",
    "tags.n",
    "tags.nil",
    "tags.object",
    "tags.list",
    "not tags.n",
    "not tags.missing",
    "tags.missing = 1",
    "tags.missing != 1",
    "tags.missing = null",
    "tags.missing = undefined",
    "undefined = undefined",
    "tags.n = '5'",
    "tags.n != '5'",
    "tags.yes = 1",
    "tags.nil < 1",
    "tags.nil <= null",
    "tags.object = 1",
    "tags.object != null",
    "tags.object = tags.object",
    "tags.text + 'x' = 'Edge gatewayx'",
    "tags.n / tags.zero > 0",
    "tags.n % tags.zero = 0",
    "-tags.text = 1",
    "tags.missing = 1 or tags.no",
    "tags.missing = 1 and tags.yes",
    "tags.n and tags.yes",
    "tags.missing in [1]",
    "tags.missing nin [1]",
    "tags.missing in [undefined]",
    "tags.object in [1]",
    "tags.list nin [1]",
    "startswith(tags.n, '5')",
    "startswith(tags.text, tags.missing)",
    "startswith(tags.text, null)",
    "array_contains(tags.text, 'E')",
    "array_contains(tags.missing, 1)",
    "array_contains(tags.list, tags.missing)",
    "array_contains(tags.list, tags.list)",
    "tags.n like '5'",
    "tags.missing not like '5'",
  ],
];

for (const [value, ...texts] of conditions) {
  for (const text of texts) {
    test(`${text} is ${value}`, () => assert.equal(truthOf(text), value));
  }
}

test("A condition of many operands is settled by any of them", () => {
  assert.equal(truthOf("tags.missing = 1 or tags.no or tags.n or tags.yes"), true);
  assert.equal(truthOf("tags.yes and tags.missing = 1 and tags.n and tags.no"), false);
  assert.equal(truthOf("tags.yes and tags.n = 5 and is_defined(tags.n)"), true);
});

test("No key finds what JavaScript objects inherit", () => {
  const empty: JsonObject = { tags: {} };
  for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
    assert.equal(compilePredicate(parse(`is_defined(tags.${key})`))(empty), false, key);
    assert.equal(compilePredicate(parse(`is_defined(tags.${key}.name)`))(empty), false, key);
  }
});

test("What only routing conditions have is refused when compiled", () => {
  const span = { start: 0, end: 0 };
  const one: Expression = { kind: "literal", value: 1, span };
  for (const expression of [
    { kind: "path", source: "body", steps: ["a"], span },
    { kind: "arithmetic", operator: "??", left: one, right: one, span },
    { kind: "call", name: "lower", args: [one], span },
    { kind: "aggregate", name: "count", argument: undefined, span },
  ] as const satisfies readonly Expression[]) {
    assert.throws(() => compilePredicate(expression), TypeError);
  }
});

test("A predicate holds for one document at a time", () => {
  const passes = compilePredicate(parse("tags.n > 1 and tags.n < 3"));
  const found = ([1, 2, 3, "2", null, [2]] satisfies Json[]).filter((n) => passes({ tags: { n } }));
  assert.deepEqual(found, [2]);
});
