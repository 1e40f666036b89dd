import type { HubEvent } from "../core/events.ts";
import type { HistoryFilter } from "../core/ports.ts";
import type { Store } from "./store.ts";
import type { ViewedEvent } from "./viewed-event.ts";

/** Each event type's number in the table, below 53: filters name types by a mask. Stored: never reuse a number. */
const typeNumbers = {
  DeviceCreated: 0,
  DeviceUpdated: 1,
  DeviceDeleted: 2,
  ModuleCreated: 3,
  ModuleUpdated: 4,
  ModuleDeleted: 5,
  TwinUpdated: 6,
  TwinReplaced: 7,
  TwinReportedPatched: 8,
  DeviceConnected: 9,
  DeviceDisconnected: 10,
  SubscriptionsChanged: 11,
  SharedAccessPoliciesSet: 12,
  ConsumerGroupCreated: 13,
  ConsumerGroupDeleted: 14,
  MethodCalled: 15,
  MethodDelivered: 16,
  MethodAnswered: 17,
  MethodFailed: 18,
  CommandEnqueued: 19,
  CommandDelivered: 20,
  CommandCompleted: 21,
  CommandAbandoned: 22,
  CommandRejected: 23,
  CommandExpired: 24,
  CommandDeadLettered: 25,
  CommandsPurged: 26,
} as const satisfies Record<HubEvent["type"], number>;

const insert = "INSERT INTO history (deviceId, sequence, type, time) VALUES (?, ?, ?, ?)";
const filtered = "FROM history WHERE deviceId = ? AND ((1 << type) & ?) <> 0 AND time BETWEEN ? AND ?";
const ascending = `SELECT sequence ${filtered} AND sequence > ? ORDER BY sequence LIMIT ?`;
const descending = `SELECT sequence ${filtered} AND sequence < ? ORDER BY sequence DESC LIMIT ?`;

/** Writes the history. */
export type HistoryWriter = {
  /** Notes one event of a device or of one of its modules; the hub's own events have no device to be found under. */
  record(event: ViewedEvent): void;
  /** Writes what was noted, in the order of the keys, so that rows that are neighbours in the tree are written together. */
  flush(): void;
  /** Forgets what was noted and not written. */
  clear(): void;
};

/** So many rows are noted before they are written: a rebuild would otherwise keep them all to its end. */
const mostNoted = 50_000;

/** Rows that one statement inserts when there are many: a third of the cost of as many statements. */
const rowsAtOnce = 50;
const insertMany = `${insert}${", (?, ?, ?, ?)".repeat(rowsAtOnce - 1)}`;

/** Makes the writer of a store's history. It writes within a transaction of its caller's. */
export function createHistory(store: Store): HistoryWriter {
  // For each device its rows end to end, as sequence, type and time: an object for each would keep the collector busy.
  const noted = new Map<string, number[]>();
  let count = 0;
  const clear = (): void => {
    noted.clear();
    count = 0;
  };
  const flush = (): void => {
    let parameters: (string | number)[] = [];
    for (const deviceId of [...noted.keys()].sort()) {
      const numbers = noted.get(deviceId) ?? [];
      for (let at = 0; at < numbers.length; at += 3) {
        parameters.push(deviceId, numbers[at] ?? 0, numbers[at + 1] ?? 0, numbers[at + 2] ?? 0);
        if (parameters.length < rowsAtOnce * 4) continue;
        store.prepare(insertMany).run(...parameters);
        parameters = [];
      }
    }
    for (let at = 0; at < parameters.length; at += 4) store.prepare(insert).run(...parameters.slice(at, at + 4));
    clear();
  };
  return {
    record({ key, event, meta, sequence }) {
      if (key.aggregate === "hub") return;
      const numbers = noted.get(key.id) ?? [];
      if (numbers.length === 0) noted.set(key.id, numbers);
      numbers.push(sequence, typeNumbers[event.type], Date.parse(meta.time));
      count += 1;
      if (count >= mostNoted) flush();
    },
    flush,
    clear,
  };
}

/**
 * The journal sequences of a device's events that pass the filter, its modules' and earlier generations' included. `from`
 * and `to` are both inclusive; types that don't exist match nothing.
 */
export function readHistory(store: Store, filter: HistoryFilter): readonly number[] {
  const { deviceId, from, to, afterSequence } = filter;
  const beyond = filter.descending ? (afterSequence ?? Number.MAX_SAFE_INTEGER) : (afterSequence ?? 0);
  return store
    .prepare(filter.descending ? descending : ascending)
    .all(
      deviceId,
      typeMask(filter.types),
      from === undefined ? earliest : Date.parse(from),
      to === undefined ? latest : Date.parse(to),
      beyond,
      Math.max(0, filter.limit),
    )
    .map((row) => Number(row.sequence));
}

// The range of times that a date can hold (ECMA-262: time values).
const latest = 8_640_000_000_000_000;
const earliest = -latest;

const numbers: ReadonlyMap<string, number> = new Map(Object.entries(typeNumbers));

function typeMask(types: readonly string[] | undefined): number {
  if (types === undefined) return Number.MAX_SAFE_INTEGER;
  let mask = 0;
  // Not by bits, of which JavaScript's operators know 32.
  for (const type of new Set(types)) {
    const number = numbers.get(type);
    if (number !== undefined) mask += 2 ** number;
  }
  return mask;
}
