import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { ownNode, runsTypeScript } from "./packages.mjs";
import { root } from "./project.mjs";
import { orExit, setup } from "./setup.mjs";

/** The path of the CLI's entry. */
export const cli = `${root}/adapters/cli/main.ts`;

/** Much of what the hub makes lives for one message: room for young objects saves the collector most of its work. */
export const nodeFlags = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=64"];

const givenServer = /^--nats-(url|server)(=|$)/;

/**
 * Whether a script may start a nats-server of its own. Of the CLI's commands only `start` does, and not when it is
 * given a server (`NATS_URL`, `--nats-url`) or told its path; every other script (tests, benchmarks) does.
 * @param {string} script absolute path
 * @param {readonly string[]} args
 * @param {Record<string, string | undefined>} env
 */
export function needsNatsServer(script, args, env) {
  if (script !== cli) return true;
  // A sourced hub.env names the NATS inside the hub that wrote it, which is no server to use (adapters/settings).
  const outsideUrl = env.NATS_URL && env.NATS_URL !== env.TWINSTREAM_EMBEDDED_NATS;
  return args[0] === "start" && !outsideUrl && !args.some((arg) => givenServer.test(arg));
}

/**
 * Sets the clone up, then runs a script under a Node that takes TypeScript as it is: this one, or else the one that the
 * project brings. The script has this process's cwd, streams and environment, with `TWINSTREAM_NATS_SERVER` added; its
 * exit code or signal becomes ours.
 * @param {string} script absolute path
 * @param {readonly string[]} args
 */
export function launch(script, args) {
  const natsServer = orExit(() => setup({ needsNatsServer: needsNatsServer(script, args, process.env) }));
  const node = runsTypeScript(process.versions.node) && existsSync(process.execPath) ? process.execPath : ownNode;
  const env = {
    ...process.env,
    // Node keeps what it made of the TypeScript files, so that the next start, and each worker thread, loads them quicker.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? `${root}/.cache/compiled`,
    ...(natsServer === undefined ? {} : { TWINSTREAM_NATS_SERVER: natsServer }),
  };
  const nodeArgs = [...nodeFlags, script, ...args];
  const child = spawn(node, nodeArgs, { stdio: "inherit", env });
  forwardSignals(child);
  child.on("error", (error) => {
    process.stderr.write(`twinstream: ${node} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

/** @param {import("node:child_process").ChildProcess} child */
function forwardSignals(child) {
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  // A terminal sends Ctrl-C to the whole process group: forwarding it too would look like an impatient second one.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
}
