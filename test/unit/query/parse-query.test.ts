import assert from "node:assert/strict";
import { test } from "node:test";
import type { Expression, Query } from "../../../query/ast.ts";
import { parseQuery } from "../../../query/parse-query.ts";

/** An AST without the places of its nodes, which are tested by themselves. */
const withoutSpans = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === "span" ? undefined : member)));

const shape = ({ text: _, ...query }: Query): unknown => withoutSpans(query);
const where = (condition: string): unknown =>
  withoutSpans(parseQuery(`SELECT * FROM devices WHERE ${condition}`).where);

const path = (...steps: readonly string[]) => ({ kind: "path", source: "row", steps });
const literal = (value: unknown) => ({ kind: "literal", ...(value !== undefined && { value }) });
const compare = (operator: string, left: unknown, right: unknown) => ({ kind: "compare", operator, left, right });
const arithmetic = (operator: string, left: unknown, right: unknown) => ({ kind: "arithmetic", operator, left, right });
const call = (name: string, ...args: readonly unknown[]) => ({ kind: "call", name, args });
const isIn = (value: unknown, items: readonly unknown[], negated = false) => ({
  kind: "in",
  value,
  items: items.map(literal),
  negated,
});
const all = (...operands: readonly unknown[]) => ({ kind: "and", operands });
const any = (...operands: readonly unknown[]) => ({ kind: "or", operands });
const not = (operand: unknown) => ({ kind: "not", operand });

const plain = { collection: "devices", select: { kind: "all" }, orderBy: [], offset: 0 };
const count = { kind: "aggregate", name: "count" };
const items = (...columns: readonly (readonly [string, unknown])[]) => ({
  kind: "items",
  distinct: false,
  items: columns.map(([name, value]) => ({ name, value })),
});

// spec/query-language 4, B and C
const queries: readonly (readonly [string, Record<string, unknown>])[] = [
  ["SELECT * FROM devices", {}],
  ["select\n*\tfrom DEVICES", {}],
  ["SELECT COUNT() as total FROM devices", { select: items(["total", count]) }],
  [
    "SELECT properties.reported.telemetryConfig.status AS status, COUNT() AS numberOfDevices FROM devices GROUP BY properties.reported.telemetryConfig.status",
    {
      select: items(
        ["status", path("properties", "reported", "telemetryConfig", "status")],
        ["numberOfDevices", count],
      ),
      groupBy: path("properties", "reported", "telemetryConfig", "status"),
    },
  ],
  [
    "SELECT DeviceId, LastActivityTime FROM devices WHERE status = 'enabled' AND connectionState = 'Disconnected'",
    {
      select: items(["deviceId", path("deviceId")], ["lastActivityTime", path("lastActivityTime")]),
      where: all(
        compare("=", path("status"), literal("enabled")),
        compare("=", path("connectionState"), literal("Disconnected")),
      ),
    },
  ],
  [
    "/* Include the double brackets. */ SELECT deviceId FROM devices WHERE configurations.[[my_config]].status='Applied'",
    {
      select: items(["deviceId", path("deviceId")]),
      where: compare("=", path("configurations", "my_config", "status"), literal("Applied")),
    },
  ],
  [
    "SELECT deviceId as DeviceId, statusUpdatedTime as StatusUpdatedTime FROM devices WHERE (status='enabled')",
    {
      select: items(["DeviceId", path("deviceId")], ["StatusUpdatedTime", path("statusUpdateTime")]),
      where: compare("=", path("status"), literal("enabled")),
    },
  ],
  [
    "SELECT deviceId, tags, properties.desired FROM devices",
    {
      select: items(["deviceId", path("deviceId")], ["tags", path("tags")], ["desired", path("properties", "desired")]),
    },
  ],
  [
    "SELECT DeviceID FROM devices.modules WHERE devices.modules.moduleId = 'opc' and devices.deviceId = 'edge-01'",
    {
      collection: "devices.modules",
      select: items(["deviceId", path("deviceId")]),
      where: all(compare("=", path("moduleId"), literal("opc")), compare("=", path("deviceId"), literal("edge-01"))),
    },
  ],
  [
    "SELECT * FROM devices.jobs WHERE devices.jobs.jobType = 'scheduleUpdateTwin' AND devices.jobs.createdTimeUtc > '2026-09-01'",
    {
      collection: "devices.jobs",
      where: all(
        compare("=", path("jobType"), literal("scheduleUpdateTwin")),
        compare(">", path("createdDateTimeUtc"), literal("2026-09-01")),
      ),
    },
  ],
  ["SELECT TOP 5 * FROM devices", { top: 5 }],
  ["SELECT top 0 deviceId FROM devices", { top: 0, select: items(["deviceId", path("deviceId")]) }],
  [
    "SELECT MIN(tags.n) low, MAX ( tags.n ), AVG(tags.n), SUM(tags.n), COUNT() FROM devices",
    {
      select: items(
        ["low", { kind: "aggregate", name: "min", argument: path("tags", "n") }],
        ["$2", { kind: "aggregate", name: "max", argument: path("tags", "n") }],
        ["$3", { kind: "aggregate", name: "avg", argument: path("tags", "n") }],
        ["$4", { kind: "aggregate", name: "sum", argument: path("tags", "n") }],
        ["$5", count],
      ),
    },
  ],
  ["SELECT COUNT() AS [[how many]] FROM devices", { select: items(["how many", count]) }],
];
for (const [text, expected] of queries) {
  test(`the query ${text} has its AST`, () => {
    assert.deepEqual(shape(parseQuery(text, { strict: true })), { ...plain, ...expected });
    assert.deepEqual(parseQuery(text), parseQuery(text, { strict: true }));
  });
}

const reading = path("tags", "a");
// Beyond IoT Hub's language
const extended: readonly (readonly [string, Record<string, unknown>])[] = [
  [
    "SELECT DISTINCT TOP 3 status FROM devices ORDER BY status",
    {
      select: { ...items(["status", path("status")]), distinct: true },
      top: 3,
      orderBy: [{ value: path("status"), descending: false }],
    },
  ],
  [
    "SELECT * FROM devices.jobs ORDER BY devices.jobs.endTimeUtc DESC, jobid asc OFFSET 20",
    {
      collection: "devices.jobs",
      orderBy: [
        { value: path("endTimeUtc"), descending: true },
        { value: path("jobId"), descending: false },
      ],
      offset: 20,
    },
  ],
  [
    "SELECT tags.a, COUNT() AS n FROM devices.modules GROUP BY devices.modules.tags.a HAVING n > 1 AND NOT a = 2 ORDER BY n DESC, tags.a, SUM(tags.b)",
    {
      collection: "devices.modules",
      select: items(["a", reading], ["n", count]),
      groupBy: reading,
      having: all(compare(">", count, literal(1)), not(compare("=", reading, literal(2)))),
      orderBy: [
        { value: count, descending: true },
        { value: reading, descending: false },
        { value: { kind: "aggregate", name: "sum", argument: path("tags", "b") }, descending: false },
      ],
    },
  ],
  [
    "SELECT tags.a AS status FROM devices WHERE status = 'enabled' ORDER BY status",
    {
      select: items(["status", reading]),
      where: compare("=", path("status"), literal("enabled")),
      orderBy: [{ value: reading, descending: false }],
    },
  ],
  [
    "SELECT * FROM devices WHERE tags.a LIKE 'x%' AND tags.a not like '\\\\%'",
    {
      where: all(
        { kind: "like", value: reading, pattern: "x%", negated: false },
        { kind: "like", value: reading, pattern: "\\%", negated: true },
      ),
    },
  ],
];
for (const [text, expected] of extended) {
  test(`the extended query ${text} has its AST`, () => {
    assert.deepEqual(shape(parseQuery(text)), { ...plain, ...expected });
    assert.throws(() => parseQuery(text, { strict: true }), /IoT Hub has none|GROUP BY on devices.modules/);
  });
}

const a = path("a");
const b = path("b");
const c = path("c");
// spec/query-language 4, 6, 8
const conditions: readonly (readonly [string, unknown])[] = [
  ["a", a],
  [
    "a = 1 OR b = 2 AND c = 3",
    any(compare("=", a, literal(1)), all(compare("=", b, literal(2)), compare("=", c, literal(3)))),
  ],
  ["(a OR b) AND c", all(any(a, b), c)],
  ["a OR b OR c", any(a, b, c)],
  ["(a AND b) AND c", all(all(a, b), c)],
  ["NOT a = 1", not(compare("=", a, literal(1)))],
  ["NOT NOT a AND b", all(not(not(a)), b)],
  [
    "a + b * c - 2 < -b % 3",
    compare(
      "<",
      arithmetic("-", arithmetic("+", a, arithmetic("*", b, c)), literal(2)),
      arithmetic("%", { kind: "negate", operand: b }, literal(3)),
    ),
  ],
  ["(a + b) / c >= 0x1F", compare(">=", arithmetic("/", arithmetic("+", a, b), c), literal(31))],
  ["a <> b", compare("!=", a, b)],
  ["a != b", compare("!=", a, b)],
  ["a <= b", compare("<=", a, b)],
  ["a = -1", compare("=", a, literal(-1))],
  ["a = - -1.5e1", compare("=", a, literal(15))],
  [
    "a=TRUE or a=False or a=NULL or a=Undefined",
    any(...[true, false, null, undefined].map((value) => compare("=", a, literal(value)))),
  ],
  ["a IN ['x', \"y\", 1, -2, 0xff, true, null, undefined]", isIn(a, ["x", "y", 1, -2, 255, true, null, undefined])],
  ["a in []", isIn(a, [])],
  ["a NIN [1]", isIn(a, [1], true)],
  ["a nin[1] and NOT a NOT IN [2]", all(isIn(a, [1], true), not(isIn(a, [2], true)))],
  ["is_defined (a)", call("is_defined", a)],
  ["STARTSWITH(id, 'x') = true", compare("=", call("startswith", path("deviceId"), literal("x")), literal(true))],
  ["Array_Contains(ParentScopes, a)", call("array_contains", path("parentScopes"), a)],
  ["a = 'it\\'s \\\"\\\\\\u00e9\\ud83d\\ude00'", compare("=", a, literal("it's \"\\é😀"))],
  ['a = "it\'s\ntwo"', compare("=", a, literal("it's\ntwo"))],
  ["a = 'x' /* 'y */ AND /**/ b = '/* z */'", all(compare("=", a, literal("x")), compare("=", b, literal("/* z */")))],
  ["tags.[[group]].name = tags.[[a.b]c]]", compare("=", path("tags", "group", "name"), path("tags", "a.b]c"))],
  [
    "[[tags]].order.by.top.count.Straße.$x._y = 1",
    compare("=", path("tags", "order", "by", "top", "count", "Straße", "$x", "_y"), literal(1)),
  ],
  ["tags . a", path("tags", "a")],
  ["andy OR orders", any(path("andy"), path("orders"))],
];
for (const [text, expected] of conditions) {
  test(`the condition ${text} has its AST`, () => {
    assert.deepEqual(where(text), expected);
  });
}

test("minus zero, which JSON does not have, stays minus zero", () => {
  const found = parseQuery("SELECT * FROM devices WHERE a = -0").where;
  assert.ok(found?.kind === "compare" && found.right.kind === "literal");
  assert.ok(Object.is(found.right.value, -0));
});

test("every node tells where in the text it stands", () => {
  const text =
    "SELECT tags.a AS x, COUNT() FROM devices WHERE NOT (tags.b + -2) * 3 >= 1 OR\nIS_DEFINED( a ) AND b NOT IN [-1 , 'x'] GROUP BY tags.a HAVING x = 1";
  const query = parseQuery(text);
  assert.ok(query.select.kind === "items" && query.where?.kind === "or" && query.groupBy);
  const at = ({ span }: { span: { start: number; end: number } }) => text.slice(span.start, span.end);
  assert.deepEqual(query.select.items.map(at), ["tags.a AS x", "COUNT()"]);
  assert.deepEqual(
    query.select.items.map(({ value }) => at(value)),
    ["tags.a", "COUNT()"],
  );
  assert.deepEqual(query.where.operands.map(at), [
    "NOT (tags.b + -2) * 3 >= 1",
    "IS_DEFINED( a ) AND b NOT IN [-1 , 'x']",
  ]);
  assert.equal(at(query.groupBy), "tags.a");
  const having = query.having as Extract<Expression, { kind: "compare" }>;
  assert.equal(at(having.left), "x");
  const [negation, both] = query.where.operands;
  assert.ok(negation?.kind === "not" && negation.operand.kind === "compare" && both?.kind === "and");
  assert.equal(at(negation.operand), "(tags.b + -2) * 3 >= 1");
  assert.equal(at(negation.operand.left), "(tags.b + -2) * 3");
  const [, membership] = both.operands;
  assert.ok(membership?.kind === "in");
  assert.deepEqual(membership.items.map(at), ["-1", "'x'"]);
});
