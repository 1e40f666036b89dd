import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { machinePath, root, SetupError } from "./project.mjs";

/** The Node that the project brings itself: the npm package `node`. */
export const ownNode = `${root}/node_modules/node/bin/node`;

const neededMajor = 24;

/**
 * Whether a Node of this version runs the project's TypeScript as it is.
 * @param {string} version such as `24.1.0`
 */
export const runsTypeScript = (version) => Number.parseInt(version, 10) >= neededMajor;

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lockfile
 */

/**
 * Whether what npm says it installed (`node_modules/.package-lock.json`) is what `package-lock.json` asks for. Contents
 * are compared, not times, since a checkout makes every file new. Packages for other platforms may be missing.
 * @param {Lockfile} wanted
 * @param {Lockfile} installed
 */
export function isInstalled(wanted, installed) {
  const present = installed.packages ?? {};
  return Object.entries(wanted.packages ?? {}).every(([path, entry]) => {
    if (path === "") return true;
    const found = present[path];
    if (found === undefined) return Boolean(entry.optional || entry.devOptional || entry.peer);
    return found.version === entry.version;
  });
}

/** Whether `npm ci` has nothing to do, and some Node here runs the project. */
export function packagesAreReady() {
  const installed = `${root}/node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  if (!isInstalled(readJson(`${root}/package-lock.json`), readJson(installed))) return false;
  return runsTypeScript(process.versions.node) || existsSync(ownNode);
}

/** Runs `npm ci`. Its output goes to stderr: stdout belongs to the command that the operator asked for. */
export function installPackages() {
  process.stderr.write("twinstream: installing packages with npm ci\n");
  const env = { ...process.env, PATH: machinePath(process.env.PATH) };
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { cwd: root, env, stdio: ["ignore", 2, 2] };
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } = spawnSync("npm", args, options);
  if (error) throw new SetupError(`npm cannot be run (${error.message}): install npm, then try again`);
  if (status !== 0) throw new SetupError("npm ci failed: see its output above");
  if (runsTypeScript(process.versions.node) || existsSync(ownNode)) return;
  // npm was told to run no install scripts, so the package `node` could not fetch its binary: do what its script does.
  spawnSync("node", ["installArchSpecificPackage"], { ...options, cwd: `${root}/node_modules/node` });
  if (!existsSync(ownNode)) throw new SetupError(`Node ${neededMajor} or newer is needed: https://nodejs.org/download`);
}

/**
 * @param {string} file
 * @returns {Lockfile}
 */
function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
