import type { Logger } from "pino";
import type { Clock, Feed, ReadModel } from "../../core/ports.ts";
import { type IndexedPath, isSamePath, mostQueryIndexes, type NodeIndex } from "../../core/query-index/query-index.ts";
import type { Query } from "../../query/ast.ts";
import { indexInWorker } from "./index-in-worker.ts";
import { createIndexUse, slowMs } from "./index-use.ts";

/**
 * Keeps the indexes for queries of this node's views: those that operators asked for, and, where these leave room, those of
 * paths that queries were slow without. Of the latter, the one that was not used for the longest makes room for another.
 */
export type QueryIndexer = AsyncDisposable & {
  /** Takes note of a page that took so long in its thread. */
  readonly note: (query: Query, milliseconds: number) => void;
  /** First what operators asked for, then the others. */
  readonly list: () => readonly NodeIndex[];
  /** Resolves when what is wanted now is there, or could not be made. */
  settled(): Promise<void>;
};

/** What the keeper is made with. */
export type QueryIndexerOptions = {
  readonly file: string;
  readonly readModel: Pick<ReadModel, "queryIndexes">;
  readonly feed: Feed;
  readonly clock: Clock;
  /** Runs work while nobody writes the views. */
  readonly held: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly log: Logger;
};

/** Indexes that queries ask for are made so far apart at least: each holds up the writers of twins for a moment. */
const usePauseMs = 60_000;

/** A query that is slow in spite of an index may be so because the fleet has grown: SQLite is told, so often at most. */
const refreshPauseMs = 600_000;

/**
 * Begins to keep the indexes. Those found in the file that no operator asked for are taken for such that queries need: a new
 * start of the hub doesn't lose them.
 */
export function createQueryIndexer(options: QueryIndexerOptions): QueryIndexer {
  const { feed, clock, log } = options;
  const indexes = createIndexes(options);
  const use = createIndexUse((path) => contains(indexes.made(), path));
  let lastOfUse = Number.NEGATIVE_INFINITY;
  let lastRefresh = clock.now();
  let work = Promise.resolve();
  const enqueue = (step: () => Promise<void>): void => {
    work = work.then(step).catch((err: unknown) => log.error({ err }, "making indexes for queries failed"));
  };
  const settle = (): Promise<void> => indexes.settle(use.lastUse);

  enqueue(indexes.refresh);
  enqueue(settle);
  const stopFeed = feed(({ event }) => {
    if (event.type === "QueryIndexCreated" || event.type === "QueryIndexDeleted") enqueue(settle);
  });
  return {
    note(query, milliseconds) {
      const now = clock.now();
      const { due, isServed } = use.note(query, { milliseconds, now });
      if (isServed && milliseconds >= slowMs && now >= lastRefresh + refreshPauseMs) {
        lastRefresh = now;
        enqueue(indexes.refresh);
      }
      if (due === undefined || now < lastOfUse + usePauseMs || indexes.room() === 0) return;
      lastOfUse = now;
      indexes.want(due);
      enqueue(settle);
    },
    list: indexes.list,
    settled: () => work,
    async [Symbol.asyncDispose]() {
      stopFeed();
      indexes.close();
      await work;
    },
  };
}

type Indexes = {
  readonly made: () => readonly IndexedPath[];
  readonly list: QueryIndexer["list"];
  /** How many of those that queries ask for there may be. */
  readonly room: () => number;
  /** Wants an index for queries that are slow without it. */
  want(path: IndexedPath): void;
  /** Makes and drops what is wanted and what is not any more. */
  settle(lastUse: (path: IndexedPath) => number): Promise<void>;
  /** Finds out what there is, and has SQLite count it through where the fleet has grown. */
  readonly refresh: () => Promise<void>;
  close(): void;
};

/** The indexes in the file beside those that are wanted. */
function createIndexes({ file, readModel, clock, held, log }: QueryIndexerOptions): Indexes {
  let made: readonly IndexedPath[] = [];
  let ofUse: readonly IndexedPath[] = [];
  let isKnown = false;
  let closed = false;
  const asked = (): readonly IndexedPath[] => readModel.queryIndexes().value;
  const room = (): number => Math.max(0, mostQueryIndexes - asked().length);
  const isOfUse = (index: IndexedPath): boolean => !contains(asked(), index);

  const change = async (create: readonly IndexedPath[], drop: readonly IndexedPath[]): Promise<void> => {
    const started = clock.now();
    made = await held(() => indexInWorker({ file, create, drop }));
    const milliseconds = clock.now() - started;
    log.info(
      { created: create.map(textOf), dropped: drop.map(textOf), milliseconds },
      "changed the indexes for queries",
    );
  };
  const settle: Indexes["settle"] = async (lastUse) => {
    ofUse = ofUse.filter(isOfUse).toSorted((a, b) => lastUse(b) - lastUse(a));
    ofUse = ofUse.slice(0, room());
    const wanted = [...asked(), ...ofUse];
    const drop = made.filter((index) => !contains(wanted, index));
    const [next, ...others] = wanted.filter((index) => !contains(made, index));
    if (closed || (next === undefined && drop.length === 0)) return;
    await change(next === undefined ? [] : [next], drop);
    // One at a time, so that the views are never kept from their writer for longer than one index takes.
    if (others.length > 0) await settle(lastUse);
  };
  return {
    made: () => made,
    room,
    settle,
    list() {
      const nodeIndexes = (paths: readonly IndexedPath[], origin: NodeIndex["origin"]): readonly NodeIndex[] =>
        paths.map(({ collection, path }) => ({
          collection,
          path,
          origin,
          isReady: contains(made, { collection, path }),
        }));
      return [...nodeIndexes(asked(), "operator"), ...nodeIndexes(ofUse.filter(isOfUse), "use")];
    },
    want(path) {
      if (!contains(ofUse, path)) ofUse = [...ofUse, path];
    },
    async refresh() {
      if (closed) return;
      made = await held(() => indexInWorker({ file, create: [], drop: [] }));
      // What an operator gave up since is not adopted.
      if (!isKnown) ofUse = made.filter(isOfUse);
      isKnown = true;
    },
    close() {
      closed = true;
    },
  };
}

const contains = (indexes: readonly IndexedPath[], wanted: IndexedPath): boolean =>
  indexes.some((index) => isSamePath(index, wanted));

const textOf = ({ collection, path }: IndexedPath): string => `${collection}: ${path.join(".")}`;
