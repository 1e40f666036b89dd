import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { hashViews } from "../../../projections/dump.ts";
import { isDamage, openStore } from "../../../projections/store.ts";
import { mixedEvents } from "../../support/mixed-events.ts";
import { openViews, temporaryFolder } from "../../support/views.ts";

const events = mixedEvents(3000, 200);

/** Views with some content, closed. */
function filled(t: TestContext): string {
  const file = join(temporaryFolder(t), "views.db");
  const { projector, store } = openViews(file);
  projector.apply(events);
  store.close();
  return file;
}

test("views go on from their checkpoint when opened again", (t) => {
  const file = join(temporaryFolder(t), "views.db");
  const first = openStore(file);
  assert.equal(first.origin, "created");
  assert.equal(first.store.checkpoint(), 0);
  first.store.close();
  const empty = openStore(file);
  assert.equal(empty.origin, "existing");
  empty.store.close();
  const again = openStore(filled(t));
  assert.equal(again.origin, "existing");
  assert.equal(again.store.checkpoint(), 3000);
  again.store.close();
});

test("views of another schema version are dropped, and the journal fills them again", (t) => {
  const file = filled(t);
  const before = hashOf(file);
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 999999");
  database.close();
  assertRefilled(file, "otherSchema", before);
});

test("a file of something else is dropped", (t) => {
  const file = join(temporaryFolder(t), "views.db");
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE something (of TEXT)");
  database.close();
  const { store, origin } = openStore(file);
  assert.equal(origin, "otherSchema");
  store.close();
});

test("a file that is no database is dropped and flagged", (t) => {
  const file = join(temporaryFolder(t), "views.db");
  writeFileSync(file, "this is not a database, whatever its name says".repeat(100));
  const { store, origin } = openStore(file);
  assert.equal(origin, "corrupt");
  assert.equal(store.checkpoint(), 0);
  store.close();
});

for (const [name, damage] of [
  ["whose pages were overwritten", overwritePages],
  ["whose end is missing", (file: string) => truncateSync(file, 40_960)],
  ["whose header was overwritten", overwriteHeader],
] as const) {
  test(`a file ${name} is dropped, flagged, and filled again`, (t) => {
    const file = filled(t);
    const before = hashOf(file);
    damage(file);
    assertRefilled(file, "corrupt", before);
  });
}

test("what can't be opened for another reason is not deleted", (t) => {
  const file = join(temporaryFolder(t), "views.db");
  mkdirSync(file);
  assert.throws(
    () => openStore(file),
    (error) => !isDamage(error),
  );
  assert.ok(statSync(file).isDirectory());
});

test("only SQLite's errors of damage count as damage", () => {
  const sqliteError = (errcode: number) => Object.assign(new Error("sqlite"), { errcode });
  assert.ok(isDamage(sqliteError(11)));
  assert.ok(isDamage(sqliteError(26)));
  assert.ok(isDamage(sqliteError(11 | (1 << 8))), "SQLITE_CORRUPT_VTAB");
  for (const other of [sqliteError(5), sqliteError(13), new Error("no code"), 11, undefined])
    assert.ok(!isDamage(other));
});

function hashOf(file: string): string {
  const { store } = openStore(file);
  const hash = hashViews(store);
  store.close();
  return hash;
}

function assertRefilled(file: string, expected: string, hash: string): void {
  const { store, origin } = openStore(file);
  assert.equal(origin, expected);
  assert.equal(store.checkpoint(), 0);
  store.close();
  const { projector, store: empty } = openViews(file);
  projector.apply(events);
  assert.equal(hashViews(empty), hash);
  empty.close();
}

function overwriteHeader(file: string): void {
  overwrite(file, 0, 100);
}

function overwritePages(file: string): void {
  overwrite(file, 16_384, 65_536);
}

function overwrite(file: string, position: number, length: number): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, Buffer.alloc(length, 0xa5), 0, length, position);
  closeSync(descriptor);
}
