import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { RecordedEvent } from "../../../core/events.ts";
import { HubError } from "../../../core/hub-error.ts";
import { dumpViews, hashViews } from "../../../projections/dump.ts";
import { deviceCreated, deviceDeleted, record } from "../../support/events.ts";
import { mixedEvents } from "../../support/mixed-events.ts";
import { openViews, temporaryFolder } from "../../support/views.ts";

const events = record(["a", "b", "c", "d"].map((id) => deviceCreated(id)));

test("events that the views hold already are skipped", (t) => {
  const { projector, store, read } = openViews(join(temporaryFolder(t), "views.db"));
  const told: number[] = [];
  projector.feed(({ sequence }) => told.push(sequence));
  projector.apply(events.slice(0, 3));
  const before = hashViews(store);
  projector.apply(events.slice(0, 2));
  projector.apply([]);
  assert.equal(hashViews(store), before);
  projector.apply([...events.slice(1), ...events.slice(3)]);
  assert.deepEqual(told, [1, 2, 3, 4]);
  assert.equal(read.appliedSequence(), 4);
  assert.equal(read.statistics().totalDeviceCount, 4);
  store.close();
});

test("gaps in the journal are passed over", (t) => {
  const { projector, store, read } = openViews(join(temporaryFolder(t), "views.db"));
  projector.apply([...record([deviceCreated("a")], 5), ...record([deviceCreated("b")], 9)]);
  assert.equal(read.appliedSequence(), 9);
  assert.equal(store.checkpoint(), 9);
  store.close();
});

test("applied resolves once the views hold the sequence, in any order of asking", async (t) => {
  const { projector, store, read } = openViews(join(temporaryFolder(t), "views.db"));
  const reached: number[] = [];
  const waits = [3, 1, 4, 2, 3].map((sequence) => read.applied(sequence).then(() => reached.push(sequence)));
  projector.apply(events.slice(0, 2));
  await Promise.all([waits[1], waits[3]]);
  assert.deepEqual(reached, [1, 2]);
  projector.apply(events.slice(2));
  await Promise.all(waits);
  assert.deepEqual(reached, [1, 2, 3, 3, 4]);
  await read.applied(4);
  store.close();
});

test("who still waits when the projector closes is told that the hub is stopping", async (t) => {
  const { projector, store, read } = openViews(join(temporaryFolder(t), "views.db"));
  const waiting = assert.rejects(
    read.applied(1),
    (error) => error instanceof HubError && error.reason === "ServiceUnavailable",
  );
  projector.close();
  await waiting;
  await assert.rejects(read.applied(1), HubError);
  store.close();
});

test("the feed tells every event in order, after the views hold it", (t) => {
  const { projector, store, read } = openViews(join(temporaryFolder(t), "views.db"));
  const told: string[] = [];
  const stop = projector.feed(({ sequence, key }) => told.push(`${sequence} ${read.device(key.id)?.value.deviceId}`));
  projector.apply(events.slice(0, 2));
  stop();
  projector.apply(events.slice(2));
  assert.deepEqual(told, ["1 a", "2 b"]);
  store.close();
});

test("a listener that throws is reported and the others are told all the same", (t) => {
  const errors: unknown[] = [];
  const { projector, store } = openViews(join(temporaryFolder(t), "views.db"), (error) => errors.push(error));
  const told: RecordedEvent[] = [];
  projector.feed(() => {
    throw new Error("broken listener");
  });
  projector.feed((event) => told.push(event));
  projector.apply(events);
  assert.deepEqual(told, events);
  assert.equal(errors.length, 4);
  store.close();
});

test("a batch that fails leaves the views as they were, in memory too", async (t) => {
  const { projector, store, read } = openViews(join(temporaryFolder(t), "views.db"));
  projector.apply(events.slice(0, 1));
  const before = [...dumpViews(store)];
  const waiting = read.applied(3);
  const broken = { ...events[2], meta: { ...events[2]?.meta, time: "not a time" } } as RecordedEvent;
  const deleted = record([deviceDeleted("a")], 2);
  assert.throws(() => projector.apply([...deleted, broken]), /NOT NULL/);
  assert.deepEqual([...dumpViews(store)], before);
  assert.equal(read.appliedSequence(), 1);
  assert.equal(read.device("a")?.sequence, 1);
  assert.equal(read.statistics().totalDeviceCount, 1);
  projector.apply(events.slice(1));
  await waiting;
  assert.equal(read.statistics().totalDeviceCount, 4);
  store.close();
});

test("the dump holds every row of every view, sealed keys only as they were sealed", (t) => {
  const { projector, store } = openViews(join(temporaryFolder(t), "views.db"));
  projector.apply(mixedEvents(300, 10));
  const tables = new Set([...dumpViews(store)].map((line) => line.slice(0, line.indexOf(" "))));
  const expected = [
    "checkpoint",
    "devices",
    "modules",
    "twins",
    "connections",
    "commandQueues",
    "fileUploads",
    "history",
    "correlations",
    "statistics",
  ];
  assert.deepEqual([...tables], expected);
  assert.match(hashViews(store), /^[0-9a-f]{64}$/);
  store.close();
});
