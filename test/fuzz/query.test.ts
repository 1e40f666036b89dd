import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { Expression, Query, Span } from "../../query/ast.ts";
import { tokensOf } from "../../query/lexer.ts";
import { queryLimits } from "../../query/limits.ts";
import { parseTarget } from "../../query/parse-condition.ts";
import { parseQuery } from "../../query/parse-query.ts";
import { QueryError } from "../../query/query-error.ts";
import { deviceQueries } from "../support/query-appendix-b.ts";
import { appendixTargets, moduleAndJobQueries } from "../support/query-appendix-c.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 1_700;
/** So many texts in all instead, however long they take: `TWINSTREAM_FUZZ_RUNS=1000000`. */
const runs = Number(process.env.TWINSTREAM_FUZZ_RUNS ?? 0);
const parameters =
  runs > 0
    ? { numRuns: Math.ceil(runs / 3), endOnFailure: true }
    : { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true };

/** What one text may take of the processor, in milliseconds, all its parses together. */
const longestCase = 500;

const extended = [
  "SELECT DISTINCT TOP 3 status, tags.a FROM devices WHERE NOT tags.a LIKE '%x\\\\_' ORDER BY status DESC, tags.a OFFSET 2",
  "SELECT tags.a, COUNT() AS n FROM devices.modules GROUP BY tags.a HAVING n > 1 AND NOT a NIN [1, -2] ORDER BY n DESC",
  "SELECT AVG(tags.n) a, MIN(tags.n), MAX(tags.n), SUM(tags.n) FROM devices WHERE -(tags.n + 2) * 3 % 0x1F / 4 <= 1.5e-3",
  'SELECT * FROM devices WHERE tags.[[a b]] = "it\'s \\u00e9" /* why */ OR (properties.reported.$version <> null)',
  "SELECT * FROM devices.jobs WHERE devices.jobs.status NOT IN [true, undefined] ORDER BY jobId",
];
const seeds = [
  ...[...deviceQueries, ...moduleAndJobQueries].map(({ query }) => query),
  ...appendixTargets.map(({ target }) => target),
  ...extended,
];
/** What stands in none of the seeds. */
const strangers = [
  ["'", '"', "[[", "]]", "/*", "*/", "\\", "#", ";", "\u0000", "😀", "\uD800", "\n", "9".repeat(400), "0x", "1e999"],
  ["x".repeat(3000), "JOIN", "||", "??", "{", "}", "@", "$body", "group", "devices", "devices.jobs.", "__proto__"],
].flat();
const tokens = [...new Set(seeds.flatMap((seed) => tokensOf(seed).map(({ image }) => image))), ...strangers];

/** The processor's time so far, in milliseconds: other work on the machine does not count. */
function worked(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The text that took longest. */
let slowest = { ms: 0, text: "" };

/** A text gives a query or a QueryError whose places are in it, and gives it soon; the strict language is the smaller one. */
function answered(text: string): void {
  const began = worked();
  const strict = outcome(() => parseQuery(text, { strict: true }), text, 0);
  const lax = outcome(() => parseQuery(text), text, 0);
  outcome(() => parseTarget(text), text, 40);
  const ms = worked() - began;
  if (ms > slowest.ms) slowest = { ms, text };
  assert.ok(ms < longestCase, `${ms} ms`);
  if (strict) assert.deepEqual(lax, strict);
  if (lax) checkQuery(lax);
}

function outcome<Result>(parse: () => Result, text: string, prefix: number): Result | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error));
    const { start, end, line, column, message } = error;
    assert.ok(start >= 0 && start <= end && end <= text.length + prefix, `${start} to ${end}`);
    assert.ok(line >= 1 && column >= 1 && column <= start + 1);
    assert.ok(message.length < 250 && message.isWellFormed(), message);
    return undefined;
  }
}

function checkQuery({ text, where, having, select, orderBy }: Query): void {
  const whole = { start: 0, end: text.length };
  if (where) checkPlaces(where, whole, 1);
  if (having) checkPlaces(having, whole, 1);
  assert.ok(orderBy.length <= queryLimits.orderBy);
  if (select.kind === "items") assert.equal(new Set(select.items.map(({ name }) => name)).size, select.items.length);
}

/** Each node stands inside the one above it, and none too deep. */
function checkPlaces(expression: Expression, within: Span, level: number): void {
  const { span } = expression;
  assert.ok(span.start >= within.start && span.start < span.end && span.end <= within.end);
  assert.ok(level <= queryLimits.depth);
  for (const part of partsOf(expression)) checkPlaces(part, span, level + 1);
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "path":
    case "aggregate":
      return [];
    case "not":
    case "negate":
      return [expression.operand];
    case "and":
    case "or":
      return expression.operands;
    case "compare":
    case "arithmetic":
      return [expression.left, expression.right];
    case "in":
    case "like":
      return [expression.value];
    case "call":
      return expression.args;
  }
}

function fuzz(t: TestContext, texts: fc.Arbitrary<string>): void {
  slowest = { ms: 0, text: "" };
  let count = 0;
  const began = performance.now();
  const property = fc.property(texts, (text) => {
    count++;
    answered(text);
  });
  fc.assert(property, parameters);
  // What one text has left behind does not change how the next is read.
  assert.deepEqual(parseQuery("SELECT * FROM devices").select, { kind: "all" });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const worst = `${slowest.ms.toFixed(1)} ms for ${slowest.text.length} characters`;
  t.diagnostic(
    `${count} texts in ${seconds} s; the slowest took ${worst}: ${JSON.stringify(slowest.text.slice(0, 120))}`,
  );
}

const change = fc.record({
  at: fc.nat(),
  length: fc.nat(10),
  kind: fc.constantFrom("cut", "double", "put", "exchange", "letter", "bracket", "repeat"),
  put: fc.constantFrom(...tokens),
  letter: fc.nat(0x17f),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** Changes the tokens of a text at some place. A repeated stretch can make it far too long. */
function changed(pieces: readonly string[], { at, length, kind, put, letter }: Change): string[] {
  const start = pieces.length === 0 ? 0 : at % pieces.length;
  const before = pieces.slice(0, start);
  const taken = pieces.slice(start, start + length);
  const rest = pieces.slice(start + length);
  switch (kind) {
    case "cut":
      return [...before, ...rest];
    case "double":
      return [...before, ...taken, ...taken, ...rest];
    case "put":
      return [...before, put, ...taken, ...rest];
    case "exchange":
      return [...before, ...rest, ...taken];
    case "letter":
      return [...before, taken.join(" ").replace(/.$/u, String.fromCharCode(letter)), ...rest];
    case "bracket":
      return [...before, "(", ...taken, ")", ...rest];
    case "repeat":
      return [...before, ...Array.from({ length: at % 300 }, () => taken).flat(), ...rest];
  }
}

const glue = fc.constantFrom(" ", " ", " ", "", "\n", "/**/");
const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 6 }), glue)
  .map(([seed, changes, between]) => {
    const pieces = changes.reduce<readonly string[]>(
      changed,
      tokensOf(seed).map(({ image }) => image),
    );
    return pieces.join(between).slice(0, queryLimits.length + 100);
  });

// spec/query-language 4, 11
test("a query with changes is answered or refused, soon and with a place", (t) => {
  fuzz(t, mutated);
});

test("any row of tokens is answered or refused, soon and with a place", (t) => {
  const prefix = fc.constantFrom("", "SELECT ", "SELECT * FROM devices WHERE ", "SELECT tags.a FROM devices GROUP BY ");
  const row = fc.array(fc.constantFrom(...tokens), { maxLength: 80, size: "max" });
  fuzz(
    t,
    fc.tuple(prefix, row, glue).map(([start, pieces, between]) => start + pieces.join(between)),
  );
});

test("any text is answered or refused, soon and with a place", (t) => {
  const prefix = fc.constantFrom("", "SELECT * FROM devices WHERE ");
  const bytes = fc.uint8Array({ maxLength: 300, size: "max" }).map((all) => Buffer.from(all).toString("latin1"));
  const units = fc.uint16Array({ maxLength: 40, size: "max" }).map((all) => String.fromCharCode(...all));
  const repeated = fc
    .tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), fc.nat(8300))
    .map(([piece, length]) => piece.repeat(Math.ceil(length / piece.length)));
  const noise = fc.oneof(
    { arbitrary: bytes, weight: 5 },
    { arbitrary: units, weight: 4 },
    { arbitrary: repeated, weight: 1 },
  );
  fuzz(
    t,
    fc.tuple(prefix, noise).map(([start, text]) => start + text),
  );
});
