import fc from "fast-check";
import type { Aggregate, Expression, Literal, OrderBy, Path, Query } from "../../../query/ast.ts";
import { key, primitive } from "./fleet-arbitraries.ts";

/* Queries over the same keys and values as the fleets, so that conditions find some rows and not others. */

const span = { start: 0, end: 0 };

/** Places of every kind that a twin has, and some that none has. */
const fieldPaths = `
  deviceId moduleId etag deviceEtag status statusReason statusUpdateTime connectionState lastActivityTime
  cloudToDeviceMessageCount authenticationType version modelId deviceScope parentScopes tags configurations
  configurations.a.status x509Thumbprint x509Thumbprint.primaryThumbprint capabilities nothing
  capabilities.iotEdge properties properties.desired properties.reported.$version deviceId.x
  properties.desired.$metadata properties.desired.$metadata.a.$lastUpdated x509Thumbprint.x.y
`
  .trim()
  .split(/\s+/);

const steps = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(["tags"], ["tags"], ["properties", "desired"], ["properties", "reported"]),
        fc.array(key, { minLength: 1, maxLength: 2 }),
      )
      .map(([root, below]) => [...root, ...below]),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...fieldPaths).map((dotted) => dotted.split(".")),
  },
);

const path: fc.Arbitrary<Path> = steps.map((found) => ({ kind: "path", source: "row", steps: found, span }));

const constant = fc.oneof(
  primitive,
  fc.constantFrom(undefined, "Connected", "enabled", "Applied", "0001-01-01", "0001-01-01T00:00:00Z"),
);
const literal: fc.Arbitrary<Literal> = constant.map((value) => ({ kind: "literal", value, span }));

const pattern = fc
  .array(fc.constantFrom("%", "_", "a", "A", "\\", "é", "-", "2026", "\u0000", "e"), { maxLength: 4 })
  .map((parts) => parts.join(""));

const comparison = fc.constantFrom("=", "!=", "<", "<=", ">", ">=");

/** Conditions and values of any depth over these leaves. */
const expressionOver = (leaf: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> =>
  fc.letrec<{ node: Expression }>((tie) => {
    const node = tie("node");
    const kind = <Kind extends Expression["kind"]>(name: Kind) => fc.constant(name);
    const at = fc.constant(span);
    const usual = fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: node });
    const several = fc.array(node, { minLength: 2, maxLength: 3 });
    return {
      node: fc.oneof(
        { maxDepth: 4, depthSize: "small" },
        leaf,
        fc.record({ kind: kind("compare"), operator: comparison, left: usual, right: usual, span: at }),
        fc.record({ kind: kind("compare"), operator: comparison, left: leaf, right: literal, span: at }),
        fc.record({ kind: fc.constantFrom("and", "or"), operands: several, span: at }),
        fc.record({ kind: fc.constantFrom("not", "negate"), operand: node, span: at }),
        fc.record({
          kind: kind("arithmetic"),
          operator: fc.constantFrom("+", "-", "*", "/", "%"),
          left: usual,
          right: usual,
          span: at,
        }),
        fc.record({
          kind: kind("in"),
          value: usual,
          items: fc.array(literal, { maxLength: 4 }),
          negated: fc.boolean(),
          span: at,
        }),
        fc.record({ kind: kind("like"), value: usual, pattern, negated: fc.boolean(), span: at }),
        fc.record({ kind: kind("call"), name: fc.constant("is_defined"), args: fc.tuple(usual), span: at }),
        fc.record({
          kind: kind("call"),
          name: fc.constantFrom("startswith", "array_contains"),
          args: fc.tuple(usual, usual),
          span: at,
        }),
      ),
    };
  }).node;

const condition = expressionOver(fc.oneof(path, literal));

const aggregate: fc.Arbitrary<Aggregate> = fc.oneof(
  fc.constant<Aggregate>({ kind: "aggregate", name: "count", argument: undefined, span }),
  fc.record({
    kind: fc.constant("aggregate"),
    name: fc.constantFrom("avg", "sum", "min", "max"),
    argument: path,
    span: fc.constant(span),
  }),
);

type Shape = Pick<Query, "select" | "groupBy" | "having" | "orderBy">;

const named = (values: readonly (Path | Aggregate)[]) =>
  values.map((value, index) => ({ name: index === 0 ? "__proto__" : `c"${index}`, value, span }));

const ordering = (value: fc.Arbitrary<Path | Aggregate>): fc.Arbitrary<readonly OrderBy[]> =>
  fc.array(fc.record({ value, descending: fc.boolean() }), { maxLength: 2 });

const paths = fc.array(path, { minLength: 1, maxLength: 3 });
const none = { groupBy: undefined, having: undefined, orderBy: [] } as const;

const wholeRows: fc.Arbitrary<Shape> = ordering(path).map((orderBy) => ({ ...none, select: { kind: "all" }, orderBy }));

const columns: fc.Arbitrary<Shape> = fc.tuple(paths, ordering(path)).map(([found, orderBy]) => ({
  ...none,
  select: { kind: "items", distinct: false, items: named(found) },
  orderBy,
}));

const distinct: fc.Arbitrary<Shape> = paths.chain((found) =>
  ordering(fc.constantFrom(...found)).map((orderBy) => ({
    ...none,
    select: { kind: "items", distinct: true, items: named(found) },
    orderBy,
  })),
);

const oneGroup: fc.Arbitrary<Shape> = fc.array(aggregate, { minLength: 1, maxLength: 3 }).map((found) => ({
  ...none,
  select: { kind: "items", distinct: false, items: named(found) },
}));

const groups: fc.Arbitrary<Shape> = path.chain((groupBy) => {
  const value = fc.oneof(fc.constant(groupBy), aggregate);
  const having = fc.option(expressionOver(fc.oneof(value, literal)), { nil: undefined });
  return fc
    .tuple(fc.array(value, { minLength: 1, maxLength: 3 }), having, ordering(value))
    .map(([found, condition, orderBy]) => ({
      select: { kind: "items", distinct: false, items: named(found) },
      groupBy,
      having: condition,
      orderBy,
    }));
});

/** A checked query of devices or modules. */
export const query = (collection: "devices" | "devices.modules"): fc.Arbitrary<Query> =>
  fc
    .tuple(
      fc.oneof(wholeRows, columns, distinct, oneGroup, groups),
      fc.record({
        where: fc.option(condition, { nil: undefined }),
        top: fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }),
        offset: fc.oneof(
          { weight: 3, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) },
        ),
      }),
    )
    .map(([shape, rest]) => ({ text: "", collection, ...shape, ...rest }));
