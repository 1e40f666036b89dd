import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import pino from "pino";
import { createQueryIndexer } from "../../../adapters/node/query-indexer.ts";
import type { RecordedEvent } from "../../../core/events.ts";
import {
  evolveQueryIndexes,
  type IndexedPath,
  mostQueryIndexes,
  type QueryIndex,
  type QueryIndexEvent,
} from "../../../core/query-index/query-index.ts";
import { createQueryIndex, listQueryIndexes } from "../../../projections/query-indexes.ts";
import { parseQuery } from "../../../query/parse-query.ts";
import { dawn, record } from "../../support/events.ts";
import { openQueryStore } from "../../support/query-store.ts";

const onDevices = (...path: readonly string[]): IndexedPath => ({ collection: "devices", path });

/** An indexer over a store, with the operators' wishes and the clock in the test's hands. */
function openIndexer(t: TestContext, given: readonly IndexedPath[] = []) {
  const { store, file } = openQueryStore(t);
  for (const index of given) createQueryIndex(store, index);
  let wanted: readonly QueryIndex[] = [];
  let listener: (event: RecordedEvent) => void = () => {};
  const clock = { nowMs: 0 };
  let holds = 0;
  const indexer = createQueryIndexer({
    file,
    readModel: { queryIndexes: () => ({ value: wanted, sequence: 1 }) },
    feed: (call) => {
      listener = call;
      return () => {};
    },
    clock: { now: () => clock.nowMs, isoTime: () => dawn },
    held: async (work) => {
      holds += 1;
      return await work();
    },
    log: pino({ level: "silent" }),
  });
  t.after(() => indexer[Symbol.asyncDispose]());
  const ask = (type: QueryIndexEvent["type"], path: IndexedPath): Promise<void> => {
    const event: QueryIndexEvent = { type, data: { ...path, at: dawn } };
    wanted = evolveQueryIndexes(wanted, event);
    for (const recorded of record([{ key: { aggregate: "hub", id: "query-indexes" }, event }])) listener(recorded);
    return indexer.settled();
  };
  const slowQuery = async (where: string, times = 3): Promise<void> => {
    clock.nowMs += 100_000;
    for (let turn = 0; turn < times; turn += 1) indexer.note(parseQuery(`SELECT * FROM devices WHERE ${where}`), 500);
    await indexer.settled();
  };
  return { indexer, ask, slowQuery, made: () => listQueryIndexes(store), holds: () => holds };
}

test("what operators ask for is made, and dropped again, while nobody writes", async (t: TestContext) => {
  const { indexer, ask, made, holds } = openIndexer(t);
  await indexer.settled();
  assert.equal(holds(), 1, "to begin with, the indexes that there are");
  await ask("QueryIndexCreated", onDevices("tags", "a"));
  await ask("QueryIndexCreated", onDevices("tags", "b"));
  assert.deepEqual(made(), [onDevices("tags", "a"), onDevices("tags", "b")]);
  assert.equal(holds(), 3);
  assert.deepEqual(indexer.list(), [
    { ...onDevices("tags", "a"), origin: "operator", isReady: true },
    { ...onDevices("tags", "b"), origin: "operator", isReady: true },
  ]);
  await ask("QueryIndexDeleted", onDevices("tags", "a"));
  assert.deepEqual(made(), [onDevices("tags", "b")]);
});

test("a path that queries were slow without gets an index, not more than one in a minute", async (t: TestContext) => {
  const { indexer, slowQuery, made } = openIndexer(t);
  await slowQuery("tags.a = 1", 2);
  assert.deepEqual(made(), []);
  await slowQuery("tags.a = 1");
  assert.deepEqual(indexer.list(), [{ ...onDevices("tags", "a"), origin: "use", isReady: true }]);
  for (let turn = 0; turn < 3; turn += 1) indexer.note(parseQuery("SELECT * FROM devices WHERE tags.b = 1"), 500);
  await indexer.settled();
  assert.deepEqual(made(), [onDevices("tags", "a")]);
});

test("the index that was not used for the longest makes room", async (t: TestContext) => {
  const names = Array.from({ length: mostQueryIndexes }, (_, at) => `k${at}`);
  const { slowQuery, ask, made } = openIndexer(
    t,
    names.map((name) => onDevices("tags", name)),
  );
  for (const name of names.toReversed()) await slowQuery(`tags.${name} = 1`, 1);
  await slowQuery("tags.new = 1");
  const expected = (missing: readonly string[]) =>
    new Set([...names.filter((name) => !missing.includes(name)), "new"].map((name) => `devices tags ${name}`));
  const found = () => made().map(({ collection, path }) => [collection, ...path].join(" "));
  assert.deepEqual(new Set(found()), expected(["k15"]));
  await ask("QueryIndexCreated", onDevices("tags", "k0"));
  assert.deepEqual(new Set(found()), expected(["k15"]), "one that is there already takes no more room");
  await ask("QueryIndexCreated", onDevices("tags", "k15"));
  assert.deepEqual(new Set(found()), expected(["k14"]));
});

test("an index that can't be made stops no other", async (t: TestContext) => {
  const { indexer, ask, made } = openIndexer(t);
  await ask("QueryIndexCreated", onDevices("status"));
  assert.deepEqual(made(), []);
  await ask("QueryIndexDeleted", onDevices("status"));
  await ask("QueryIndexCreated", onDevices("tags", "a"));
  assert.deepEqual(made(), [onDevices("tags", "a")]);
  assert.equal(indexer.list().length, 1);
});
