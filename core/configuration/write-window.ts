/** Writes under way at once: enough to keep the journal busy, few enough to leave room to others. */
const mostUnderWay = 64;

/** Lets writes run side by side, so many at once. The first failure is thrown by whatever comes after it. */
export class WriteWindow {
  readonly #underWay = new Set<Promise<void>>();
  #failure: Error | undefined;

  /** Begins a write, once there is room. */
  async begin(write: () => Promise<void>): Promise<void> {
    while (this.#underWay.size >= mostUnderWay) await Promise.race(this.#underWay);
    this.#check();
    const running: Promise<void> = write()
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  /** Resolves once all writes are through. */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
