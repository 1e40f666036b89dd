import type { ChildProcess } from "node:child_process";
import type { ProcessLog } from "./process-log.ts";

/** How a process ended. */
export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process that this one started. `ended` never rejects. */
export type Child = { readonly process: ChildProcess; readonly ended: Promise<Ending> };

/** Follows a process that was just started to its end; `name` is what the log calls it. */
export function watchChild(process: ChildProcess, name: string, log: ProcessLog): Child {
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  process.once("exit", (code, signal) => resolve({ code, signal }));
  process.on("error", (err) => {
    log.warn({ err }, `${name} could not be started or reached`);
    if (process.pid === undefined) resolve({ code: null, signal: null });
  });
  return { process, ended };
}

/** Asks a process to end, and after `timeoutMs` makes it. Resolves once it is gone. */
export async function stopChild({ process: child, ended }: Child, timeoutMs: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  await ended;
  clearTimeout(timer);
}
