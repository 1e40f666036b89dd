import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";

/** The share of the free disk that streams may fill: what else runs there needs some, and so does JetStream itself. */
const share = 0.9;

/**
 * How many bytes JetStream may keep in `folder`: what it has, and most of what is free. Left to itself nats-server takes three
 * quarters of the free space alone, so that a store that fills most of a disk would refuse writes after a restart.
 */
export async function fileStoreLimit(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((await sizeBelow(folder)) + bavail * bsize * share);
}

async function sizeBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const found = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}
