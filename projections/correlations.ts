import { hashText } from "./hash-text.ts";
import type { Store } from "./store.ts";
import type { ViewedEvent } from "./viewed-event.ts";

/*
 * Which events have one correlation id. The table is cut into segments of 65,536 journal sequences, and an entry of a segment
 * is the hash of the id, times 65,536, plus the event's place in the segment. So an event costs an entry of some ten bytes
 * in a part of the tree that is at hand, however long the journal: a single tree by hash would be written to all over. A
 * look-up asks each segment, which takes microseconds, and what it finds must be looked at: two ids may share a hash.
 */

const segmentSize = 65_536;
const rowsAtOnce = 200;
const insertOne = "INSERT INTO correlations (segment, entry) VALUES (?1, ?)";
const insertMany = `${insertOne}${", (?1, ?)".repeat(rowsAtOnce - 1)}`;

const segmentOf = (sequence: number): number => Math.floor(sequence / segmentSize);
const entryOf = (hash: number, place: number): number => hash * segmentSize + place;

/** Writes the correlations. */
export type CorrelationsWriter = {
  record(event: ViewedEvent): void;
  /** Writes what was noted, in the order of the tree. */
  flush(): void;
  clear(): void;
};

/** Makes the writer. It writes within a transaction of its caller's. */
export function createCorrelations(store: Store): CorrelationsWriter {
  let segment = 0;
  let entries: number[] = [];
  const clear = (): void => {
    entries = [];
  };
  const flush = (): void => {
    const sorted = entries.length > 1 ? Float64Array.from(entries).sort() : entries;
    const whole = sorted.length - (sorted.length % rowsAtOnce);
    for (let at = 0; at < whole; at += rowsAtOnce) {
      store.prepare(insertMany).run(segment, ...sorted.slice(at, at + rowsAtOnce));
    }
    for (const entry of sorted.slice(whole)) store.prepare(insertOne).run(segment, entry);
    clear();
  };
  return {
    record({ sequence, meta }) {
      const itsSegment = segmentOf(sequence);
      if (itsSegment !== segment) {
        flush();
        segment = itsSegment;
      }
      entries.push(entryOf(hashText(meta.correlationId), sequence % segmentSize));
    },
    flush,
    clear,
  };
}

/** A part of the table in which to look for an id: an entry's sequence is `firstSequence` plus the entry modulo 65,536. */
export type CorrelationRange = {
  readonly segment: number;
  readonly firstEntry: number;
  readonly lastEntry: number;
};

/** SQL for the sequence of an entry of the table, named `c`. */
export const sequenceOfEntry = `(c.segment * ${segmentSize} + c.entry % ${segmentSize})`;

/** Where the entries of an id are, for the sequences from `first` to `last`, in order. */
export function* correlationRanges(
  correlationId: string,
  { first, last }: { readonly first: number; readonly last: number },
): Iterable<CorrelationRange> {
  const hash = hashText(correlationId);
  for (let segment = segmentOf(first); segment <= segmentOf(last); segment += 1) {
    const start = segment * segmentSize;
    const firstEntry = entryOf(hash, Math.max(0, first - start));
    const lastEntry = entryOf(hash, Math.min(segmentSize - 1, last - start));
    yield { segment, firstEntry, lastEntry };
  }
}

const find = `SELECT ${sequenceOfEntry} AS sequence FROM correlations c
  WHERE c.segment = ? AND c.entry BETWEEN ? AND ? ORDER BY c.entry LIMIT ?`;

/** Which events of an id are asked for: those after a sequence, oldest first. */
export type CorrelationWindow = { readonly afterSequence: number; readonly limit: number };

/** The sequences of the events that may have the correlation id: others may be among them. */
export function readCorrelated(
  store: Store,
  correlationId: string,
  { afterSequence, limit }: CorrelationWindow,
): readonly number[] {
  const found: number[] = [];
  const ranges = correlationRanges(correlationId, { first: afterSequence + 1, last: store.checkpoint() });
  for (const { segment, firstEntry, lastEntry } of ranges) {
    const rows = store.prepare(find).all(segment, firstEntry, lastEntry, Math.max(0, limit - found.length));
    for (const row of rows) found.push(Number(row.sequence));
    if (found.length >= limit) break;
  }
  return found;
}
