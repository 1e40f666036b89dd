import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** How much nicer than the loop of the connections: Linux then gives it about ten times as much of a busy processor. */
const niceness = 10;

/**
 * Lets the calling worker thread stand back where processors are scarce, so that devices don't wait for queries. Only Linux
 * can do that for one thread; elsewhere all threads are equal.
 */
export function yieldToConnections(): void {
  if (process.platform !== "linux") return;
  try {
    // `<process>/task/<thread>`: to Linux a thread has an id, and a priority, of its own (setpriority(2), proc(5)).
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, niceness);
  } catch {
    // A sandbox may forbid it; the work is done all the same.
  }
}
