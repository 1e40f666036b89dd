import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root folder, found by where this file lies, so it holds behind symbolic links and in any cwd. */
export const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));

/** What the project makes for itself and may always be deleted. */
export const cacheFolder = `${root}/.cache`;

/** A setup step that cannot go on. The message is one line that tells the operator what to do. */
export class SetupError extends Error {}

/**
 * `PATH` without the folders that npm puts in front of it, so that `node` and `npm` are the machine's own: the
 * project's are about to be replaced.
 * @param {string | undefined} path
 */
export function machinePath(path) {
  const isNpmsOwn = (/** @type {string} */ folder) =>
    folder.endsWith("/node_modules/.bin") ||
    folder.endsWith("/node-gyp-bin") ||
    folder.endsWith("node_modules/node/bin");
  return (path ?? "")
    .split(":")
    .filter((folder) => folder !== "" && !isNpmsOwn(folder))
    .join(":");
}
