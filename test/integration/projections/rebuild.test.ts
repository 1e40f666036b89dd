import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hashViews } from "../../../projections/dump.ts";
import { type RebuildProgress, rebuild } from "../../../projections/rebuild.ts";
import { openStore } from "../../../projections/store.ts";
import { mixedEvents } from "../../support/mixed-events.ts";
import { inBatches, openViews, temporaryFolder } from "../../support/views.ts";

const events = mixedEvents(10_000, 300);

test("rebuilt views are to the byte those that were followed live", async (t) => {
  const folder = temporaryFolder(t);
  const live = openViews(join(folder, "live.db"));
  for await (const batch of inBatches(events, 33)) live.projector.apply(batch);
  const file = join(folder, "views.db");
  const result = await rebuild({ file, follow: () => inBatches(events, 1000), lastSequence: events.length });
  assert.equal(result.events, events.length);
  const { store, origin } = openStore(file);
  assert.equal(origin, "existing");
  assert.equal(hashViews(store), hashViews(live.store));
  live.store.close();
  store.close();
});

test("a rebuild takes the place of older views and of one that was broken off", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "views.db");
  const old = openViews(file);
  old.projector.apply(mixedEvents(100, 5));
  old.store.close();
  writeFileSync(`${file}.new`, "half a file");
  await rebuild({ file, follow: () => inBatches(events, 1000), lastSequence: events.length });
  const { store } = openStore(file);
  assert.equal(store.checkpoint(), events.length);
  store.close();
  assert.deepEqual(readdirSync(folder), ["views.db"]);
});

test("progress is told after every batch, and a journal that goes on is left at the sequence asked for", async (t) => {
  const told: RebuildProgress[] = [];
  const file = join(temporaryFolder(t), "views.db");
  let left = false;
  async function* endless() {
    try {
      yield* inBatches(events, 2500);
      await new Promise<never>(() => undefined);
    } finally {
      left = true;
    }
  }
  await rebuild({ file, follow: endless, lastSequence: events.length, onProgress: (progress) => told.push(progress) });
  assert.ok(left);
  assert.deepEqual(
    told.map(({ applied, total }) => [applied, total]),
    [2500, 5000, 7500, 10_000].map((applied) => [applied, 10_000]),
  );
  assert.ok(told.every(({ eventsPerSecond }) => eventsPerSecond > 0));
});

test("a rebuild that fails leaves the views as they were, and nothing beside them", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "views.db");
  const old = openViews(file);
  old.projector.apply(events.slice(0, 100));
  const before = hashViews(old.store);
  old.store.close();
  async function* broken() {
    yield* inBatches(events.slice(0, 5000), 1000);
    throw new Error("the journal went away");
  }
  await assert.rejects(rebuild({ file, follow: broken, lastSequence: events.length }), /went away/);
  assert.ok(!existsSync(`${file}.new`));
  const { store } = openStore(file);
  assert.equal(hashViews(store), before);
  store.close();
});

test("an empty journal makes empty views without being followed", async (t) => {
  const file = join(temporaryFolder(t), "views.db");
  const follow = () => assert.fail("nothing to follow");
  assert.equal((await rebuild({ file, follow, lastSequence: 0 })).events, 0);
  const { store, origin } = openStore(file);
  assert.equal(origin, "existing");
  assert.equal(store.checkpoint(), 0);
  store.close();
});
