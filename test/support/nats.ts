import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "nats";
import { connectNats } from "../../adapters/nats/connect.ts";
import type { Durability } from "../../adapters/nats/durability.ts";
import { startEmbeddedServer } from "../../adapters/nats/embedded-server.ts";
import type { NatsLog } from "../../adapters/nats/nats-log.ts";
import type { NewEvent } from "../../core/events.ts";
import type { Scope } from "./suite-scope.ts";

/** Drops what is logged. */
export const silentLog: NatsLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A nats-server of the test's own, with a supervisor that starts it again. */
export type TestNats = {
  readonly url: string;
  readonly folder: string;
  pid(): number | undefined;
  /** A connection that is closed when the test ends. */
  connect(name?: string): Promise<NatsConnection>;
  /** Kills the server as `kill -9` does, and resolves once another one has taken its place. */
  killAndRestart(): Promise<void>;
};

/**
 * The nats-server that the tests run: `TWINSTREAM_NATS_SERVER`, the project's own, or the one on `PATH`. Throws when there
 * is none.
 */
export function natsServerBinary(): string {
  const own = fileURLToPath(new URL("../../.cache/nats-server/nats-server", import.meta.url));
  const chosen = process.env.TWINSTREAM_NATS_SERVER;
  const onPath = (process.env.PATH ?? "").split(":").map((folder) => join(folder, "nats-server"));
  const found = [...(chosen === undefined ? [] : [chosen]), own, ...onPath].find(isExecutable);
  if (found === undefined) throw new Error("no nats-server: set TWINSTREAM_NATS_SERVER");
  return found;
}

/** Makes a folder for one test. */
export async function tempFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "twinstream-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a nats-server in a folder of its own, for the time of the test. */
export async function startNats(t: Scope, durability?: Durability): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), "twinstream-"));
  const server = await startEmbeddedServer({
    binary: natsServerBinary(),
    folder,
    durability: durability ?? { sync: "interval", intervalMs: 1_000 },
    log: silentLog,
  });
  const connections: NatsConnection[] = [];
  t.after(async () => {
    await Promise.all(connections.map((nc) => nc.close()));
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const connect = async (name = "test"): Promise<NatsConnection> => {
    const nc = await connectNats({ url: server.url, name, log: silentLog });
    connections.push(nc);
    return nc;
  };
  const killAndRestart = async (): Promise<void> => {
    const killed = server.pid;
    if (killed === undefined) throw new Error("the server is down already");
    process.kill(killed, "SIGKILL");
    await until(() => server.pid !== undefined && server.pid !== killed);
  };
  return { url: server.url, folder, pid: () => server.pid, connect, killAndRestart };
}

let events = 0;

/** An event with an id of its own, and a number to know it by. */
export function numberedEvent(number: number): NewEvent {
  events += 1;
  return {
    event: {
      type: "DeviceDeleted",
      data: { deviceId: "dev", generationId: `${number}`, at: "2026-01-01T00:00:00.000Z" },
    },
    meta: {
      id: `event-${events}`,
      time: "2026-01-01T00:00:00.000Z",
      actor: { kind: "policy", policy: "iothubowner" },
      correlationId: "correlation",
    },
  };
}

/** The number of an event that `numberedEvent` made. */
export function numberOf({ event }: Pick<NewEvent, "event">): number {
  if (event.type !== "DeviceDeleted") throw new Error(`a ${event.type} has no number`);
  return Number(event.data.generationId);
}

/** Resolves once `condition` holds; fails after half a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("waited half a minute in vain");
    await turn();
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
