import { closeSync, fsyncSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { createBuildStore, removeStore, type Store } from "./store.ts";
import type { ViewedEvent } from "./viewed-event.ts";
import { createViews } from "./views.ts";

/** How far a rebuild is: `applied` and `total` are journal sequences, the rate is that of the events since its start. */
export type RebuildProgress = { readonly applied: number; readonly total: number; readonly eventsPerSecond: number };

/** What a rebuild needs. */
export type RebuildOptions = {
  /** Where the views belong. Nothing may have them open. */
  readonly file: string;
  /** The journal's events after a sequence, oldest first, in batches. It may end by itself or go on forever. */
  readonly follow: (afterSequence: number) => AsyncIterable<readonly ViewedEvent[]>;
  /** Where to stop: the sequence of the journal's last event. */
  readonly lastSequence: number;
  /** Called after every batch. */
  readonly onProgress?: (progress: RebuildProgress) => void;
};

/** More than while the hub runs: nothing else needs the memory now, and a row that stays is written once, not often. */
const cacheBudget = 100_000_000;

/**
 * Builds the views anew from the whole journal in a file beside, then puts it in the place of `file`. When it throws, or
 * the process dies, `file` is as it was. Returns the events applied and the time taken.
 */
export async function rebuild(options: RebuildOptions): Promise<{ readonly events: number; readonly seconds: number }> {
  const started = performance.now();
  const building = `${options.file}.new`;
  const store = createBuildStore(building);
  let events: number;
  try {
    events = await replay(store, options, started);
    store.close();
  } catch (error) {
    store.close();
    removeStore(building);
    throw error;
  }
  moveIntoPlace(building, options.file);
  return { events, seconds: (performance.now() - started) / 1000 };
}

/** One transaction takes everything: before the end nobody looks at the file, and what stays in memory is written once. */
async function replay(store: Store, options: RebuildOptions, started: number): Promise<number> {
  const { follow, lastSequence, onProgress } = options;
  const views = createViews(store, cacheBudget);
  let applied = 0;
  let events = 0;
  store.begin();
  for await (const batch of lastSequence > 0 ? follow(0) : []) {
    for (const event of batch) {
      if (event.sequence <= applied) continue;
      views.apply(event);
      applied = event.sequence;
      events += 1;
    }
    const seconds = (performance.now() - started) / 1000;
    onProgress?.({ applied, total: lastSequence, eventsPerSecond: Math.round(events / seconds) });
    if (applied >= lastSequence) break;
  }
  views.flush();
  store.setCheckpoint(applied);
  store.commit();
  return events;
}

/** The file is on disk before it has its name, so that a power cut leaves the old views, none, or the new ones whole. */
function moveIntoPlace(building: string, file: string): void {
  syncToDisk(building);
  removeStore(file);
  renameSync(building, file);
  syncToDisk(dirname(file));
}

function syncToDisk(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
