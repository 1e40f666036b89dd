import { readdirSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";

const benchmarks = /(^|\/)test\/bench\//;

/**
 * The test files (`*.test.ts`) that the paths name, sorted: a file is itself, a folder all below it.
 * @param {readonly string[]} paths relative to `base`
 * @param {string} base absolute path
 * @returns {readonly string[]} absolute paths
 */
export function testFiles(paths, base) {
  const found = paths
    .map((path) => resolve(base, path))
    .flatMap((path) => (isFolder(path) ? filesBelow(path) : [path]));
  return [...new Set(found)].filter((path) => !benchmarks.test(relative(base, path))).sort();
}

/** @param {string} folder */
function filesBelow(folder) {
  const names = readdirSync(folder, { encoding: "utf8", recursive: true });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => resolve(folder, name));
}

/** @param {string} path */
function isFolder(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
