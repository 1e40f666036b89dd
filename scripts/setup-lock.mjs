import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cacheFolder } from "./project.mjs";

const lockFile = `${cacheFolder}/setup.lock`;
const pollMs = 200;

/**
 * Runs `action` while no other process sets the same clone up. A lock whose process has ended is void.
 * @template T
 * @param {() => T} action
 * @returns {T}
 */
export function withSetupLock(action) {
  mkdirSync(cacheFolder, { recursive: true });
  while (!tryLock()) {
    if (holderHasEnded()) rmSync(lockFile, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs);
  }
  try {
    return action();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** Takes the lock with its content in one step: a link to a file that is already written. */
function tryLock() {
  const own = `${lockFile}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lockFile);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderHasEnded() {
  try {
    process.kill(Number(readFileSync(lockFile, "utf8")), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
