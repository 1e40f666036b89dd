import { setTimeout as delay } from "node:timers/promises";
import { type Child, stopChild } from "./child.ts";
import type { ProcessLog } from "./process-log.ts";

/** What is kept running; `name` is what the log calls it. */
export type KeepRunning<C extends Child> = {
  readonly name: string;
  /** Starts the process. It may throw. */
  readonly launch: () => Promise<C>;
  readonly log: ProcessLog;
};

const stopTimeoutMs = 10_000;
const firstDelayMs = 100;
const longestDelayMs = 5_000;
/** A process that ran this long had no trouble starting: the next one is started without delay again. */
const healthyAfterMs = 10_000;

/** A process that runs as long as this is not disposed: when it ends by itself it is started again. */
export class KeptProcess<C extends Child> implements AsyncDisposable {
  readonly #options: KeepRunning<C>;
  readonly #stopping = new AbortController();
  #child: C | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: KeepRunning<C>) {
    this.#options = options;
  }

  /** The process id, undefined while it is down. */
  get pid(): number | undefined {
    return this.#child?.process.pid;
  }

  /** Starts the process for the first time, and throws when that fails. Call `watch` once it has proved to work. */
  async start(): Promise<C> {
    const child = await this.#launch();
    process.once("exit", this.#killNow);
    return child;
  }

  /** From now on the process is started again whenever it ends, with growing delays while it keeps ending soon. */
  watch(child: C): void {
    this.#watching = this.#watch(child);
  }

  async #launch(): Promise<C> {
    const child = await this.#options.launch();
    this.#child = child;
    return child;
  }

  async #watch(first: C): Promise<void> {
    const { name, log } = this.#options;
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
      log.warn({ code, signal, delayMs }, `${name} ended, starting it again`);
      await this.#pause(delayMs);
      const next = await this.#relaunch();
      if (next === undefined) return;
      child = next;
    }
  }

  /** Tries until a process starts, since a full disk, say, must not end the watch. Undefined once the hub stops. */
  async #relaunch(): Promise<C | undefined> {
    while (!this.#stopping.signal.aborted) {
      try {
        return await this.#launch();
      } catch (err) {
        this.#options.log.error({ err }, `${this.#options.name} cannot be started again`);
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
  }
}
