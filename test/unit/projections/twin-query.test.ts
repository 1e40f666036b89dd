import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { deviceJobDocument } from "../../../core/job/device-job.ts";
import type { JsonObject } from "../../../core/json.ts";
import { readDeviceJob } from "../../../projections/job-targets.ts";
import type { Query } from "../../../query/ast.ts";
import { parseQuery } from "../../../query/parse-query.ts";
import { runQuery } from "../../../query/run-in-memory.ts";
import { writeFleet } from "../../support/query-fleet.ts";
import { openQueryStore } from "../../support/query-store.ts";

const ids = (rows: readonly JsonObject[]): readonly unknown[] => rows.map(({ deviceId }) => deviceId);

const keys = [
  ['a"b', "a'b", "a\\b", "a]b", "[0]", "*", "#", "__proto__", "constructor", "é", "😀", "a;--", "\u2028"],
  ["a`b", "?", "?1", ":x", "a\\u0061", "'||1||'", '"."b', "0", "-", "a\tb", "a\u0000b"],
].flat();

test("each key means itself and nothing else, whatever characters it has", (t: TestContext) => {
  const { store, reader } = openQueryStore(t);
  const fleet = keys.map((key, at) => ({
    deviceId: `d${String(at).padStart(2, "0")}`,
    tags: Object.fromEntries([[key, { [key]: at }]]),
  }));
  writeFleet(store, [...fleet, { deviceId: "other", tags: { a: { b: 1 } } }]);
  for (const [at, { deviceId }] of fleet.entries()) {
    const asked = (text: string): readonly unknown[] => {
      const { rows } = reader.page(withKey(text, keys[at] ?? ""), { limit: 100 });
      return rows.map((row) => JSON.parse(row));
    };
    assert.deepEqual(asked(`SELECT deviceId FROM devices WHERE tags.KEY.KEY = ${at}`), [{ deviceId }]);
    assert.equal(asked("SELECT * FROM devices WHERE IS_DEFINED(tags.KEY.KEY)").length, 1);
    const named = asked("SELECT tags.KEY.KEY AS KEY FROM devices WHERE tags.KEY.KEY >= 0 ORDER BY tags.KEY.KEY");
    assert.deepEqual(named, [Object.fromEntries([[keys[at], at]])]);
  }
});

/** The query with another key in the place of `KEY`: some can't be written in a query. */
const withKey = (text: string, key: string): Query =>
  JSON.parse(JSON.stringify(parseQuery(text)), (_name, value) => (value === "KEY" ? key : value)) as Query;

test("whole rows are the twin documents of the hub", (t: TestContext) => {
  const { store, rows } = openQueryStore(t);
  const documents = writeFleet(store, [
    { deviceId: "a", tags: { x: 1 }, desired: { y: [1, { z: null }] }, reported: { é: "😀" }, messages: 2 },
    {
      deviceId: "b",
      connected: true,
      lastActivityTime: "2026-11-20T10:00:00.000Z",
      modelId: "dtmi:x;1",
      iotEdge: true,
    },
    { deviceId: "b", iotEdge: true, moduleId: "$edgeAgent", configurations: { c: "Applied" } },
  ]);
  assert.deepEqual([...rows("SELECT * FROM devices"), ...rows("SELECT * FROM devices.modules")], documents);
});

test("pages give every row that stays, once and in order, while others come, go and change", (t: TestContext) => {
  const { store, reader } = openQueryStore(t);
  const device = (number: number, region = "US") => ({
    deviceId: `d${String(number).padStart(3, "0")}`,
    tags: { region, number },
  });
  const numbers = Array.from({ length: 100 }, (_, index) => index * 2);
  writeFleet(
    store,
    numbers.map((number) => device(number)),
  );
  for (const text of [
    "SELECT deviceId FROM devices WHERE tags.region = 'US'",
    "SELECT deviceId FROM devices WHERE tags.region = 'US' ORDER BY tags.number",
    "SELECT deviceId, tags.region FROM devices WHERE tags.region = 'US' ORDER BY tags.region DESC, tags.number DESC",
    "SELECT tags.number AS deviceId, COUNT() AS n FROM devices WHERE tags.region = 'US' GROUP BY tags.number",
    "SELECT DISTINCT tags.number AS deviceId FROM devices WHERE tags.region = 'US'",
  ]) {
    const query = parseQuery(text);
    const seen: unknown[] = [];
    let page = reader.page(query, { limit: 7 });
    for (let turn = 0; ; turn += 1) {
      seen.push(...page.rows.map((row) => (JSON.parse(row) as JsonObject).deviceId));
      if (page.next === undefined) break;
      // Odd ones come and go; the even ones change in what the query does not ask for.
      writeFleet(store, [
        device(turn * 14 + 1),
        device(turn * 14 + 3, "EU"),
        { ...device(turn * 2), reported: { turn } },
      ]);
      page = reader.page(query, { limit: 7, after: page.next });
    }
    const even = seen.filter((value) => Number(String(value).replace("d", "")) % 2 === 0);
    assert.equal(new Set(seen).size, seen.length, text);
    assert.equal(even.length, numbers.length, text);
  }
});

test("the last page says so, a full one too", (t: TestContext) => {
  const { store, reader } = openQueryStore(t);
  writeFleet(
    store,
    ["a", "b", "c", "d"].map((deviceId) => ({ deviceId })),
  );
  const query = parseQuery("SELECT deviceId FROM devices");
  assert.equal(reader.page(query, { limit: 4 }).next, undefined);
  const first = reader.page(query, { limit: 2 });
  assert.deepEqual(first.next, { given: 2, after: ["b"] });
  assert.equal(reader.page(query, { limit: 2, after: first.next }).next, undefined);
  assert.equal(reader.page(parseQuery("SELECT TOP 3 * FROM devices"), { limit: 3 }).next, undefined);
  assert.equal(reader.page(parseQuery("SELECT COUNT() FROM devices"), { limit: 1 }).next, undefined);
  assert.deepEqual(reader.page(parseQuery("SELECT * FROM devices OFFSET 4"), { limit: 1 }), { rows: [] });
});

test("a page sees what was committed before it, and nothing of what was not", (t: TestContext) => {
  const { store, rows } = openQueryStore(t);
  store.begin();
  store.prepare("INSERT INTO queryIndexes VALUES ('x', jsonb('[]'), 1)").run();
  assert.deepEqual(rows("SELECT * FROM devices"), []);
  store.commit();
  writeFleet(store, [{ deviceId: "a" }]);
  assert.deepEqual(ids(rows("SELECT * FROM devices")), ["a"]);
});

test("the longest and the deepest conditions run", (t: TestContext) => {
  const { store, rows } = openQueryStore(t);
  writeFleet(store, [{ deviceId: "a", tags: { a: 1, b: true } }]);
  const wide = Array.from({ length: 1100 }, (_, at) => `a=${at % 3}`).join(" OR ");
  assert.deepEqual(rows(`SELECT * FROM devices WHERE ${wide}`), []);
  const nest = (start: string, levels: number, wrap: (inner: string) => string): string =>
    Array.from({ length: levels }).reduce<string>((inner) => wrap(inner), start);
  const conditions = [
    nest("tags.a = 1", 48, (inner) => `(${inner}) = tags.b`),
    `${nest("tags.a", 90, (inner) => `-${inner}`)} = tags.a`,
    nest("tags.b", 90, (inner) => `NOT ${inner}`),
    nest("tags.b", 40, (inner) => `(tags.b AND (tags.b OR ${inner}))`),
    nest("tags.a = 1", 40, (inner) => `ARRAY_CONTAINS(tags.list, ${inner})`),
    nest("tags.b", 40, (inner) => `IS_DEFINED(${inner}) AND tags.b`),
    `${nest("tags.a", 45, (inner) => `(1 + ${inner})`)} = 46`,
  ].flat();
  for (const condition of conditions) {
    const query = parseQuery(`SELECT deviceId FROM devices WHERE ${condition}`);
    const expected = runQuery(query, [{ deviceId: "a", tags: { a: 1, b: true } }]);
    assert.deepEqual(rows(query.text), expected, condition.slice(0, 60));
  }
});

test("rows of jobs are found by all their fields", (t: TestContext) => {
  const { store, rows } = openQueryStore(t);
  const insert = `INSERT INTO jobTargets VALUES (?, 0, ?, ?, 'scheduleDeviceMethod', ?, ?, ?, ?, ?, jsonb(?), ?, ?)`;
  const at = (second: number): string => `2026-11-10T00:00:0${second}.000Z`;
  const response = JSON.stringify({ status: 200, payload: { ok: true } });
  const targets = [
    ["j1", "dev-01", "", "completed", at(0), at(1), at(2), at(2), response, null, null],
    ["j1", "dev-02", "", "failed", at(0), at(1), at(3), at(3), null, "DeviceNotOnline", "gone"],
    ["j1", "dev-02", "m", "pending", at(0), null, null, at(0), null, null, null],
    ["j2", "dev-01", "", "completed", at(0), at(1), at(2), at(2), null, null, null],
  ] as const;
  for (const target of targets) store.prepare(insert).run(...target);
  const documents = targets.map(([jobId, deviceId, moduleId]) => {
    const job = readDeviceJob(store, { jobId, deviceId, moduleId });
    assert.ok(job);
    return deviceJobDocument(job);
  });
  const conditions = [
    ["deviceId = 'dev-01'", "jobId = 'j1' AND status = 'failed'"],
    ["createdTimeUtc > '2026-09-01'", "startTimeUtc >= '2026-11-10T00:00:01Z'", "NOT IS_DEFINED(endTimeUtc)"],
    ["outcome.deviceMethodResponse.status = 200", "outcome.deviceMethodResponse.payload.ok", "outcome.x = 1"],
    ["IS_DEFINED(outcome)", "outcome.deviceMethodResponse = null", "jobType = 'scheduleDeviceMethod'", "x = 1"],
    ["IS_DEFINED(outcome.deviceMethodResponse)", "error.code = 'DeviceNotOnline'", "IS_DEFINED(error.description)"],
  ].flat();
  for (const condition of conditions) {
    const text = `SELECT * FROM devices.jobs WHERE ${condition}`;
    const expected = runQuery(parseQuery(text), documents);
    assert.deepEqual(rows(text, 1), expected, condition);
  }
});
