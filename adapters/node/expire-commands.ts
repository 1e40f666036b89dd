import type { Commands } from "../../core/cloud-to-device/commands.ts";

/** How late a message may be found expired that no device asks for, in milliseconds. */
const intervalMs = 2_000;

/**
 * Ends cloud-to-device messages whose time has come, every few seconds. Every node does so: the journal takes the end of a
 * message once, and it needs no node that all others wait for.
 */
export function expireCommands(commands: Commands, onError: (error: unknown) => void): AsyncDisposable {
  let running: Promise<void> | undefined;
  const sweep = (): void => {
    // A sweep that takes longer than the interval is not joined by another.
    running ??= commands
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
