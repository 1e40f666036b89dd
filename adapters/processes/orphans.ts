import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { processesWith } from "./find-processes.ts";
import type { ProcessLog } from "./process-log.ts";

/*
 * A hub that is killed leaves its servers behind, and two servers on one store would ruin it. So before the hub starts one
 * it writes down a random marker and gives it to the server as an argument, beside the path of something of the hub's. A
 * process with both can only be the one that a hub started for this very folder: the marker is no one else's, and a copied
 * folder has another path. Unlike a process id, even with a start time, it can be written before the server exists, so
 * there is no moment in which a killed hub leaves a server that the next one does not know.
 */

const termTimeoutMs = 10_000;
const killTimeoutMs = 5_000;
const lookEveryMs = 25;

/** Where the marker is written, and the path that the server has among its arguments; `name` is what the log calls it. */
export type OrphanTraces = { readonly name: string; readonly recordFile: string; readonly pathArgument: string };

/** Writes down the marker of the server about to start. */
export async function recordServer({ recordFile }: OrphanTraces, marker: string): Promise<void> {
  await writeFile(recordFile, `${marker}\n`, { mode: 0o600 });
}

/** Ends the server that an earlier hub left behind in this folder, if any. Throws when it does not go away. */
export async function stopOrphanServer(traces: OrphanTraces, log: ProcessLog): Promise<void> {
  const { name, recordFile, pathArgument } = traces;
  const marker = (await readFile(recordFile, "utf8").catch(() => "")).trim();
  if (marker === "") return;
  const find = () => processesWith([marker, pathArgument]);
  const found = await find();
  if (found.length === 0) return;
  log.warn({ pids: found }, `stopping the ${name} that an earlier hub left behind`);
  if (await endedBy("SIGTERM", find, termTimeoutMs)) return;
  if (await endedBy("SIGKILL", find, killTimeoutMs)) return;
  throw new Error(`the ${name} of an earlier hub does not end: process ${found.join(", ")}`);
}

type Find = () => Promise<readonly number[]>;

async function endedBy(signal: NodeJS.Signals, find: Find, timeoutMs: number): Promise<boolean> {
  for (const pid of await find()) sendSignal(pid, signal);
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if ((await find()).length === 0) return true;
    await delay(lookEveryMs);
  }
  return false;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended between the look and the signal; any other failure shows when it does not go away.
    if (!(error instanceof Error)) throw error;
  }
}
