import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";

/** Reads a text file; undefined when there is none. Every other failure is thrown. */
export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (err) {
    if (err instanceof Error && "code" in err && err.code === "ENOENT") return undefined;
    throw err;
  }
}

/**
 * Puts `text` at `file` at once: a reader finds the old contents or the new ones, and after a crash too. `mode` holds
 * from the first byte on (less what the process's umask takes away).
 */
export async function writeAtomically({
  file,
  text,
  mode,
}: {
  file: string;
  text: string;
  mode: number;
}): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (err) {
    await rm(temporary, { force: true });
    throw err;
  }
}
