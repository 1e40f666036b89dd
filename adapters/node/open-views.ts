import type { Logger } from "pino";
import type { Feed, ReadModel } from "../../core/ports.ts";
import { createProjector, type Projector } from "../../projections/projector.ts";
import { createReadModel } from "../../projections/read-model.ts";
import { openStore, type Store } from "../../projections/store.ts";
import type { JetStreamJournal } from "../nats/journal.ts";
import { rebuildInWorker } from "./rebuild-in-worker.ts";

/** The views of this node, kept up with the journal. */
export type OpenViews = AsyncDisposable & {
  readonly readModel: ReadModel;
  readonly feed: Feed;
  /**
   * Runs `work` while nothing is written to the file, for another thread to write it: what the journal tells meanwhile waits,
   * and so does who waits for that, but the loop goes on. One work at a time.
   */
  held<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Whether the views go on following the journal. */
  readonly readiness: () => { readonly ready: boolean; readonly reason?: string };
};

type OpenViewsOptions = { readonly file: string; readonly journal: JetStreamJournal; readonly log: Logger };

/** From this many missing events on, building a new file is quicker than catching up in the old one. */
const rebuildFrom = 100_000;

/** Opens the views and resolves once they have caught up with the journal as it was at the call. */
export async function openViews({ file, journal, log }: OpenViewsOptions): Promise<OpenViews> {
  const lastSequence = await journal.lastSequence();
  const store = await openUsableStore({ file, journal, log }, lastSequence);
  const projector = createProjector({
    store,
    onError: (err, event) => log.error({ err, sequence: event.sequence }, "acting on an event failed"),
  });
  const gate = createGate();
  const following = startFollowing({ journal, projector, gate, log });
  const close = async (): Promise<void> => {
    await following.stop();
    projector.close();
    store.close();
  };
  try {
    await projector.applied(lastSequence);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    readModel: createReadModel(store, projector),
    feed: projector.feed,
    held: gate.held,
    readiness: () => (following.failed() ? { ready: false, reason: followingFailed } : { ready: true }),
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Opens the file, but first builds it anew where that is quicker or needed: a journal that is shorter than the views has
 * lost its end in a power cut, or is another one.
 */
async function openUsableStore({ file, journal, log }: OpenViewsOptions, lastSequence: number): Promise<Store> {
  const { store, origin } = openStore(file);
  const missing = lastSequence - store.checkpoint();
  if (origin === "corrupt") log.warn({ file }, "the views were damaged and are built anew from the journal");
  if (missing < 0) log.warn({ file }, "the views hold more than the journal and are built anew from it");
  if (missing >= 0 && missing < rebuildFrom) return store;
  store.close();
  const { events, seconds } = await rebuildInWorker({ file, journal });
  log.info({ events, seconds }, "built the views from the journal");
  return openStore(file).store;
}

const followingFailed = "the views can't follow the journal";

type Gate = {
  /** Resolves when nobody holds the gate. */
  readonly open: () => Promise<void> | undefined;
  readonly held: OpenViews["held"];
};

function createGate(): Gate {
  let holding: Promise<void> | undefined;
  return {
    open: () => holding,
    async held(work) {
      while (holding !== undefined) await holding;
      const { promise, resolve } = Promise.withResolvers<void>();
      holding = promise;
      try {
        return await work();
      } finally {
        holding = undefined;
        resolve();
      }
    },
  };
}

type Following = {
  readonly journal: JetStreamJournal;
  readonly projector: Projector;
  readonly gate: Gate;
  readonly log: Logger;
};

/** Takes events into the views until stopped. A failure ends all waiting, so that no caller hangs. */
function startFollowing({ journal, projector, gate, log }: Following) {
  const stopping = new AbortController();
  let failed = false;
  const { signal } = stopping;
  const onBatch = async (events: Parameters<Projector["apply"]>[0]): Promise<void> => {
    for (let holding = gate.open(); holding !== undefined; holding = gate.open()) await holding;
    projector.apply(events);
  };
  const ended = journal
    .follow({ afterSequence: projector.appliedSequence(), signal, onBatch })
    .catch((err: unknown) => {
      failed = true;
      log.fatal({ err }, followingFailed);
      projector.close();
    });
  return {
    failed: () => failed,
    stop: (): Promise<void> => {
      stopping.abort();
      return ended;
    },
  };
}
