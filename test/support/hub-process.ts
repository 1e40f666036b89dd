import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { readHubEnv } from "../../adapters/settings/hub-env.ts";
import { nodeFlags } from "../../scripts/launch.mjs";

const main = join(import.meta.dirname, "../../adapters/cli/main.ts");

/** A hub in a process of its own, as an operator runs it. */
export type HubProcess = {
  readonly child: ChildProcess;
  /** What the hub wrote into `hub.env`. */
  readonly variables: ReadonlyMap<string, string>;
  /** Milliseconds from the start of the process to its ready line. */
  readonly readyMs: number;
  /** Ends it with this signal and resolves when it is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
};

/** What a hub process is started with; `flags` are words of its command line. */
export type HubProcessOptions = { readonly dataFolder: string; readonly flags?: readonly string[] };

/** Starts `twinstream start` on free ports and resolves at its ready line. Fails with what it wrote if it ends before. */
export async function spawnHub({ dataFolder, flags = [] }: HubProcessOptions): Promise<HubProcess> {
  const ports = ["https", "mqtts", "mqtt", "amqps", "storage"].flatMap((name) => [`--${name}-port`, "0"]);
  const words = ["start", "--data", dataFolder, ...ports];
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeFlags, main, ...words, "--bind", "127.0.0.1", "--log-level", "warn", ...flags],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TWINSTREAM_NATS_SERVER: process.env.TWINSTREAM_NATS_SERVER,
      },
    },
  );
  const complaints: string[] = [];
  child.stderr?.on("data", (data: Buffer) => complaints.push(data.toString()));
  const gone = once(child, "exit");
  if (!(await saysReady(child.stdout))) {
    await gone;
    throw new Error(`the hub ended before it was ready:
${complaints.join("")}`);
  }
  // Its further output must not fill the pipe and stop the hub.
  child.stdout?.resume();
  return {
    child,
    variables: readHubEnv(dataFolder),
    readyMs: performance.now() - started,
    stop: async (signal) => {
      child.kill(signal);
      await gone;
    },
  };
}

/** Reads lines up to the ready line; false when the output ends without it. */
async function saysReady(output: Readable | null): Promise<boolean> {
  if (output === null) return false;
  for await (const line of createInterface({ input: output })) if (line.includes("is ready")) return true;
  return false;
}
