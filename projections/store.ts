import { existsSync, rmSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { schema, schemaVersion } from "./schema.ts";

/** The SQLite file that holds the views. One process writes it; others, and worker threads, may read it beside. */
export type Store = {
  readonly file: string;
  /** The prepared statement of a text, made once and kept. Texts must be few: no values in them. */
  prepare(sql: string): StatementSync;
  /** Runs a statement that is not kept: one that changes the tables themselves. */
  run(sql: string): void;
  /** Runs `work` in one transaction. When it throws, nothing of it stays, and the error goes on to the caller. */
  transaction(work: () => void): void;
  /** Begins a transaction that is to take longer than one call, for a rebuild. */
  begin(): void;
  commit(): void;
  /** The journal sequence of the last event that the views hold, 0 when they are empty. */
  checkpoint(): number;
  /** Moves the checkpoint, within the transaction that writes what it stands for. */
  setCheckpoint(sequence: number): void;
  close(): void;
};

/** A function for the SQL of one connection; it always gives the same for the same. */
export type StoreFunction = {
  readonly name: string;
  readonly call: (...args: SQLOutputValue[]) => SQLInputValue;
};

/**
 * What was found where the views were to be opened: views that go on from their checkpoint, none yet, views of another
 * schema version, or a damaged file. The last two were deleted: the views are empty, and the journal has to fill them.
 */
export type StoreOrigin = "existing" | "created" | "otherSchema" | "corrupt";

// WAL with `synchronous` NORMAL loses no consistency in a power cut, only the last transactions, which the journal brings
// back. The checkpoint of the WAL is made rare enough not to be felt at full rate, and the WAL is kept small on disk.
const settings = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
`;

// A file that is being built is worth nothing until it is whole, so nothing is spent on surviving a crash half way.
const buildSettings = `
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -131072;
PRAGMA temp_store = MEMORY;
`;

// A scan reads the whole file, which the system's own cache holds better than another copy of it does.
const readingSettings = `
PRAGMA mmap_size = 1099511627776;
PRAGMA cache_size = -32768;
PRAGMA temp_store = MEMORY;
`;

/** How long to wait for another process that holds the file. */
const busyTimeoutMs = 5000;

/**
 * Opens the views in `file`, whose folder must exist. Damage is looked for before anything is used, which reads
 * the whole file: about 2 ms for each megabyte. Throws SQLite's error when the file can't be opened or is locked; that is no
 * reason to delete it.
 */
export function openStore(file: string): { readonly store: Store; readonly origin: StoreOrigin } {
  const origin = inspect(file);
  if (origin === "otherSchema" || origin === "corrupt") removeStore(file);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec(settings);
  if (origin !== "existing") createTables(database);
  return { store: storeOf(file, database), origin };
}

/** The views, read beside the one that writes them. */
export type ReadingStore = {
  readonly store: Store;
  /** All rows of a statement, of which there may be any number of others: the values of each row by their places. */
  all(sql: string, parameters: readonly SQLInputValue[]): readonly (readonly SQLOutputValue[])[];
  /** Runs `work`, whose statements all see the views as they are when it begins. */
  snapshot<Result>(work: () => Result): Result;
};

/** Statements that a reading store keeps prepared: the pages of a query are all asked for with the same one or two. */
const mostKept = 50;

/**
 * Opens the views in `file`, which must exist, for reading only. `functions` are for the statements of this connection.
 * Throws SQLite's error.
 */
export function openReadingStore(file: string, functions: readonly StoreFunction[]): ReadingStore {
  const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  database.exec(readingSettings);
  for (const { name, call } of functions) database.function(name, { deterministic: true, varargs: true }, call);
  const store = storeOf(file, database);
  const kept = new Map<string, StatementSync>();
  return {
    store,
    all(sql, parameters) {
      const statement = kept.get(sql) ?? database.prepare(sql);
      statement.setReturnArrays(true);
      kept.delete(sql);
      kept.set(sql, statement);
      const [oldest] = kept.keys();
      if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
      // What has no names is told by its places.
      return statement.all(...parameters) as unknown as SQLOutputValue[][];
    },
    snapshot(work) {
      store.prepare("BEGIN").run();
      try {
        return work();
      } finally {
        store.prepare("COMMIT").run();
      }
    },
  };
}

/**
 * Opens the views in `file`, which must exist, to make indexes in them. While it writes, the one that writes the views has to
 * keep off: a writer that finds the file locked waits, and all of its thread with it. Throws SQLite's error.
 */
export function openIndexingStore(file: string): Store {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec(`${settings} ${readingSettings}`);
  return storeOf(file, database);
}

/** Makes an empty file for a rebuild, in place of what is there. It is fast and does not survive a crash. */
export function createBuildStore(file: string): Store {
  removeStore(file);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  database.exec(buildSettings);
  createTables(database);
  return storeOf(file, database);
}

/** Deletes the views in `file`, which must be closed. The database goes first: its log means nothing without it. */
export function removeStore(file: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
}

/** Tells whether an error of SQLite means that the file is damaged, so that only deleting and rebuilding it helps. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return false;
  // The low byte is the primary result code: SQLITE_CORRUPT or SQLITE_NOTADB (sqlite.org/rescode.html).
  const primaryCode = error.errcode & 0xff;
  return primaryCode === 11 || primaryCode === 26;
}

function inspect(file: string): StoreOrigin {
  if (!existsSync(file)) return "created";
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
    if (version === 0 && tables === 0) return "created";
    if (version !== schemaVersion) return "otherSchema";
    return database.prepare("PRAGMA quick_check(1)").get()?.quick_check === "ok" ? "existing" : "corrupt";
  } catch (error) {
    if (isDamage(error)) return "corrupt";
    throw error;
  } finally {
    database.close();
  }
}

function createTables(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
}

function storeOf(file: string, database: DatabaseSync): Store {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const begin = (): void => {
    prepare("BEGIN IMMEDIATE").run();
  };
  const commit = (): void => {
    prepare("COMMIT").run();
  };
  return {
    file,
    prepare,
    run: (sql) => database.exec(sql),
    begin,
    commit,
    transaction(work) {
      begin();
      try {
        work();
        commit();
      } catch (error) {
        // SQLite has already rolled back by itself after some errors, such as a full disk.
        if (database.isTransaction) prepare("ROLLBACK").run();
        throw error;
      }
    },
    checkpoint: () => Number(prepare("SELECT sequence FROM checkpoint WHERE id = 1").get()?.sequence ?? 0),
    setCheckpoint(sequence) {
      prepare("UPDATE checkpoint SET sequence = ? WHERE id = 1").run(sequence);
    },
    close: () => database.close(),
  };
}
