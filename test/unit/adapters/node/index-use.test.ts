import assert from "node:assert/strict";
import { test } from "node:test";
import { createIndexUse } from "../../../../adapters/node/index-use.ts";
import { type IndexedPath, isSamePath } from "../../../../core/query-index/query-index.ts";
import { parseQuery } from "../../../../query/parse-query.ts";

const onDevices = (...path: readonly string[]): IndexedPath => ({ collection: "devices", path });

function useOver(made: readonly IndexedPath[]) {
  const use = createIndexUse((path) => made.some((index) => isSamePath(index, path)));
  return {
    lastUse: use.lastUse,
    note: (where: string, milliseconds: number, now: number) =>
      use.note(parseQuery(`SELECT * FROM devices WHERE ${where}`), { milliseconds, now }).due,
  };
}

test("an index is due on a path when three pages were slow without it", () => {
  const { note } = useOver([]);
  assert.equal(note("tags.a = 1", 200, 1000), undefined);
  assert.equal(note("tags.a = 2 AND status = 'enabled'", 200, 2000), undefined);
  assert.deepEqual(note("tags.a = 3", 200, 3000), onDevices("tags", "a"));
  assert.equal(note("tags.a = 3", 200, 4000), undefined, "the next three begin anew");
});

test("quick pages, slow ones long ago, and fields without documents don't count", () => {
  const { note } = useOver([]);
  for (let now = 0; now < 10; now += 1) assert.equal(note("tags.a = 1", 10, now), undefined);
  for (let now = 0; now < 10; now += 1) assert.equal(note("status = 'enabled'", 500, now), undefined);
  for (let hour = 0; hour < 10; hour += 1) assert.equal(note("tags.a = 1", 500, hour * 2_000_000), undefined);
});

test("a query that an index serves asks for no other, and is the index's use", () => {
  const { note, lastUse } = useOver([onDevices("tags", "b")]);
  for (let now = 1; now <= 5; now += 1) assert.equal(note("tags.a = 1 AND tags.b > 2", 500, now), undefined);
  assert.equal(lastUse(onDevices("tags", "b")), 5);
  assert.equal(lastUse(onDevices("tags", "a")), 0);
});

test("what queries name is remembered within bounds", () => {
  const { note } = useOver([]);
  assert.equal(note("tags.first = 1", 500, 0), undefined);
  for (let at = 0; at < 2000; at += 1) note(`tags.k${at} = 1`, 500, 1);
  assert.equal(note("tags.first = 1", 500, 2), undefined);
  assert.equal(note("tags.first = 1", 500, 3), undefined, "the first time was forgotten");
});
