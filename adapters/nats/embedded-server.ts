import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Durability, describeDurability } from "./durability.ts";
import { fileStoreLimit } from "./file-store-limit.ts";
import type { NatsLog } from "./nats-log.ts";
import { type OrphanTraces, recordServer, stopOrphanServer } from "./orphan-server.ts";
import { listeningPort, removePortsFiles, type ServerChild, startChild, stopChild } from "./server-child.ts";
import { renderServerConfig } from "./server-config.ts";
import { checkServerBinary } from "./server-version.ts";

/** What the embedded nats-server runs on. Only one hub may use `folder`: take its lock first (`data-folder-lock.ts`). */
export type EmbeddedServerOptions = {
  /** The path of the nats-server binary. */
  readonly binary: string;
  /** The data folder. JetStream's store is `jetstream` in it. */
  readonly folder: string;
  readonly durability: Durability;
  readonly log: NatsLog;
};

/** A nats-server that runs as long as this is not disposed: when it ends by itself it is started again, on its port. */
export type EmbeddedServer = AsyncDisposable & {
  /** With user and password: a secret. It stays the same for the life of the hub. */
  readonly url: string;
  /** The process id of the server, undefined while it is down. */
  readonly pid: number | undefined;
};

const user = "twinstream";
const stopTimeoutMs = 10_000;
const firstDelayMs = 100;
const longestDelayMs = 5_000;
/** A server that ran this long had no trouble starting: the next one is started without delay again. */
const healthyAfterMs = 10_000;

/**
 * Starts a nats-server with JetStream in the data folder and resolves once it takes clients, which may last as long as it
 * needs to recover its streams. Ends the server that a killed hub left in the same folder first. Throws when the binary is
 * too old or does not start.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  await checkServerBinary(options.binary);
  const supervisor = new Supervisor(options, await prepareFolder(options.folder));
  await supervisor.start();
  options.log.info({ serverPid: supervisor.pid }, `nats-server runs: ${describeDurability(options.durability)}`);
  return supervisor;
}

type Places = OrphanTraces & { readonly storeFolder: string; readonly ownFolder: string };

async function prepareFolder(folder: string): Promise<Places> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await realpath(folder);
  const storeFolder = join(root, "jetstream");
  const ownFolder = join(root, "nats-server");
  for (const needed of [storeFolder, ownFolder]) await mkdir(needed, { recursive: true, mode: 0o700 });
  const configFile = join(ownFolder, "nats-server.conf");
  return { storeFolder, ownFolder, configFile, recordFile: join(ownFolder, "marker") };
}

class Supervisor implements EmbeddedServer {
  readonly #options: EmbeddedServerOptions;
  readonly #places: Places;
  readonly #password = randomBytes(24).toString("base64url");
  readonly #marker = `twinstream-${randomUUID()}`;
  readonly #stopping = new AbortController();
  #port = -1;
  #child: ServerChild | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedServerOptions, places: Places) {
    this.#options = options;
    this.#places = places;
  }

  get url(): string {
    return `nats://${user}:${this.#password}@127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#child?.process.pid;
  }

  async start(): Promise<void> {
    await stopOrphanServer(this.#places, this.#options.log);
    await recordServer(this.#places, this.#marker);
    const child = await this.#launch();
    process.once("exit", this.#killNow);
    const port = await listeningPort(child, this.#places.ownFolder);
    if (port === undefined) {
      await this[Symbol.asyncDispose]();
      throw new Error(`nats-server did not start: ${child.output.complaints.join("; ") || "it gave no reason"}`);
    }
    this.#port = port;
    this.#watching = this.#watch(child);
  }

  async #launch(): Promise<ServerChild> {
    const { binary, durability, log } = this.#options;
    const { configFile, ownFolder, storeFolder } = this.#places;
    await removePortsFiles(ownFolder);
    const config = renderServerConfig({
      port: this.#port,
      user,
      password: this.#password,
      storeFolder,
      portsFolder: ownFolder,
      durability,
      maxFileStoreBytes: await fileStoreLimit(storeFolder),
    });
    // A new file, since `mode` does nothing to one that exists.
    await rm(configFile, { force: true });
    await writeFile(configFile, config, { mode: 0o600 });
    this.#child = startChild({ binary, configFile, marker: this.#marker, password: this.#password, log });
    return this.#child;
  }

  /** Starts the server again whenever it ends, with growing delays while it keeps ending soon. */
  async #watch(first: ServerChild): Promise<void> {
    let child = first;
    let shortLives = 0;
    for (;;) {
      const startedAt = Date.now();
      // The hub may have stopped while this child was being started, before there was one to stop.
      if (this.#stopping.signal.aborted) await stopChild(child, stopTimeoutMs);
      const { code, signal } = await child.ended;
      this.#child = undefined;
      if (this.#stopping.signal.aborted) return;
      shortLives = Date.now() - startedAt < healthyAfterMs ? shortLives + 1 : 0;
      const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.max(0, shortLives - 1));
      this.#options.log.warn({ code, signal, delayMs }, "nats-server ended, starting it again");
      await this.#pause(delayMs);
      const next = await this.#relaunch();
      if (next === undefined) return;
      child = next;
    }
  }

  /** Tries until a process starts, since a full disk, say, must not end the watch. Undefined once the hub stops. */
  async #relaunch(): Promise<ServerChild | undefined> {
    while (!this.#stopping.signal.aborted) {
      try {
        return await this.#launch();
      } catch (err) {
        this.#options.log.error({ err }, "nats-server cannot be started again");
        await this.#pause(longestDelayMs);
      }
    }
    return undefined;
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  /** For a process that exits without disposing: no time to wait, but nothing is left behind. */
  readonly #killNow = (): void => {
    this.#child?.process.kill("SIGTERM");
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    if (this.#child !== undefined) await stopChild(this.#child, stopTimeoutMs);
    await this.#watching;
    process.removeListener("exit", this.#killNow);
    const { ownFolder, configFile, recordFile } = this.#places;
    for (const file of [configFile, recordFile]) await rm(file, { force: true });
    await removePortsFiles(ownFolder);
  }
}
