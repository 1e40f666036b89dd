import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The oldest nats-server the hub trusts: older ones have known bugs that lose data. */
export const minimumServerVersion = "2.10.23";

/**
 * Throws when `version` (such as `2.10.27` or `2.11.0-RC.1`) is older than the hub needs, or no version at all.
 * `where` names the server in the message.
 */
export function requireServerVersion(version: string, where: string): void {
  const have = numbers(version);
  const need = numbers(minimumServerVersion);
  if (have !== undefined && need !== undefined && !isOlder(have, need)) return;
  throw new Error(`nats-server ${version} at ${where} is too old: the hub needs ${minimumServerVersion} or newer`);
}

/** Asks a nats-server binary for its version. Throws when it cannot run or is too old. */
export async function checkServerBinary(binary: string): Promise<string> {
  const { stdout } = await run(binary, ["--version"], { timeout: 10_000 });
  const version = /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${binary} does not say that it is a nats-server`);
  requireServerVersion(version, binary);
  return version;
}

function numbers(version: string): readonly number[] | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match === null ? undefined : match.slice(1).map(Number);
}

function isOlder(have: readonly number[], need: readonly number[]): boolean {
  for (const [index, part] of need.entries()) {
    const own = have[index] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
