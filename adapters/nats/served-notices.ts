import type { NatsConnection, Subscription } from "nats";

/** Waits for the notice that some node begins to take the calls of an identity. */
export class ServedNotices implements Disposable {
  readonly #subscription: Subscription;
  #noticed = false;
  #wake: (() => void) | undefined;

  constructor(nc: NatsConnection, subject: string) {
    this.#subscription = nc.subscribe(subject, {
      callback: () => {
        this.#noticed = true;
        this.#wake?.();
      },
    });
  }

  /** Resolves at a notice, at once if one came since the last call; otherwise after `ms`, or when `signal` is aborted. */
  async next(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#noticed && signal?.aborted !== true) await this.#sleep(ms, signal);
    this.#noticed = false;
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const wake = () => resolve();
    const timer = setTimeout(wake, ms);
    signal?.addEventListener("abort", wake);
    await promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", wake);
    this.#wake = undefined;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }
}
