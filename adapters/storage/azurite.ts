import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { KeptProcess } from "../processes/keep-running.ts";
import { type OrphanTraces, recordServer, stopOrphanServer } from "../processes/orphans.ts";
import type { KeyPairFiles } from "../tls/key-pair.ts";
import type { TlsContext } from "../tls/reloading-context.ts";
import type { LocalAccount } from "./azurite-account.ts";
import { type AzuriteChild, startAzuriteChild } from "./azurite-child.ts";
import type { StorageLog } from "./storage-log.ts";

/** What the embedded Azurite runs on. Only one hub may use `folder`. */
export type AzuriteOptions = {
  /** Holds the blobs, as long as it is there. */
  readonly folder: string;
  readonly account: LocalAccount;
  /** 0 is any free one, which it keeps until the hub ends. */
  readonly port: number;
  /** The address to listen on; all addresses when left out. */
  readonly bind?: string;
  /** The hub's certificate: where it is, and as the hub itself uses it. */
  readonly files: KeyPairFiles;
  readonly tls: Pick<TlsContext, "options" | "onChange">;
  readonly log: StorageLog;
};

/** Azurite's blob service, a process of the hub's. Whatever it says of its failures is for the operator. */
export type Azurite = AsyncDisposable & {
  /**
   * Starts Azurite at the first call, and resolves with its port once it takes requests. From then on it is started again
   * whenever it ends by itself. Rejects when it can't be started; the next call tries again.
   */
  listening(): Promise<number>;
  /** Resolves once all that was written so far is on disk; rejects when that can't be had. */
  save(): Promise<void>;
  /** Whether there is anything in it. */
  hasBlobs(): boolean;
  /** The process id, undefined while it is down. */
  readonly pid: number | undefined;
};

/** Makes the service, and starts nothing yet. */
export function createAzurite(options: AzuriteOptions): Azurite {
  return new EmbeddedAzurite(options);
}

class EmbeddedAzurite implements Azurite {
  readonly #options: AzuriteOptions;
  readonly #marker = `twinstream-${randomUUID()}`;
  #port: number;
  #folder: string;
  #kept: KeptProcess<AzuriteChild> | undefined;
  #child: AzuriteChild | undefined;
  #started: Promise<number> | undefined;
  #disposed = false;

  constructor(options: AzuriteOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#folder = options.folder;
    options.tls.onChange(() => this.#passTls());
  }

  get pid(): number | undefined {
    return this.#kept?.pid;
  }

  hasBlobs(): boolean {
    return existsSync(join(this.#options.folder, "__azurite_db_blob__.json"));
  }

  listening(): Promise<number> {
    if (this.#disposed) return Promise.reject(new Error("the hub stops"));
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #start(): Promise<number> {
    const { folder, log } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#folder = await realpath(folder);
    const traces = tracesIn(this.#folder);
    await stopOrphanServer(traces, log);
    await recordServer(traces, this.#marker);
    const kept = new KeptProcess({ name: "Azurite", launch: async () => this.#launch(), log });
    this.#kept = kept;
    const child = await kept.start();
    try {
      // The hub may have stopped meanwhile, before there was anything to stop.
      if (this.#disposed) throw new Error("the hub stops");
      this.#port = await child.listening;
    } catch (error) {
      await kept[Symbol.asyncDispose]();
      throw error;
    }
    kept.watch(child);
    log.info({ serverPid: kept.pid, port: this.#port }, "Azurite runs: devices upload files to it");
    return this.#port;
  }

  #launch(): AzuriteChild {
    const { account, bind, files, log } = this.#options;
    const { certFile, keyFile } = files;
    const place = {
      folder: this.#folder,
      port: this.#port,
      certFile,
      keyFile,
      ...(bind === undefined ? {} : { bind }),
    };
    const child = startAzuriteChild({ place, account, marker: this.#marker, log });
    this.#child = child;
    // It takes TLS as the hub does, its files may have been changed and refused since.
    child.listening.then(() => this.#passTls()).catch(() => {});
    return child;
  }

  #passTls(): void {
    this.#child?.tell({ type: "tls", options: this.#options.tls.options() });
  }

  async save(): Promise<void> {
    if (this.#child === undefined) throw new Error("Azurite is not running");
    await this.#child.save();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#kept?.[Symbol.asyncDispose]();
    await this.#started?.catch(() => {});
    if (this.#kept !== undefined) await rm(tracesIn(this.#folder).recordFile, { force: true });
  }
}

/** By what a later hub finds an Azurite that this one could not end, such as one that hangs. */
const tracesIn = (folder: string): OrphanTraces => ({
  name: "Azurite",
  recordFile: join(folder, "marker"),
  pathArgument: folder,
});
