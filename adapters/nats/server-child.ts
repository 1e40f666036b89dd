import { spawn } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Child, watchChild } from "../processes/child.ts";
import type { NatsLog } from "./nats-log.ts";
import { passServerLog, type ServerLog } from "./server-log.ts";

const lookEveryMs = 20;
const portsFile = /_\d+\.ports$/;

/** A running nats-server. */
export type ServerChild = Child & { readonly output: ServerLog };

/** What a nats-server is started with. `password` is known only to blot it out of the log. */
export type ChildRequest = {
  readonly binary: string;
  readonly configFile: string;
  readonly marker: string;
  readonly password: string;
  readonly log: NatsLog;
};

/**
 * Starts nats-server. It gets a process group of its own, so that the Ctrl-C that ends a hub in a terminal doesn't end the
 * server before the hub has written its last events.
 */
export function startChild({ binary, configFile, marker, password, log }: ChildRequest): ServerChild {
  const child = spawn(binary, ["--config", configFile, "--name", marker], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = passServerLog([child.stdout, child.stderr], password, log);
  return { ...watchChild(child, "nats-server", log), output };
}

/** Removes what killed servers told about their ports. */
export async function removePortsFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (portsFile.test(name)) await rm(join(folder, name), { force: true });
}

/** The port on which the server takes clients, once it does; undefined when it ended before. */
export async function listeningPort(child: ServerChild, portsFolder: string): Promise<number | undefined> {
  let over = false;
  void child.ended.then(() => {
    over = true;
  });
  while (!over) {
    const port = await readPort(portsFolder, child.process.pid);
    if (port !== undefined) return port;
    await delay(lookEveryMs);
  }
  return undefined;
}

async function readPort(folder: string, pid: number | undefined): Promise<number | undefined> {
  const name = (await readdir(folder)).find((file) => file.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  const text = await readFile(join(folder, name), "utf8").catch(() => "");
  // The file may be half written; then the next look finds the port.
  const port = /"nats":\s*\[\s*"nats:\/\/127\.0\.0\.1:(\d+)"/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
}
