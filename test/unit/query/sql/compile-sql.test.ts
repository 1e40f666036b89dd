import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceTables, moduleTables } from "../../../../projections/twin-tables.ts";
import { parseQuery } from "../../../../query/parse-query.ts";
import { type CompiledQuery, compileSql, type SqlPage } from "../../../../query/sql/compile-sql.ts";
import { jsonPath } from "../../../../query/sql/source.ts";

const compile = (text: string, page: SqlPage = { limit: 10 }): CompiledQuery =>
  compileSql(parseQuery(text), text.includes("devices.modules") ? moduleTables : deviceTables, page);

const rankOf = (place: string): string =>
  `CASE json_type(${place}) WHEN 'text' THEN 4 WHEN 'integer' THEN 3 WHEN 'real' THEN 3 WHEN 'true' THEN 2 ` +
  "WHEN 'false' THEN 2 WHEN 'null' THEN 1 WHEN 'object' THEN 5 WHEN 'array' THEN 5 ELSE 0 END";

test("a comparison stands as it is, with its value bound, beside the test of the value's type", () => {
  const { sql, parameters } = compile("SELECT * FROM devices WHERE tags.location.region = 'US'");
  const place = `twins.tags, '$."location"."region"'`;
  const condition = `(twins.moduleId = '' AND (json_extract(${place}) = ? AND ${rankOf(place)} = 4))`;
  const select = "SELECT twins.deviceId AS key0 FROM twins WHERE";
  assert.equal(sql, `${select} ${condition} ORDER BY key0 LIMIT 11 OFFSET 0`);
  assert.deepEqual(parameters, ["US"]);
});

test("no value of a query comes into the SQL, and no key without quotes", () => {
  const { sql, parameters } = compile(
    "SELECT * FROM devices WHERE tags.[[a'b]].[[c\"d\\e]] = 'x''y' OR STARTSWITH(tags.t, '\"z') OR deviceId IN ['i\\'j']".replace(
      "'x''y'",
      '"x\'y"',
    ),
  );
  assert.match(sql, /'\$\."a''b"\."c\\"d\\\\e"'/);
  assert.deepEqual(parameters, ["x'y", '"z', '"{', "i'j"]);
  for (const value of ["x'y", '"z', "i'j"]) assert.ok(!sql.includes(value));
});

test("a path of JSON holds neither NUL nor an open quote, whatever the key", () => {
  assert.equal(jsonPath(["a\u0000b", 'c"d', "e\\"]), '$."a\\u0000b"."c\\"d"."e\\\\"');
  assert.equal(jsonPath([]), "$");
});

test("only the tables that a query names are joined", () => {
  const from = (text: string): string => /FROM (.*?) WHERE/.exec(compile(text).sql)?.[1] ?? "";
  assert.equal(from("SELECT deviceId FROM devices"), "devices");
  assert.equal(from("SELECT * FROM devices WHERE status = 'enabled'"), "devices");
  assert.equal(from("SELECT tags FROM devices"), "twins");
  assert.equal(
    from("SELECT tags FROM devices WHERE status = 'enabled'"),
    "twins JOIN devices ON devices.deviceId = twins.deviceId",
  );
  assert.match(from("SELECT * FROM devices WHERE connectionState = 'Connected'"), /^devices LEFT JOIN connections ON/);
  assert.equal(from("SELECT moduleId FROM devices.modules"), "modules");
});

test("a state is looked for as the index of live connections has it", () => {
  const { sql, parameters } = compile("SELECT * FROM devices WHERE connectionState = 'Connected'");
  assert.match(sql, /WHERE connections\.connected = 1 ORDER BY/);
  assert.deepEqual(parameters, []);
});

test("a time is compared as the hub's own times are written", () => {
  const { sql, parameters } = compile(
    "SELECT * FROM devices WHERE lastActivityTime < '2026-11-19T12:00:00.0001+02:00'",
  );
  assert.match(sql, /coalesce\(connections\.lastActivityTime, '0001-01-01T00:00:00\.000Z'\) <= \?/);
  assert.deepEqual(parameters, ["2026-11-19T10:00:00.000Z"]);
});

test("a time in user data is looked for between days, which an index can serve", () => {
  const { sql, parameters } = compile("SELECT * FROM devices WHERE tags.since >= '2026-11-19T23:00:00Z'");
  assert.match(sql, /json_extract\(twins\.tags, '\$\."since"'\) >= \? AND .*GLOB/);
  assert.equal(parameters[0], "2026-11-17");
});

test("arithmetic of constants leaves a plain comparison", () => {
  const { parameters, sql } = compile("SELECT * FROM devices WHERE tags.level > 2 * -3");
  assert.match(sql, /json_extract\(twins\.tags, '\$\."level"'\) > \?/);
  assert.deepEqual(parameters, [-6]);
});

test("a position continues behind the key", () => {
  const page = { limit: 2, after: { given: 5, after: ["dev-2"] } };
  const { sql, parameters } = compile("SELECT deviceId FROM devices", page);
  assert.match(sql, /WHERE devices\.deviceId > \? ORDER BY key0 LIMIT 3 OFFSET 0$/);
  assert.deepEqual(parameters, ["dev-2"]);
  const modules = compile("SELECT deviceId FROM devices.modules", {
    limit: 2,
    after: { given: 5, after: ["dev-2", "m"] },
  });
  assert.match(modules.sql, /\(modules\.deviceId, modules\.moduleId\) > \(\?, \?\)/);
});

test("all rows as they lie are read whole, others by their keys once it is known which", () => {
  assert.equal(compile("SELECT * FROM devices").row.kind, "text");
  assert.equal(compile("SELECT * FROM devices WHERE tags.a = 1").row.kind, "key");
  assert.equal(compile("SELECT * FROM devices ORDER BY tags.a").row.kind, "key");
});

test("TOP ends a result, and no more rows are read than it leaves", () => {
  assert.match(compile("SELECT TOP 3 * FROM devices").sql, /LIMIT 3 OFFSET 0$/);
  const { sql, limit } = compile("SELECT TOP 7 * FROM devices", { limit: 10, after: { given: 5, after: ["dev-2"] } });
  assert.match(sql, /LIMIT 2 OFFSET 0$/);
  assert.equal(limit, 2);
});

test("a position of another query is refused", () => {
  const page = { limit: 2, after: { given: 5, after: ["dev-2", "m"] } };
  assert.throws(() => compile("SELECT * FROM devices", page), { name: "HubError", reason: "ArgumentInvalid" });
});

test("the longest and the deepest condition compile and are small", () => {
  const wide = Array.from({ length: 900 }, () => "a.b=1").join(" OR ");
  assert.ok(compile(`SELECT * FROM devices WHERE ${wide}`).sql.length < 500_000);
  let deep = "tags.a = 1";
  for (let level = 0; level < 45; level += 1) deep = `(${deep}) = tags.b`;
  assert.ok(compile(`SELECT * FROM devices WHERE ${deep}`).sql.length < 100_000);
  let contained = "tags.a = 1";
  for (let level = 0; level < 45; level += 1) contained = `ARRAY_CONTAINS(tags.l, ${contained})`;
  assert.ok(compile(`SELECT * FROM devices WHERE ${contained}`).sql.length < 100_000);
});
