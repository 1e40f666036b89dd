import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ComparisonOperator, Expression } from "../../../query/ast.ts";
import { compileExpression } from "../../../query/evaluator.ts";
import { ofDocuments } from "../../../query/predicate.ts";
import {
  canonicalText,
  compareValues,
  comparisonWith,
  looksLikeTime,
  orderGroups,
  orderValues,
  type Value,
} from "../../../query/values.ts";
import { and, compare, isIn, literal, not, or, path } from "../../support/query-builders.ts";
import { constant, timePair, value } from "./value-arbitraries.ts";

const operators = ["=", "!=", "<", "<=", ">", ">="] as const;
const mirrored = { "=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;
const opposite = { "=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<" } as const;
const operator = fc.constantFrom<ComparisonOperator>(...operators);

const [a, b, c] = [path("a"), path("b"), path("c")];
const triple = fc.tuple(value, value, value);

/** The value of an expression over `a`, `b` and `c`. */
function evaluate(expression: Expression, [x, y, z]: readonly Value[]): Value {
  const members = Object.entries({ a: x, b: y, c: z }).flatMap(([key, found]) =>
    found === undefined ? [] : [[key, found]],
  );
  return compileExpression(expression, ofDocuments)(Object.fromEntries(members));
}

/** Both expressions have the same value, whatever `a`, `b` and `c` are. */
const agree = (one: Expression, other: Expression): void =>
  fc.assert(fc.property(triple, (values) => assert.equal(evaluate(one, values), evaluate(other, values))));

// spec/query-language 6: three-valued logic
test("AND and OR do not care for order, grouping or repetition", () => {
  agree(and(a, b), and(b, a));
  agree(or(a, b), or(b, a));
  agree(and(and(a, b), c), and(a, and(b, c)));
  agree(or(or(a, b), c), or(a, or(b, c)));
  agree(and(a, b, c), and(and(a, b), c));
  agree(or(a, b, c), or(or(a, b), c));
  agree(and(a, a), and(a, literal(true)));
  agree(or(a, a), or(a, literal(false)));
});

test("NOT turns AND into OR, and twice is nothing", () => {
  agree(not(and(a, b)), or(not(a), not(b)));
  agree(not(or(a, b)), and(not(a), not(b)));
  agree(not(not(a)), and(a, literal(true)));
});

test("AND and OR distribute over each other and absorb", () => {
  agree(and(a, or(b, c)), or(and(a, b), and(a, c)));
  agree(or(a, and(b, c)), and(or(a, b), or(a, c)));
  agree(and(a, or(a, b)), and(a, literal(true)));
  agree(or(a, and(a, b)), or(a, literal(false)));
});

test("False settles an AND and true an OR, also beside what is undefined", () => {
  fc.assert(
    fc.property(value, (x) => {
      assert.equal(evaluate(and(a, literal(false)), [x]), false);
      assert.equal(evaluate(or(a, literal(true)), [x]), true);
    }),
  );
});

test("The negation of a comparison is the opposite comparison", () => {
  for (const each of operators) {
    agree(not(compare(each, a, b)), compare(opposite[each], a, b));
    agree(compare(each, a, b), compare(mirrored[each], b, a));
  }
});

test("A comparison with a constant on either side is the comparison of values", () => {
  fc.assert(
    fc.property(operator, value, constant, (each, x, known) => {
      assert.equal(comparisonWith(each, known)(x), compareValues(each, x, known));
      assert.equal(evaluate(compare(each, a, literal(known)), [x]), compareValues(each, x, known));
      assert.equal(evaluate(compare(each, literal(known), a), [x]), compareValues(each, known, x));
    }),
  );
});

test("IN finds what an OR of equals finds, and NIN the other primitives", () => {
  fc.assert(
    fc.property(value, fc.array(constant, { minLength: 1, maxLength: 5 }), (x, constants) => {
      const items = constants.map(literal);
      const found = evaluate(isIn(a, items), [x]);
      const equals = or(...items.map((item) => compare("=", a, item)));
      assert.equal(found === true, evaluate(equals, [x]) === true);
      assert.equal(found === undefined, x === undefined || (typeof x === "object" && x !== null));
      assert.equal(evaluate(isIn(a, items, true), [x]), found === undefined ? undefined : !found);
    }),
  );
});

test("The order of values is total, and one of groups only for the same JSON value", () => {
  for (const order of [orderValues, orderGroups]) {
    fc.assert(
      fc.property(triple, ([x, y, z]) => {
        assert.equal(order(x, x), 0);
        assert.equal(Math.sign(order(x, y)), 0 - Math.sign(order(y, x)));
        if (order(x, y) <= 0 && order(y, z) <= 0) assert.ok(order(x, z) <= 0);
      }),
      { numRuns: 2000 },
    );
  }
  fc.assert(
    fc.property(value, value, (x, y) => assert.equal(orderGroups(x, y) === 0, canonicalText(x) === canonicalText(y))),
  );
});

test("The order of values agrees with their comparison, times apart", () => {
  const areTimes = (x: Value, y: Value): boolean =>
    [x, y].every((each) => typeof each === "string" && looksLikeTime(each));
  fc.assert(
    fc.property(value, value, (x, y) => {
      const isLess = compareValues("<", x, y);
      fc.pre(isLess !== undefined && !areTimes(x, y));
      assert.equal(isLess, orderValues(x, y) < 0);
      assert.equal(compareValues("=", x, y), orderValues(x, y) === 0);
    }),
  );
});

/** The moment as a count of 100 ns, told by JavaScript's own dates and a fraction cut by hand. */
function ticksOf(text: string): bigint {
  const [, whole = "", fraction = "", zone = ""] = /^(.{19})\.?(\d*)(.*)$/.exec(text) ?? [];
  const offset = zone === "" ? "Z" : zone.replace(/(\d\d):?(\d\d)$/, "$1:$2");
  return BigInt(Date.parse(`${whole}${offset}`)) * 10_000n + BigInt(fraction.slice(0, 7).padEnd(7, "0"));
}

// spec/query-language 6: mixed precision at equal seconds
test("Times of any precision and offset compare as the moments they tell", () => {
  fc.assert(
    fc.property(timePair, operator, ([x, y], each) => {
      fc.pre(looksLikeTime(x) && looksLikeTime(y));
      const [p, q] = [ticksOf(x), ticksOf(y)];
      const sign = p < q ? -1 : p > q ? 1 : 0;
      assert.equal(compareValues(each, x, y), compareValues(each, sign, 0), `${x} ${each} ${y}`);
    }),
    { numRuns: 1000 },
  );
});
