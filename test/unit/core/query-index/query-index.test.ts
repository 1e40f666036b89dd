import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decideQueryIndexes,
  evolveQueryIndexes,
  type IndexedPath,
  mostQueryIndexes,
  type QueryIndexCommand,
  type QueryIndexesState,
} from "../../../../core/query-index/query-index.ts";

const now = "2026-11-24T00:00:00.000Z";
const onDevices = (...path: readonly string[]): IndexedPath => ({ collection: "devices", path });
const command = (type: QueryIndexCommand["type"], data: IndexedPath): QueryIndexCommand => ({
  type,
  data,
  meta: { now },
});
const created = (indexes: QueryIndexesState, data: IndexedPath): QueryIndexesState =>
  decideQueryIndexes(command("CreateQueryIndex", data), indexes).reduce(evolveQueryIndexes, indexes);

test("an index is created once, and told by collection and path", () => {
  const region = onDevices("tags", "location", "region");
  const [event, ...others] = decideQueryIndexes(command("CreateQueryIndex", region), []);
  assert.deepEqual([event, others], [{ type: "QueryIndexCreated", data: { ...region, at: now } }, []]);
  const indexes = created([], region);
  assert.deepEqual(indexes, [{ ...region, createdTime: now }]);
  assert.deepEqual(decideQueryIndexes(command("CreateQueryIndex", region), indexes), []);
  const ofModules = { ...region, collection: "devices.modules" } as const;
  assert.equal(created(indexes, ofModules).length, 2);
});

test("what is deleted is gone, and what is not there can't be deleted", () => {
  const indexes = created(created([], onDevices("tags", "a")), onDevices("tags", "b"));
  const events = decideQueryIndexes(command("DeleteQueryIndex", onDevices("tags", "a")), indexes);
  assert.deepEqual(events.reduce(evolveQueryIndexes, indexes), [{ ...onDevices("tags", "b"), createdTime: now }]);
  const absent = command("DeleteQueryIndex", onDevices("tags", "a", "b"));
  assert.throws(() => decideQueryIndexes(absent, indexes), { reason: "GenericNotFound" });
});

test("an index is on a path into what users keep in twins", () => {
  const refused = [
    [],
    ["tags"],
    ["status"],
    ["deviceId", "x"],
    ["properties"],
    ["properties", "desired"],
    ["properties", "x", "y"],
    ["properties", "reported", "$version"],
    Array.from({ length: 14 }, () => "tags"),
    ["tags", "x".repeat(1025)],
  ];
  for (const path of refused) {
    assert.throws(() => created([], onDevices(...path)), { reason: "ArgumentInvalid" }, path.join("."));
  }
  const taken = [
    ["tags", "a"],
    ["configurations", "c", "status"],
    ["properties", "desired", "a", "b"],
    ["properties", "reported", "$metadata", "$lastUpdated"],
  ];
  for (const path of taken) assert.equal(created([], onDevices(...path)).length, 1, path.join("."));
});

test("there are so many indexes and no more", () => {
  let indexes: QueryIndexesState = [];
  for (let at = 0; at < mostQueryIndexes; at += 1) indexes = created(indexes, onDevices("tags", `k${at}`));
  assert.throws(() => created(indexes, onDevices("tags", "more")), { reason: "IotHubQuotaExceeded" });
});
