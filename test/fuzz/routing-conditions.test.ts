import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { QueryError } from "../../query/query-error.ts";
import { compileRoute, faultsOfRoute } from "../../query/routing/compile-route.ts";
import { routeMessage } from "../support/route-messages.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 2_000;
/** What one condition may take, reading and evaluating, on a machine that is busy with other tests. */
const maxDurationMs = 2_000;
const parameters = { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true } as const;

const message = routeMessage({
  application: {
    key1: "value1",
    key2: "3",
    Level: "critical",
    valueless: null,
    ["__proto__"]: "x",
    long: "a".repeat(10_000),
  },
  system: { contentType: "application/json", connectionDeviceId: "dev-1" },
  body: JSON.parse('{"a":{"b":[{"c":1},2,"2017-03-09T00:00:00Z"],"t":"text"},"yes":true,"n":null,"__proto__":{"x":1}}'),
  twin: { tags: { a: "1", A: 2 }, properties: { desired: {}, reported: { x: [1] } } },
});

const good = [
  "key1 = 'value1' AND as_number(key2) > 2.5e0 OR NOT IS_DEFINED($connectionModuleId)",
  "(opType = \"updateTwin\" OR opType <> 'x') AND IS_DEFINED($body.a.b[0].c)",
  "$body.a.b[1] * 2 - 1 >= 3 AND $body.yes",
  "substring(key1, 1, length('\\u0041b')) || lower(LEVEL) != concat('a', \"b\", none)",
  "{$contentType} = 'application/json' AND ($twin.tags.a ?? 'x') = '1' /* why */",
  "-(3 % 0x1F) < abs(-7) AND power(2, 10) <= exp(3) / 0",
  "not (null or undefined) or is_null($body.n) or $body = null",
  "contains(long, upper('aaaaaaa')) = (index_of(long, 'b') < 0)",
];
const tokens = [
  "( ) , { } + - * / % || ?? = != <> < <= > >= AND or Not true false null undefined TRUE",
  "0 1 -2 .5 1e9 1e999 0xFF 'a' \"b\" '' 'a\\'b' '\\u0041' key1 KEY1 none",
  "$contentType $x {$x} $body $body.a $body.a.b[0].c $body.yes $twin.tags.a $body[0] $body.a[]",
  "/* */ /* ; @ [ ] \\ ' \" $ ! & é 😀 \u0000 == && in abs(",
  "length( concat( substring( is_defined( as_number( is_null( power( nope(",
].flatMap((line) => line.split(" "));

/** Each text is refused with a QueryError whose place is in it, or has a value for the message; soon, either way. */
function refusedOrEvaluated(text: string): void {
  const began = performance.now();
  const faults = faultsOfRoute(text);
  try {
    const route = compileRoute(text);
    assert.deepEqual(faults, []);
    const value = route.evaluate(message);
    assert.ok(value === true || value === false || value === undefined);
    assert.equal(route.matches(message), value === true);
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error));
    assert.notEqual(faults.length, 0);
    assert.ok(error.start >= 0 && error.start <= error.end && error.end <= text.length, `${error.start}-${error.end}`);
    assert.ok(error.message.length < 2000 || text.length > 1000);
  }
  const duration = performance.now() - began;
  assert.ok(duration < maxDurationMs, `${duration} ms`);
}

const sequence = fc.array(fc.constantFrom(...tokens), { maxLength: 60 });
const change = fc.record({
  at: fc.nat(),
  length: fc.nat(12),
  kind: fc.constantFrom("cut", "double", "put", "repeat"),
  put: fc.constantFrom(...tokens),
});

function damage(
  text: string,
  { at, length, kind, put }: { at: number; length: number; kind: string; put: string },
): string {
  const index = at % (text.length + 1);
  const [before, behind] = [text.slice(0, index), text.slice(index)];
  if (kind === "cut") return before + behind.slice(length);
  if (kind === "double") return before + behind.slice(0, length) + behind;
  return before + (kind === "put" ? put : `${put} `.repeat(length * 20)) + behind;
}

// spec/query-language 14
test("Random texts", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(fc.property(text, refusedOrEvaluated), parameters);
});

test("Random tokens", () => {
  const text = fc.tuple(sequence, fc.constantFrom("", " ")).map(([parts, between]) => parts.join(between));
  fc.assert(fc.property(text, refusedOrEvaluated), parameters);
});

test("Good conditions that were damaged", () => {
  const text = fc
    .tuple(fc.constantFrom(...good), fc.array(change, { maxLength: 4 }))
    .map(([condition, changes]) => changes.reduce(damage, condition));
  fc.assert(fc.property(text, refusedOrEvaluated), parameters);
});

test("Tokens repeated to the longest condition there may be, and beyond", () => {
  const text = fc
    .tuple(fc.array(fc.constantFrom(...tokens), { minLength: 1, maxLength: 4 }), fc.constantFrom("", " "), fc.nat(9000))
    .map(([parts, between, length]) => {
      const unit = parts.join(between) + between;
      return unit === "" ? "" : unit.repeat(Math.ceil(length / unit.length));
    });
  fc.assert(fc.property(text, refusedOrEvaluated), parameters);
});

test("The good conditions have a value", () => {
  for (const condition of good) assert.deepEqual(faultsOfRoute(condition), [], condition);
});
