import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileRoute } from "../../../../query/routing/compile-route.ts";
import { routeMessage } from "../../../support/route-messages.ts";

// spec/query-language 14: Kleene AND, OR and NOT with undefined

/** Conditions of which each value is frequent; some read the body, so that operands get evaluated in another order. */
const leaf = fc.constantFrom(
  "true",
  "false",
  "undefined",
  "a = 'x'",
  "a = 'y'",
  "none = 'x'",
  "$body.yes",
  "$body.no",
  "$body.text",
  "$body.none",
  "$body.number > 3",
  "$body.list = 1",
  "$twin.tags.a = 1",
  "$twin.tags.a = 2",
  "$connectionDeviceId <> 'd'",
  "is_defined($body.none)",
);

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("condition").map((one) => `not (${one})`),
    fc
      .tuple(fc.constantFrom(" and ", " or "), fc.array(tie("condition"), { minLength: 2, maxLength: 4 }))
      .map(([operator, many]) => `(${many.join(operator)})`),
  ),
}));

const message = routeMessage({
  application: { a: "x" },
  system: { connectionDeviceId: "d" },
  body: { yes: true, no: false, text: "t", number: 5, list: [1] },
  twin: { tags: { a: 1 }, properties: {} },
});

const valueOfCondition = (text: string): boolean | undefined => compileRoute(text).evaluate(message);

type Truth = boolean | undefined;
const not = (a: Truth): Truth => (a === undefined ? undefined : !a);
const and = (a: Truth, b: Truth): Truth => (a === false || b === false ? false : a === undefined ? a : b);
const or = (a: Truth, b: Truth): Truth => not(and(not(a), not(b)));

test("AND, OR and NOT have Kleene's tables", () => {
  fc.assert(
    fc.property(condition, condition, (one, other) => {
      const [a, b] = [valueOfCondition(one), valueOfCondition(other)];
      assert.equal(valueOfCondition(`(${one}) and (${other})`), and(a, b));
      assert.equal(valueOfCondition(`(${one}) or (${other})`), or(a, b));
      assert.equal(valueOfCondition(`not (${one})`), not(a));
    }),
  );
});

test("AND and OR commute, associate, distribute and obey De Morgan", () => {
  fc.assert(
    fc.property(condition, condition, condition, (a, b, c) => {
      const laws = [
        [`(${a}) and (${b})`, `(${b}) and (${a})`],
        [`(${a}) or (${b})`, `(${b}) or (${a})`],
        [`((${a}) and (${b})) and (${c})`, `(${a}) and ((${b}) and (${c}))`],
        [`((${a}) or (${b})) or (${c})`, `(${a}) or ((${b}) or (${c}))`],
        [`(${a}) and ((${b}) or (${c}))`, `((${a}) and (${b})) or ((${a}) and (${c}))`],
        [`not ((${a}) and (${b}))`, `not (${a}) or not (${b})`],
        [`not (not (${a}))`, `(${a}) and true`],
      ] as const;
      for (const [left, right] of laws)
        assert.equal(valueOfCondition(left), valueOfCondition(right), `${left} | ${right}`);
    }),
  );
});

test("A message matches exactly when the value is true", () => {
  fc.assert(
    fc.property(condition, (text) => {
      const { evaluate, matches } = compileRoute(text);
      assert.equal(matches(message), evaluate(message) === true);
    }),
  );
});

const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }));
const value = fc.oneof(
  number,
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("a", "A", "1", "true"),
);

test("Values of a body are in one total order", () => {
  const routes = ["<", "=", ">"].map((operator) => compileRoute(`$body.a ${operator} $body.b`));
  const negated = [">=", "<>", "<="].map((operator) => compileRoute(`$body.a ${operator} $body.b`));
  const signOf = (a: typeof value extends fc.Arbitrary<infer T> ? T : never, b: typeof a): number => {
    const pair = routeMessage({ body: { a, b } });
    const held = routes.map(({ evaluate }) => evaluate(pair));
    assert.equal(held.filter((holds) => holds === true).length, 1);
    assert.deepEqual(
      negated.map(({ evaluate }) => evaluate(pair)),
      held.map((holds) => !holds),
    );
    return held.indexOf(true) - 1;
  };
  fc.assert(
    fc.property(value, value, value, (a, b, c) => {
      assert.equal(signOf(a, b) + signOf(b, a), 0);
      assert.equal(signOf(a, a), 0);
      if (signOf(a, b) <= 0 && signOf(b, c) <= 0) assert.ok(signOf(a, c) <= 0);
    }),
  );
});
