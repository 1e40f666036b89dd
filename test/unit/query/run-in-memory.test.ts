import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../../core/json.ts";
import { parseQuery } from "../../../query/parse-query.ts";
import { runQuery } from "../../../query/run-in-memory.ts";

const twin = (deviceId: string, tags: JsonObject, moduleId?: string): JsonObject => ({
  deviceId,
  ...(moduleId !== undefined && { moduleId }),
  tags,
});

/** Twins d0, d1 and so on with these values of `tags.v`; undefined leaves it out. Given last first, as order must not matter. */
const twinsOf = (...values: readonly (Json | undefined)[]): readonly JsonObject[] =>
  values.map((v, place) => twin(`d${place}`, v === undefined ? {} : { v })).reverse();

const run = (query: string, rows: readonly JsonObject[]): JsonObject[] => runQuery(parseQuery(query), rows);

/** Runs a query for device ids and gives them in the order they come. */
const ids = (query: string, rows: readonly JsonObject[]): string =>
  run(query, rows)
    .map(({ deviceId }) => deviceId as string)
    .join(" ");

// spec/query-language 5
test("Whole rows come by device id and module id, by code point", () => {
  const rows = [twin("b", {}), twin("a😀", {}), twin("a\uffff", {}), twin("a", {}), twin("B", {})];
  assert.equal(ids("SELECT * FROM devices", rows), "B a a\uffff a😀 b");
  const modules = [twin("b", {}, "m"), twin("a", {}, "n"), twin("a", {}, "$edgeAgent")];
  const found = run("SELECT deviceId, moduleId FROM devices.modules", modules);
  assert.deepEqual(
    found.map(({ moduleId }) => moduleId),
    ["$edgeAgent", "n", "m"],
  );
});

test("A row that is selected whole is the document itself", () => {
  const [row = {}] = twinsOf({ a: [1, null] });
  assert.equal(run("SELECT * FROM devices", [row])[0], row);
});

test("A column without a value is left out, null is not", () => {
  const rows = twinsOf(1, null, undefined, { a: 2 });
  const expected = [
    { deviceId: "d0", v: 1 },
    { deviceId: "d1", v: null },
    { deviceId: "d2" },
    { deviceId: "d3", v: { a: 2 } },
  ];
  assert.deepEqual(run("SELECT deviceId, tags.v FROM devices", rows), expected);
  assert.deepEqual(run("SELECT tags.w FROM devices", rows), [{}, {}, {}, {}]);
});

test("A column may be named as what objects inherit", () => {
  const [row] = run("SELECT deviceId AS __proto__ FROM devices", twinsOf(1));
  assert.equal(JSON.stringify(row), '{"__proto__":"d0"}');
});

test("COUNT() without groups is one row, also of nothing", () => {
  assert.deepEqual(run("SELECT COUNT() AS n FROM devices", twinsOf(1, 2, 3)), [{ n: 3 }]);
  assert.deepEqual(run("SELECT COUNT() AS n FROM devices WHERE tags.v > 1", twinsOf(1, 2, 3)), [{ n: 2 }]);
  assert.deepEqual(run("SELECT COUNT() AS n FROM devices", []), [{ n: 0 }]);
  assert.deepEqual(run("SELECT COUNT() FROM devices", []), [{ $1: 0 }]);
});

test("The other aggregates look at numbers only, and are left out when there are none", () => {
  const query =
    "SELECT AVG(tags.v) AS a, SUM(tags.v) AS s, MIN(tags.v) AS l, MAX(tags.v) AS g, COUNT() AS n FROM devices";
  const rows = twinsOf(4, "100", 1, null, undefined, true, { a: 1 }, -2.5);
  assert.deepEqual(run(query, rows), [{ a: 2.5 / 3, s: 2.5, l: -2.5, g: 4, n: 8 }]);
  assert.deepEqual(run(query, twinsOf("1", undefined)), [{ n: 2 }]);
  assert.deepEqual(run(query, twinsOf(1e308, 1e308)), [{ l: 1e308, g: 1e308, n: 2 }]);
});

test("Sums do not lose what each addition rounds off", () => {
  assert.deepEqual(run("SELECT SUM(tags.v) AS s FROM devices", twinsOf(1, 1e100, 1, -1e100)), [{ s: 2 }]);
  assert.deepEqual(run("SELECT SUM(tags.v) AS s FROM devices", twinsOf(...Array.from({ length: 10 }, () => 0.1))), [
    { s: 1 },
  ]);
});

test("Values group by type and value, in their order; what lacks the property is a group without a key", () => {
  const values = ["1", 1, true, 1.0, undefined, null, false, "a", { a: 1, b: 2 }, [1], { b: 2, a: 1 }, undefined, "1"];
  const found = run("SELECT tags.v, COUNT() AS n FROM devices GROUP BY tags.v", twinsOf(...values));
  assert.deepEqual(found, [
    { n: 2 },
    { v: null, n: 1 },
    { v: false, n: 1 },
    { v: true, n: 1 },
    { v: 1, n: 2 },
    { v: "1", n: 2 },
    { v: "a", n: 1 },
    { v: [1], n: 1 },
    { v: { a: 1, b: 2 }, n: 2 },
  ]);
});

test("Without rows there are no groups", () => {
  assert.deepEqual(run("SELECT tags.v, COUNT() AS n FROM devices GROUP BY tags.v", []), []);
});

test("HAVING chooses groups by aggregates and by the key, where its condition is true", () => {
  const rows = twinsOf("a", "a", "b", "c", "c", "c", undefined);
  const query = "SELECT tags.v, COUNT() AS n FROM devices GROUP BY tags.v HAVING";
  assert.deepEqual(run(`${query} COUNT() >= 2`, rows), [
    { v: "a", n: 2 },
    { v: "c", n: 3 },
  ]);
  assert.deepEqual(run(`${query} n >= 2 AND tags.v != 'a'`, rows), [{ v: "c", n: 3 }]);
  assert.deepEqual(run(`${query} tags.v != 'a'`, rows), [
    { v: "b", n: 1 },
    { v: "c", n: 3 },
  ]);
  assert.deepEqual(run(`${query} SUM(tags.v) > 0`, rows), []);
});

test("ORDER BY goes by type and value, down too, and ties stay by id", () => {
  const rows = twinsOf(2, "b", undefined, 10, null, "a", true, 2, {}, [1]);
  assert.equal(ids("SELECT deviceId FROM devices ORDER BY tags.v", rows), "d2 d4 d6 d0 d7 d3 d5 d1 d8 d9");
  assert.equal(ids("SELECT * FROM devices ORDER BY tags.v DESC", rows), "d8 d9 d1 d5 d3 d0 d7 d6 d4 d2");
});

test("ORDER BY several values takes the next where the first are equal", () => {
  const rows = [
    twin("a", { x: 1, y: 1 }),
    twin("b", { x: 2, y: 1 }),
    twin("c", { x: 1, y: 2 }),
    twin("d", { x: 2, y: 1 }),
  ];
  assert.equal(ids("SELECT deviceId FROM devices ORDER BY tags.x DESC, tags.y", rows), "b d a c");
  assert.equal(ids("SELECT deviceId FROM devices ORDER BY tags.y DESC, tags.x DESC", rows), "c b d a");
});

test("Times are ordered as texts", () => {
  const rows = twinsOf("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.500Z");
  assert.equal(ids("SELECT deviceId FROM devices ORDER BY tags.v", rows), "d1 d0");
});

test("Groups are ordered by aggregates or names of columns, ties by the key", () => {
  const rows = twinsOf("c", "c", "a", "b", "b");
  const query = "SELECT tags.v, COUNT() AS n FROM devices GROUP BY tags.v ORDER BY";
  const expected = [
    { v: "b", n: 2 },
    { v: "c", n: 2 },
    { v: "a", n: 1 },
  ];
  assert.deepEqual(run(`${query} COUNT() DESC`, rows), expected);
  assert.deepEqual(run(`${query} n DESC`, rows), expected);
  assert.deepEqual(run(`${query} tags.v DESC`, rows), [
    { v: "c", n: 2 },
    { v: "b", n: 2 },
    { v: "a", n: 1 },
  ]);
});

test("DISTINCT rows come once, by their values", () => {
  const rows = [
    twin("a", { x: 2, y: "q" }),
    twin("b", { x: 1, y: "q" }),
    twin("c", { x: 2, y: "p" }),
    twin("d", { x: 2, y: "q" }),
    twin("e", { x: "2" }),
    twin("f", {}),
    twin("g", { x: "2" }),
  ];
  assert.deepEqual(run("SELECT DISTINCT tags.x, tags.y FROM devices", rows), [
    {},
    { x: 1, y: "q" },
    { x: 2, y: "p" },
    { x: 2, y: "q" },
    { x: "2" },
  ]);
  assert.deepEqual(run("SELECT DISTINCT tags.x FROM devices ORDER BY tags.x DESC", rows), [
    { x: "2" },
    { x: 2 },
    { x: 1 },
    {},
  ]);
});

test("OFFSET passes over rows, TOP ends the result, groups too", () => {
  const rows = twinsOf(1, 2, 2, 3);
  assert.equal(ids("SELECT TOP 2 deviceId FROM devices", rows), "d0 d1");
  assert.equal(ids("SELECT TOP 2 deviceId FROM devices OFFSET 1", rows), "d1 d2");
  assert.equal(ids("SELECT deviceId FROM devices ORDER BY tags.v DESC OFFSET 3", rows), "d0");
  assert.equal(ids("SELECT * FROM devices OFFSET 9", rows), "");
  assert.deepEqual(run("SELECT TOP 1 tags.v FROM devices GROUP BY tags.v OFFSET 1", rows), [{ v: 2 }]);
  assert.deepEqual(run("SELECT TOP 1 COUNT() AS n FROM devices", rows), [{ n: 4 }]);
});

test("Rows of jobs come by device id and job id", () => {
  const rows = [
    { jobId: "j2", deviceId: "a", status: "failed" },
    { jobId: "j1", deviceId: "b", status: "failed" },
    { jobId: "j1", deviceId: "a", status: "failed" },
  ];
  const found = run("SELECT * FROM devices.jobs WHERE devices.jobs.status = 'failed'", rows);
  assert.deepEqual(
    found.map(({ jobId, deviceId }) => [jobId, deviceId]),
    [
      ["j1", "a"],
      ["j2", "a"],
      ["j1", "b"],
    ],
  );
});
