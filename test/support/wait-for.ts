import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";

/**
 * Waits until `condition` gives something other than undefined or false, and returns it. Fails after `timeoutMs` with
 * `what` in the message.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await turn();
    await pause(5);
  }
}
