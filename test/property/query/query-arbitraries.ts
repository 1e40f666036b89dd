import fc from "fast-check";
import type { Json, JsonObject } from "../../../core/json.ts";
import type { Aggregate, Expression, Literal, OrderBy, Path, Query } from "../../../query/ast.ts";
import type { FleetMember } from "../../support/query-fleet.ts";

/*
 * Fleets and queries over few keys and few values, so that conditions find some rows and not others. Keys are such as would
 * break out of quotes or mean something to JSON paths.
 */

const span = { start: 0, end: 0 };

const key = fc.constantFrom(
  "a",
  "a",
  "a",
  "b",
  "A",
  'q"uote',
  "it's",
  "back\\slash",
  "[0]",
  "*",
  "__proto__",
  "é😀",
  "toString",
);

const time = fc.constantFrom(
  "2026-11-20",
  "2026-11-20T10:00:00Z",
  "2026-11-20T10:00:00.000Z",
  "2026-11-20T10:00:00.0000001Z",
  "2026-11-20T09:00:00-01:00",
  "2026-11-20T10:00:00.001Z",
  "0000-01-01T00:00:00+01:00",
  "9999-12-31T23:59:59.9999999-23:59",
);

const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "",
      "a",
      "ab",
      "A",
      "1",
      "true",
      "null",
      "{}",
      "[]",
      '{"a":1}',
      "\u0000",
      "a\u0000b",
      "é",
      "\uffff",
      "😀",
      "\u{10ffff}",
    ),
  },
  { weight: 2, arbitrary: time },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 3 }).filter((value) => value.isWellFormed()) },
);

/** Quarters add up without rounding, in whatever order. */
const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 60, 0.25, 2 ** 52 - 1, -(2 ** 52)),
  fc.integer({ min: -400, max: 400 }).map((quarters) => quarters / 4),
);

const primitive: fc.Arbitrary<null | boolean | number | string> = fc.oneof(
  fc.constantFrom(null, true, false),
  number,
  text,
);

const { json } = fc.letrec<{ json: Json; object: JsonObject }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    { weight: 4, arbitrary: primitive },
    { weight: 1, arbitrary: fc.array(tie("json"), { maxLength: 3 }) },
    { weight: 2, arbitrary: tie("object") },
  ),
  object: fc.array(fc.tuple(key, tie("json")), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
}));

const object = fc
  .array(fc.tuple(key, json), { maxLength: 5 })
  .map((members): JsonObject => Object.fromEntries(members));

const hubTime = fc.constantFrom("2026-11-20T10:00:00.000Z", "2026-11-20T10:00:00.001Z", "2026-11-19T23:59:59.999Z");
const id = fc.constantFrom("d", "D", "dev-1", "dev-10", "dev-2", "é", "it's", "2026-11-20", "[x]");

/** Up to a dozen devices with different ids, or modules. */
export const fleet = (ofModules: boolean): fc.Arbitrary<readonly FleetMember[]> =>
  fc
    .uniqueArray(
      fc.record(
        {
          deviceId: id,
          moduleId: fc.constantFrom("m", "$edgeAgent", "M"),
          tags: object,
          desired: object,
          reported: object,
          status: fc.constantFrom("enabled", "disabled"),
          statusReason: text,
          statusUpdatedTime: hubTime,
          iotEdge: fc.boolean(),
          deviceScope: text,
          parentScopes: fc.array(text, { maxLength: 2 }),
          primaryThumbprint: text,
          connected: fc.boolean(),
          lastActivityTime: hubTime,
          modelId: text,
          connectionIsStale: fc.boolean(),
          configurations: fc.dictionary(key, fc.constant({ status: "Applied" as const }), { minKeys: 1, maxKeys: 2 }),
          messages: fc.integer({ min: 0, max: 3 }),
        },
        { requiredKeys: ofModules ? ["deviceId", "moduleId"] : ["deviceId"] },
      ),
      { maxLength: 12, selector: ({ deviceId, moduleId }) => (ofModules ? `${deviceId}\n${moduleId}` : deviceId) },
    )
    .map((members) => (ofModules ? members.map(asModule) : members.map(asDevice)));

const asDevice = ({ moduleId: _moduleId, ...member }: FleetMember): FleetMember => member;

/** What only devices have says nothing of a module. */
const asModule = ({
  deviceId,
  moduleId = "m",
  tags = {},
  desired = {},
  reported = {},
  ...member
}: FleetMember): FleetMember => ({
  deviceId,
  moduleId,
  tags,
  desired,
  reported,
  ...(member.lastActivityTime !== undefined && { lastActivityTime: member.lastActivityTime }),
  ...(member.configurations !== undefined && { configurations: member.configurations }),
  ...(member.connected !== undefined && { connected: member.connected }),
  ...(member.connectionIsStale !== undefined && { connectionIsStale: member.connectionIsStale }),
});

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
    arbitrary: fc
      .constantFrom(
        ...[
          "deviceId",
          "moduleId",
          "etag",
          "deviceEtag",
          "status",
          "statusReason",
          "statusUpdateTime",
          "connectionState",
        ],
        ...["lastActivityTime", "cloudToDeviceMessageCount", "authenticationType", "version", "modelId", "deviceScope"],
        ...[
          "parentScopes",
          "tags",
          "configurations",
          "configurations.a.status",
          "x509Thumbprint",
          "x509Thumbprint.primaryThumbprint",
          "capabilities",
          "nothing",
        ],
        ...["capabilities.iotEdge", "properties", "properties.desired", "properties.reported.$version", "deviceId.x"],
        ...["properties.desired.$metadata", "properties.desired.$metadata.a.$lastUpdated", "x509Thumbprint.x.y"],
      )
      .map((dotted) => dotted.split(".")),
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
  }).node as fc.Arbitrary<Expression>;

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
