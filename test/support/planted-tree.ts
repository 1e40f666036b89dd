import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder for one test, deleted when disposed. */
export type PlantedTree = Disposable & { readonly folder: string };

/** Writes files, keyed by their path, into a new temporary folder. */
export function plantTree(files: Readonly<Record<string, string>>): PlantedTree {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "twinstream-planted-")));
  for (const [path, code] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${code}\n`);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
