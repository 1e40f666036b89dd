import { canHaveIndex, type IndexedPath } from "../core/query-index/query-index.ts";
import { jsonPlace } from "../query/sql/source.ts";
import type { Store } from "./store.ts";
import { documentAt } from "./twin-tables.ts";

/*
 * Indexes on places in the documents of twins, beside the views: SQLite keeps them up with every write, no view reads them,
 * and a file without them answers the same, only later. They are no part of a dump, and a rebuild begins without them.
 */

/** Every name begins so, and goes on with the path: nothing else has to be noted about an index. */
const namePrefix = "query ";

/** The indexes for queries in a store, in the order of their names. */
export function listQueryIndexes(store: Store): readonly IndexedPath[] {
  const rows = store.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").all();
  return rows.flatMap(({ name }) => pathOf(String(name)) ?? []);
}

/** The path of an index by its name, if it is one for queries. */
function pathOf(name: string): IndexedPath | undefined {
  if (!name.startsWith(namePrefix)) return undefined;
  // `nameOf` wrote it.
  const [collection, ...path] = JSON.parse(name.slice(namePrefix.length)) as [IndexedPath["collection"], ...string[]];
  return { collection, path };
}

const nameOf = ({ collection, path }: IndexedPath): string => namePrefix + JSON.stringify([collection, ...path]);

/**
 * Makes an index, or leaves the one that is there. It holds for every row the class and the value at the path, as conditions
 * and groups ask for them, and then the key, so that rows of one value come in their order and many queries need nothing
 * else. SQLite then counts it through, so as to choose well between indexes. That takes 1 to 3 s for a million twins, during
 * which nothing else can be written. Throws a TypeError for a path that can have none, and SQLite's error.
 */
export function createQueryIndex(store: Store, indexed: IndexedPath): void {
  const document = documentAt(indexed.path);
  if (document === undefined || !canHaveIndex(indexed)) throw new TypeError("no path into a document");
  const place = jsonPlace(document.column, document.below);
  const [key, rows] =
    indexed.collection === "devices" ? ["deviceId", "moduleId = ''"] : ["deviceId, moduleId", "moduleId <> ''"];
  const name = identifier(nameOf(indexed));
  store.transaction(() => {
    store.run(`CREATE INDEX IF NOT EXISTS ${name} ON twins (${place.rank}, ${place.value}, ${key}) WHERE ${rows}`);
    countThrough(store, [name]);
  });
}

/**
 * Counts all indexes through again when there are more than twice or less than half as many twins as at the last time: by
 * what SQLite knows of them it chooses between indexes, and a fleet may have grown from nothing.
 */
export function refreshStatistics(store: Store): void {
  const indexes = listQueryIndexes(store);
  if (indexes.length === 0) return;
  const rows = Number(store.prepare("SELECT count(*) AS count FROM twins").get()?.count);
  const known = Number(String(store.prepare(statistics).get(keyIndex)?.stat ?? "0").split(" ")[0]);
  if (rows > known * 2 || known > rows * 2) {
    store.transaction(() =>
      countThrough(
        store,
        indexes.map((index) => identifier(nameOf(index))),
      ),
    );
  }
}

const statistics = "SELECT stat FROM sqlite_stat1 WHERE idx = ?";

/** The index of the key of `twins`, as SQLite names it. */
const keyIndex = "sqlite_autoindex_twins_1";

/**
 * What SQLite knows of some indexes only it takes for true of all: so it is told of those that the schema makes too. Their
 * keys are unique, so a glance at them is enough.
 */
function countThrough(store: Store, names: readonly string[]): void {
  store.run(`PRAGMA analysis_limit = 1000; ANALYZE ${keyIndex}; ANALYZE twinsOfModules; PRAGMA analysis_limit = 0;`);
  for (const name of names) store.run(`ANALYZE ${name}`);
}

/** Takes an index away, if it is there. */
export function dropQueryIndex(store: Store, indexed: IndexedPath): void {
  store.transaction(() => store.run(`DROP INDEX IF EXISTS ${identifier(nameOf(indexed))}`));
}

/** The paths of the indexes for queries that the steps of a plan name. */
export const indexesIn = (steps: readonly string[], indexes: readonly IndexedPath[]): readonly IndexedPath[] =>
  indexes.filter((index) => steps.some((step) => step.includes(`INDEX ${nameOf(index)}`)));

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
