import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { IndexedPath } from "../../../core/query-index/query-index.ts";
import { hashViews } from "../../../projections/dump.ts";
import {
  createQueryIndex,
  dropQueryIndex,
  listQueryIndexes,
  refreshStatistics,
} from "../../../projections/query-indexes.ts";
import { parseQuery } from "../../../query/parse-query.ts";
import { writeFleet } from "../../support/query-fleet.ts";
import { openQueryStore } from "../../support/query-store.ts";

const onDevices = (...path: readonly string[]): IndexedPath => ({ collection: "devices", path });

const fleet = Array.from({ length: 200 }, (_, at) => ({
  deviceId: `d${String(at).padStart(3, "0")}`,
  tags: { region: `r${at % 10}`, "a\"b'c": at },
  reported: { level: at / 4 },
}));

test("indexes are listed by their paths, whatever characters these have, and can be dropped", (t: TestContext) => {
  const { store } = openQueryStore(t);
  const indexes = [
    onDevices("properties", "reported", "level"),
    onDevices("tags", "a\"b'c", "\u0000"),
    { collection: "devices.modules", path: ["tags", "region"] } as const,
  ];
  for (const index of indexes) {
    createQueryIndex(store, index);
    createQueryIndex(store, index);
  }
  assert.deepEqual(new Set(listQueryIndexes(store)), new Set(indexes));
  for (const index of indexes) dropQueryIndex(store, index);
  dropQueryIndex(store, onDevices("tags", "never"));
  assert.deepEqual(listQueryIndexes(store), []);
});

test("a path that leads into no document can have no index", (t: TestContext) => {
  const { store } = openQueryStore(t);
  for (const path of [["tags"], ["status"], ["properties", "desired"], ["properties", "desired", "$version"]]) {
    assert.throws(() => createQueryIndex(store, onDevices(...path)), TypeError);
  }
});

test("equality, ranges, prefixes, groups and pages run on an index, and give what they give without it", (t: TestContext) => {
  const { store, reader, rows } = openQueryStore(t);
  writeFleet(store, fleet);
  const texts = [
    "SELECT deviceId FROM devices WHERE tags.region = 'r3'",
    "SELECT COUNT() AS n FROM devices WHERE tags.region IN ['r3', 'r4']",
    "SELECT COUNT() AS n FROM devices WHERE STARTSWITH(tags.region, 'r3')",
    "SELECT COUNT() AS n FROM devices WHERE tags.region LIKE 'r%'",
    "SELECT COUNT() AS n FROM devices WHERE properties.reported.level > 40",
    "SELECT COUNT() AS n FROM devices WHERE tags.[[a\"b'c]] = 7",
    "SELECT tags.region, COUNT() AS n FROM devices GROUP BY tags.region",
  ];
  const before = texts.map((text) => rows(text, 3));
  for (const path of [
    ["tags", "region"],
    ["tags", "a\"b'c"],
    ["properties", "reported", "level"],
  ]) {
    createQueryIndex(store, onDevices(...path));
  }
  for (const [at, text] of texts.entries()) {
    const { indexes, steps } = reader.plan(parseQuery(text));
    assert.equal(indexes.length, 1, `${text}: ${steps.join("; ")}`);
    assert.deepEqual(rows(text, 3), before[at]);
  }
  const { steps } = reader.plan(parseQuery(texts[0] ?? ""));
  assert.deepEqual(
    steps.filter((step) => step.includes("TEMP B-TREE")),
    [],
    "rows of one value come in their order",
  );
});

test("an index follows what is written", (t: TestContext) => {
  const { store, rows } = openQueryStore(t);
  writeFleet(store, fleet);
  createQueryIndex(store, onDevices("tags", "region"));
  writeFleet(store, [
    { deviceId: "d003", tags: { region: "r4" } },
    { deviceId: "new", tags: { region: "r3" } },
  ]);
  const found = rows("SELECT deviceId FROM devices WHERE tags.region = 'r3'").map(({ deviceId }) => deviceId);
  assert.equal(found.includes("d003"), false);
  assert.equal(found.includes("new"), true);
  assert.equal(found.length, 20);
});

test("the views are the same to the byte with indexes and without", (t: TestContext) => {
  const { store } = openQueryStore(t);
  writeFleet(store, fleet);
  const before = hashViews(store);
  createQueryIndex(store, onDevices("tags", "region"));
  assert.equal(hashViews(store), before);
});

test("what SQLite knows of indexes grows with the fleet", (t: TestContext) => {
  const { store, reader } = openQueryStore(t);
  createQueryIndex(store, onDevices("tags", "region"));
  createQueryIndex(store, onDevices("properties", "reported", "level"));
  writeFleet(store, fleet);
  refreshStatistics(store);
  const known = new Map(
    store
      .prepare("SELECT idx, stat FROM sqlite_stat1")
      .all()
      .map(({ idx, stat }) => [idx, stat]),
  );
  assert.equal(known.get('query ["devices","tags","region"]'), "200 200 20 1");
  assert.equal(known.get("sqlite_autoindex_twins_1"), "200 1 1");
  const text = "SELECT deviceId FROM devices WHERE tags.region = 'r3' AND properties.reported.level > 1";
  assert.deepEqual(reader.plan(parseQuery(text)).indexes, [onDevices("tags", "region")]);
  const scan = reader.plan(parseQuery("SELECT deviceId FROM devices WHERE tags.other = 'r3'"));
  assert.deepEqual(scan.indexes, [], "an index on another path is no way to look at all twins");
});
