import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cacheFolder, machinePath, root, SetupError } from "./project.mjs";

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
  const npm = runsTypeScript(process.versions.node) ? ["npm"] : [...newerNpm(), ...machinesOwnSettings()];
  process.stderr.write("twinstream: installing packages with npm ci\n");
  const { status, error } = run(npm, ["ci", "--include=dev", ...quietly]);
  if (error) throw new SetupError(`npm cannot be run (${error.message}): install npm, then try again`);
  if (status !== 0) throw new SetupError("npm ci failed: see its output above");
  if (runsTypeScript(process.versions.node) || existsSync(ownNode)) return;
  unpackNode(`${root}/node_modules/node`);
  if (!existsSync(ownNode)) throw new SetupError(`Node ${neededMajor} or newer is needed: https://nodejs.org/download`);
}

const quietly = ["--no-audit", "--no-fund", "--loglevel=error"];

/**
 * Fetches the project's Node and npm into the cache, for machines whose own are older: npm leaves out optional packages that
 * say they need a newer Node than the one it runs under.
 * @returns {string[]} the command that runs that npm
 */
function newerNpm() {
  const folder = `${cacheFolder}/npm`;
  const node = `${folder}/node_modules/node/bin/node`;
  const command = [node, `${folder}/node_modules/npm/bin/npm-cli.js`];
  if (command.every((file) => existsSync(file))) return command;
  const { version = String(neededMajor) } = readJson(`${root}/package-lock.json`).packages?.["node_modules/node"] ?? {};
  process.stderr.write(`twinstream: fetching Node ${version}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
  run(["npm"], ["install", `node@${version}`, "npm@11", ...quietly], folder);
  if (!existsSync(node)) unpackNode(`${folder}/node_modules/node`);
  if (command.every((file) => existsSync(file))) return command;
  throw new SetupError(`Node ${neededMajor} or newer is needed: https://nodejs.org/download`);
}

/**
 * An npm that lies elsewhere looks for the machine's settings (a registry, its certificate) elsewhere.
 * @returns {string[]} options of npm
 */
function machinesOwnSettings() {
  const env = { ...process.env, PATH: machinePath(process.env.PATH) };
  const { stdout } = spawnSync("npm", ["config", "get", "globalconfig"], { cwd: root, env, encoding: "utf8" });
  const file = stdout?.trim() ?? "";
  return file === "" ? [] : [`--globalconfig=${file}`];
}

/**
 * Does what the install script of the package `node` does, for when npm was told to run no install scripts.
 * @param {string} folder where the package is
 */
function unpackNode(folder) {
  if (existsSync(folder)) run(["node"], ["installArchSpecificPackage"], folder);
}

/**
 * @param {string[]} command
 * @param {string[]} args
 */
function run([program = "", ...first], args, cwd = root) {
  const env = { ...process.env, PATH: machinePath(process.env.PATH) };
  return spawnSync(program, [...first, ...args], { cwd, env, stdio: ["ignore", 2, 2] });
}

/**
 * @param {string} file
 * @returns {Lockfile}
 */
function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
