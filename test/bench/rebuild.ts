import { join } from "node:path";
import type { JetStreamJournal } from "../../adapters/nats/journal.ts";
import { rebuildInWorker } from "../../adapters/node/rebuild-in-worker.ts";
import type { RecordedEvent } from "../../core/events.ts";
import { hashViews } from "../../projections/dump.ts";
import { createProjector } from "../../projections/projector.ts";
import { openStore } from "../../projections/store.ts";
import { mixedEvents } from "../support/mixed-events.ts";
import { openBenchJournal } from "./bench-journal.ts";

const devices = 2_000;

/**
 * Writes a journal, lets views follow it, builds them anew and compares the two, byte for byte. Returns a line with the rate
 * of the rebuild; throws when the views differ.
 */
export async function measureRebuild(quick: boolean): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const { journal, folder } = await openBenchJournal(scope);

  const count = quick ? 20_000 : 200_000;
  await write(journal, count);
  const lastSequence = await journal.lastSequence();
  const file = join(folder, "views.db");
  const followed = await hashAfterFollowing(journal, file, lastSequence);
  const { events, seconds } = await rebuildInWorker({ file, journal });
  const { store } = openStore(file);
  const rebuilt = hashViews(store);
  store.close();
  if (followed !== rebuilt) throw new Error("the rebuilt views differ from those that followed the journal");
  const rate = Math.round(events / seconds).toLocaleString("en");
  return `rebuild of ${events} events of ${devices} devices: ${rate}/s, byte-identical to the views that followed`;
}

async function write(journal: JetStreamJournal, count: number): Promise<void> {
  const events = mixedEvents(count, devices);
  for (let first = 0; first < count; first += 1000) {
    const chunk = events.slice(first, first + 1000);
    await Promise.all(chunk.map(({ key, event, meta }) => journal.append(key, { event, meta })));
  }
}

async function hashAfterFollowing(journal: JetStreamJournal, file: string, lastSequence: number): Promise<string> {
  const { store } = openStore(file);
  const projector = createProjector({ store, onError: () => {} });
  const stop = new AbortController();
  const onBatch = (events: readonly RecordedEvent[]): void => {
    projector.apply(events);
    if (projector.appliedSequence() >= lastSequence) stop.abort();
  };
  await journal.follow({ afterSequence: 0, signal: stop.signal, onBatch });
  const hash = hashViews(store);
  store.close();
  return hash;
}
