/** How late it may be found that something's time has come which no device asks for, in milliseconds. */
const intervalMs = 2_000;

/** A part of the hub with things that end when their time has come. */
type Expiring = { readonly expireDue: () => Promise<void> };

/**
 * Ends what is due, such as cloud-to-device messages, every few seconds. Every node does so: the journal takes the end of
 * each thing once, and it needs no node that all others wait for.
 */
export function expireDue(area: Expiring, onError: (error: unknown) => void): AsyncDisposable {
  let running: Promise<void> | undefined;
  const sweep = (): void => {
    // A sweep that takes longer than the interval is not joined by another.
    running ??= area
      .expireDue()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(sweep, intervalMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
