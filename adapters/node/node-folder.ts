import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes the data folder, open to its owner alone, and gives its absolute parts. */
export function openDataFolder(folder: string): {
  readonly nats: string;
  readonly tls: string;
  readonly storage: string;
  readonly views: string;
  readonly masterKey: string;
} {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    nats: join(folder, "nats"),
    tls: join(folder, "tls"),
    storage: join(folder, "storage"),
    views: join(folder, "views.db"),
    masterKey: join(folder, "master.key"),
  };
}

/**
 * The id of this hub node, kept in its data folder: after a crash the node knows by it which connections in the journal
 * were its own.
 */
export function nodeIdOf(folder: string): string {
  const file = join(folder, "node-id");
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    const nodeId = randomUUID();
    writeFileSync(file, `${nodeId}\n`, { mode: 0o600 });
    return nodeId;
  }
}
