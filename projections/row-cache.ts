/** How the rows of one table are read and written. `moduleId` is '' for a device's own row. */
export type RowAccess<Row> = {
  load(deviceId: string, moduleId: string): Row | undefined;
  /** Writes a row; `stored` is the row that it takes the place of, if there is one. */
  save(deviceId: string, moduleId: string, row: Row, stored: Row | undefined): void;
  remove(deviceId: string, moduleId: string): void;
  /** Told of every row written, for what is counted from rows. */
  changed?(moduleId: string, before: Row | undefined, after: Row | undefined): void;
  /** About how many bytes of memory a row takes; `usualWeight` when not told. */
  weigh?(row: Row): number;
};

/**
 * The rows of one table in memory, so that a batch of events reads and writes each of them once, and devices that are
 * heard of again and again are not read at all.
 */
export type RowCache<Row> = {
  get(deviceId: string, moduleId: string): Row | undefined;
  /** Changes a row, or with undefined removes it. */
  set(deviceId: string, moduleId: string, row: Row | undefined): void;
  /** Writes what changed, in the order of the keys, so that neighbours are written together. */
  readonly flush: () => void;
  /** Forgets everything, what was not written too. */
  readonly clear: () => void;
};

type Entry<Row> = {
  readonly deviceId: string;
  readonly moduleId: string;
  stored: Row | undefined;
  row: Row | undefined;
  weight: number;
  changes: number;
};

/** A row is weighed anew at every so many changes: it grows little by little, and weighing a twin costs as much as a change. */
const weighEvery = 8;

/** What a row without documents of any size counts for, the cost of keeping it included. */
const usualWeight = 1000;

/**
 * Makes the cache of one table. Rows are immutable: a change is another object. When the rows come to weigh more than
 * `budget`, what changed is written and all are forgotten: a batch may touch any number of devices, and a hostile device
 * can make its twin large. So changes happen within a transaction only.
 */
export function createRowCache<Row>(access: RowAccess<Row>, budget: number): RowCache<Row> {
  const entries = new Map<string, Entry<Row>>();
  let dirty: Entry<Row>[] = [];
  let weight = 0;

  const weigh = (row: Row | undefined): number => (row !== undefined && access.weigh ? access.weigh(row) : usualWeight);
  const entryOf = (deviceId: string, moduleId: string): Entry<Row> => {
    // No id holds a line feed, so the joined key is unambiguous.
    const key = moduleId === "" ? deviceId : `${deviceId}\n${moduleId}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    if (weight > budget) makeRoom();
    const row = access.load(deviceId, moduleId);
    const entry = { deviceId, moduleId, stored: row, row, weight: weigh(row), changes: 0 };
    entries.set(key, entry);
    weight += entry.weight;
    return entry;
  };
  const write = (entry: Entry<Row>): void => {
    const { deviceId, moduleId, stored, row } = entry;
    if (row === stored) return;
    if (row !== undefined) access.save(deviceId, moduleId, row, stored);
    else access.remove(deviceId, moduleId);
    access.changed?.(moduleId, stored, row);
    entry.stored = row;
  };
  const flush = (): void => {
    if (dirty.length > 1) dirty.sort(byKey);
    for (const entry of dirty) write(entry);
    dirty = [];
  };
  const clear = (): void => {
    entries.clear();
    dirty = [];
    weight = 0;
  };
  const makeRoom = (): void => {
    flush();
    clear();
  };

  return {
    get: (deviceId, moduleId) => entryOf(deviceId, moduleId).row,
    set(deviceId, moduleId, row) {
      const entry = entryOf(deviceId, moduleId);
      if (entry.row === entry.stored && row !== entry.stored) dirty.push(entry);
      const isOther = (entry.row === undefined) !== (row === undefined);
      entry.row = row;
      entry.changes += 1;
      if (!isOther && entry.changes % weighEvery !== 0) return;
      weight -= entry.weight;
      entry.weight = weigh(row);
      weight += entry.weight;
      if (weight > budget) makeRoom();
    },
    flush,
    clear,
  };
}

function byKey(a: Entry<unknown>, b: Entry<unknown>): number {
  if (a.deviceId !== b.deviceId) return a.deviceId < b.deviceId ? -1 : 1;
  return a.moduleId < b.moduleId ? -1 : 1;
}
