import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type Child, watchChild } from "../processes/child.ts";
import type { LocalAccount } from "./azurite-account.ts";
import type { AzuritePlace, FromAzurite, ToAzurite } from "./azurite-messages.ts";
import type { StorageLog } from "./storage-log.ts";

const program = join(import.meta.dirname, "azurite-main.ts");
const maxLineChars = 2_048;

/** A process that runs Azurite. */
export type AzuriteChild = Child & {
  /** The port, once it takes requests. Rejects with the reason for the operator when it ends before. */
  readonly listening: Promise<number>;
  tell(message: ToAzurite): void;
  /** Resolves once all that was written so far is on disk; rejects when that can't be had. */
  save(): Promise<void>;
};

/** What Azurite is started with; `marker` is the argument by which it is found again. */
export type AzuriteRequest = {
  readonly place: AzuritePlace;
  readonly account: LocalAccount;
  readonly marker: string;
  readonly log: StorageLog;
};

/** Starts Azurite. As nats-server does, it has a process group of its own: it ends when the hub asks for it, or is gone. */
export function startAzuriteChild({ place, account, marker, log }: AzuriteRequest): AzuriteChild {
  const args = ["--disable-warning=ExperimentalWarning", program, marker, place.folder, JSON.stringify(place)];
  const { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
    // Nothing else of the hub's environment: it has the hub's secrets, and may have settings of Azurite.
    env: { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE, AZURITE_ACCOUNTS: `${account.name}:${account.key}` },
  });
  for (const output of [child.stdout, child.stderr]) passLines(output, log);
  const watched = watchChild(child, "Azurite", log);
  const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
  // Whoever waits for it hears of it; nobody may.
  listening.catch(() => {});
  // A process that is gone can't be told; its end is seen anyway.
  const tell = (message: ToAzurite): void => void (child.connected && child.send(message, () => {}));
  const saves = new PendingSaves();
  void watched.ended.then(() => {
    reject(new Error("Azurite ended before it took requests; its reason is in the log"));
    saves.endAll("Azurite ended");
  });
  child.on("message", (raw) => {
    const message = raw as FromAzurite;
    switch (message.type) {
      case "listening":
        resolve(message.port);
        return;
      case "failed":
        reject(new Error(reasonOf(message, place)));
        return;
      case "saved":
        saves.end(message.id, message.fault);
    }
  });
  const save = (): Promise<void> =>
    child.connected ? saves.begin((id) => tell({ type: "save", id })) : Promise.reject(new Error("Azurite ended"));
  return { ...watched, listening, tell, save };
}

/** Saves that were asked for and not yet answered. */
class PendingSaves {
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #lastId = 0;

  begin(ask: (id: number) => void): Promise<void> {
    this.#lastId += 1;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(this.#lastId, waiting);
    ask(this.#lastId);
    return waiting.promise;
  }

  end(id: number, fault: string | undefined): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (fault === undefined) waiting?.resolve();
    else waiting?.reject(new Error(`what was uploaded can't be written: ${fault}`));
  }

  endAll(fault: string): void {
    for (const id of this.#waiting.keys()) this.end(id, fault);
  }
}

function reasonOf({ code, message }: FromAzurite & { type: "failed" }, { port }: AzuritePlace): string {
  if (code === "EADDRINUSE")
    return `port ${port} is taken by another program; the setting storagePort names another port`;
  return `Azurite can't start: ${message}`;
}

function passLines(input: Readable | null, log: StorageLog): void {
  if (input === null) return;
  createInterface({ input }).on("line", (line) => log.warn({ azurite: line.slice(0, maxLineChars) }, "Azurite"));
}
