import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes a data folder for this process until disposed or dead. Throws, naming the process that holds it, when another hub
 * does.
 *
 * The lock is SQLite's exclusive lock on an empty database, which is the operating system's own lock on a file: it is given
 * to one of several that ask at once, and the system takes it back when its holder dies, `kill -9` included. So there is
 * nothing stale to detect, and neither a reused process id nor another container with the same volume can confuse it. A
 * file with a process id has a moment between finding it stale and replacing it. The file with the id, here, only serves
 * the message.
 */
export async function lockDataFolder(folder: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const holderFile = join(folder, "hub.pid");
  const database = new DatabaseSync(join(folder, "hub.lock"));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (!isLocked(cause)) throw cause;
    const holder = (await readFile(holderFile, "utf8").catch(() => "")).trim() || "unknown";
    throw new Error(`the data folder ${folder} is in use by another hub (process ${holder})`, { cause });
  }
  await writeFile(holderFile, `${process.pid}\n`, { mode: 0o600 });
  return {
    // The files stay: removing a lock's file lets two processes lock two files of one name.
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

/** SQLITE_BUSY: another connection holds the lock. */
const isLocked = (error: unknown): boolean => error instanceof Error && "errcode" in error && error.errcode === 5;
