import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { cacheFolder } from "./project.mjs";

/** Older servers have known bugs that lose data. */
export const minimumVersion = "2.10.23";

/** Where the project keeps the nats-server that it fetched itself. */
export const cachedServer = `${cacheFolder}/nats-server/nats-server`;

/** Folders that hold nats-server where packagers put it, though a user's PATH may not name them. */
const usualFolders = ["/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin", "/usr/local/bin"];

/**
 * The version in `nats-server --version`'s answer, such as `nats-server: v2.10.27`; undefined when there is none.
 * @param {string} output
 */
export function parseVersion(output) {
  return /\bv?(\d+\.\d+\.\d+)/.exec(output)?.[1];
}

/**
 * Whether `version` is `minimum` or newer; both are three numbers with dots.
 * @param {string} version
 * @param {string} minimum
 */
export function isAtLeast(version, minimum) {
  const have = version.split(".").map(Number);
  for (const [i, need] of minimum.split(".").map(Number).entries()) {
    const part = have[i] ?? 0;
    if (part !== need) return part > need;
  }
  return true;
}

/**
 * Where a nats-server may be, best first: the operator's choice, `PATH`, the project's cache.
 * @param {Record<string, string | undefined>} env
 */
export function candidates(env) {
  const chosen = env.TWINSTREAM_NATS_SERVER;
  const folders = [...(env.PATH ?? "").split(":").filter((folder) => folder !== ""), ...usualFolders];
  const paths = [...(chosen ? [chosen] : []), ...folders.map((folder) => `${folder}/nats-server`), cachedServer];
  return [...new Set(paths)];
}

/**
 * Whether the file is a nats-server that is new enough and runs on this machine.
 * @param {string} path
 */
export function isUsable(path) {
  try {
    accessSync(path, constants.X_OK);
    const output = execFileSync(path, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const version = parseVersion(output);
    return version !== undefined && isAtLeast(version, minimumVersion);
  } catch {
    return false;
  }
}

/**
 * The path of a usable nats-server; undefined when this machine has none.
 * @param {Record<string, string | undefined>} env
 */
export function findNatsServer(env) {
  return candidates(env).find(isUsable);
}
