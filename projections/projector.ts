import type { RecordedEvent } from "../core/events.ts";
import { HubError } from "../core/hub-error.ts";
import type { Feed } from "../core/ports.ts";
import type { Store } from "./store.ts";
import { createViews, liveCacheBudget, type Views } from "./views.ts";

/** Takes the journal's events into the views, in order, and tells of what it took. */
export type Projector = {
  /**
   * Applies a batch in one transaction together with the checkpoint, then settles who waits for it and calls the feed.
   * Events that the views already hold are skipped. When it throws, the views are as they were before the batch.
   */
  readonly apply: (events: readonly RecordedEvent[]) => void;
  appliedSequence(): number;
  /** Resolves once the views have applied `sequence`; rejects with HubError `ServiceUnavailable` when closed before. */
  applied(sequence: number): Promise<void>;
  readonly feed: Feed;
  /** Reads of single rows. */
  readonly read: Views["read"];
  /** Ends all waiting. The store stays open: it is its opener's to close. */
  close(): void;
};

/** What a projector needs. `onError` hears of a feed listener that threw; the other listeners are called all the same. */
export type ProjectorOptions = {
  readonly store: Store;
  readonly onError: (error: unknown, event: RecordedEvent) => void;
};

/** Makes the projector of a store. A store has one projector at a time, and nothing else writes to it. */
export function createProjector({ store, onError }: ProjectorOptions): Projector {
  const views = createViews(store, liveCacheBudget);
  const waiting = createWaiting();
  const listeners = new Set<{ readonly call: (event: RecordedEvent) => void }>();
  let applied = store.checkpoint();
  let closed = false;

  const write = (events: readonly RecordedEvent[], last: number): void => {
    try {
      store.transaction(() => {
        for (const event of events) views.apply(event);
        views.flush();
        store.setCheckpoint(last);
      });
    } catch (error) {
      views.clear();
      throw error;
    }
  };
  const tell = (event: RecordedEvent): void => {
    for (const listener of listeners) {
      try {
        listener.call(event);
      } catch (error) {
        onError(error, event);
      }
    }
  };

  return {
    apply(events) {
      const fresh = unseen(events, applied);
      const last = fresh.at(-1);
      if (last === undefined) return;
      write(fresh, last.sequence);
      applied = last.sequence;
      waiting.settle(applied);
      if (listeners.size > 0) for (const event of fresh) tell(event);
    },
    appliedSequence: () => applied,
    applied(sequence) {
      if (sequence <= applied) return Promise.resolve();
      if (closed) return Promise.reject(stopped());
      return waiting.add(sequence);
    },
    feed(call) {
      const listener = { call };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    read: views.read,
    close() {
      closed = true;
      waiting.fail(stopped());
    },
  };
}

const stopped = (): HubError => new HubError("ServiceUnavailable", "the hub is stopping");

/** The events of a batch that come after the checkpoint. The batch may begin before it and may hold an event twice. */
function unseen(events: readonly RecordedEvent[], checkpoint: number): readonly RecordedEvent[] {
  let last = checkpoint;
  return events.filter(({ sequence }) => {
    const isNew = sequence > last;
    if (isNew) last = sequence;
    return isNew;
  });
}

type Waiter = { readonly sequence: number; resolve(): void; reject(error: Error): void };

/** Those who wait for a sequence, the nearest first. Sequences come nearly in order, so a new one goes close to the end. */
function createWaiting() {
  let waiters: Waiter[] = [];
  return {
    add(sequence: number): Promise<void> {
      return new Promise((resolve, reject) => {
        const before = waiters.findLastIndex((waiter) => waiter.sequence <= sequence);
        waiters.splice(before + 1, 0, { sequence, resolve, reject });
      });
    },
    settle(applied: number): void {
      const reached = waiters.findIndex((waiter) => waiter.sequence > applied);
      for (const waiter of waiters.splice(0, reached === -1 ? waiters.length : reached)) waiter.resolve();
    },
    fail(error: Error): void {
      const all = waiters;
      waiters = [];
      for (const waiter of all) waiter.reject(error);
    },
  };
}
