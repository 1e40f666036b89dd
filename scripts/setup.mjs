import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fetchNatsServer } from "./debian-nats-server.mjs";
import { findNatsServer, minimumVersion } from "./nats-server.mjs";
import { installPackages, packagesAreReady } from "./packages.mjs";
import { SetupError } from "./project.mjs";
import { withSetupLock } from "./setup-lock.mjs";

/**
 * Makes a clone ready to run: its packages, and a nats-server. Silent and quick when all is there.
 * @param {{ needsNatsServer: boolean }} options without the need, a missing nats-server is not fetched
 * @returns {string | undefined} the path of the nats-server
 */
export function setup({ needsNatsServer }) {
  if (!packagesAreReady()) {
    withSetupLock(() => {
      if (!packagesAreReady()) installPackages();
    });
  }
  const found = findNatsServer(process.env);
  if (found !== undefined || !needsNatsServer) return found;
  return withSetupLock(() => findNatsServer(process.env) ?? obtainNatsServer());
}

function obtainNatsServer() {
  if (!existsSync("/usr/bin/apt-get")) {
    const how = process.platform === "darwin" ? "brew install nats-server" : "https://nats.io/download";
    throw new SetupError(`nats-server ${minimumVersion} or newer is needed on PATH: ${how}`);
  }
  process.stderr.write("twinstream: fetching nats-server from Debian 13\n");
  try {
    fetchNatsServer();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SetupError(
      `nats-server ${minimumVersion} or newer is needed on PATH, and could not be fetched: ${reason}`,
    );
  }
  return findNatsServer(process.env);
}

/**
 * Runs `action`; a SetupError ends the process with its one line and code 1.
 * @template T
 * @param {() => T} action
 * @returns {T}
 */
export function orExit(action) {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`twinstream: ${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  orExit(() => setup({ needsNatsServer: true }));
}
