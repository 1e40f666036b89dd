import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KeptProcess } from "../processes/keep-running.ts";
import { type OrphanTraces, recordServer, stopOrphanServer } from "../processes/orphans.ts";
import { type Durability, describeDurability } from "./durability.ts";
import { fileStoreLimit } from "./file-store-limit.ts";
import type { NatsLog } from "./nats-log.ts";
import { listeningPort, removePortsFiles, type ServerChild, startChild } from "./server-child.ts";
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

type Places = {
  readonly storeFolder: string;
  readonly ownFolder: string;
  readonly configFile: string;
  readonly traces: OrphanTraces;
};

async function prepareFolder(folder: string): Promise<Places> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await realpath(folder);
  const storeFolder = join(root, "jetstream");
  const ownFolder = join(root, "nats-server");
  for (const needed of [storeFolder, ownFolder]) await mkdir(needed, { recursive: true, mode: 0o700 });
  const configFile = join(ownFolder, "nats-server.conf");
  const traces = { name: "nats-server", recordFile: join(ownFolder, "marker"), pathArgument: configFile };
  return { storeFolder, ownFolder, configFile, traces };
}

class Supervisor implements EmbeddedServer {
  readonly #options: EmbeddedServerOptions;
  readonly #places: Places;
  readonly #password = randomBytes(24).toString("base64url");
  readonly #marker = `twinstream-${randomUUID()}`;
  readonly #kept: KeptProcess<ServerChild>;
  #port = -1;

  constructor(options: EmbeddedServerOptions, places: Places) {
    this.#options = options;
    this.#places = places;
    this.#kept = new KeptProcess({ name: "nats-server", launch: () => this.#launch(), log: options.log });
  }

  get url(): string {
    return `nats://${user}:${this.#password}@127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#kept.pid;
  }

  async start(): Promise<void> {
    const { traces, ownFolder } = this.#places;
    await stopOrphanServer(traces, this.#options.log);
    await recordServer(traces, this.#marker);
    const child = await this.#kept.start();
    const port = await listeningPort(child, ownFolder);
    if (port === undefined) {
      await this[Symbol.asyncDispose]();
      throw new Error(`nats-server did not start: ${child.output.complaints.join("; ") || "it gave no reason"}`);
    }
    this.#port = port;
    this.#kept.watch(child);
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
    return startChild({ binary, configFile, marker: this.#marker, password: this.#password, log });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept[Symbol.asyncDispose]();
    const { ownFolder, configFile, traces } = this.#places;
    for (const file of [configFile, traces.recordFile]) await rm(file, { force: true });
    await removePortsFiles(ownFolder);
  }
}
