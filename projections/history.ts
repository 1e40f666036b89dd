import type { HubEvent, RecordedEvent } from "../core/events.ts";
import type { HistoryFilter } from "../core/ports.ts";
import type { Store } from "./store.ts";

/** Each event type's number in the table, below 31: filters name types by a mask. Stored: never reuse a number. */
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
} as const satisfies Record<HubEvent["type"], number>;

const insert = "INSERT INTO history (deviceId, sequence, type, time) VALUES (?, ?, ?, ?)";
const filtered = "FROM history WHERE deviceId = ? AND ((1 << type) & ?) <> 0 AND time BETWEEN ? AND ?";
const ascending = `SELECT sequence ${filtered} AND sequence > ? ORDER BY sequence LIMIT ?`;
const descending = `SELECT sequence ${filtered} AND sequence < ? ORDER BY sequence DESC LIMIT ?`;

/** Notes one event of a device or of one of its modules; the hub's own events have no device to be found under. */
export function recordHistory(store: Store, { key, event, meta, sequence }: RecordedEvent): void {
  if (key.aggregate === "hub") return;
  store.prepare(insert).run(key.id, sequence, typeNumbers[event.type], Date.parse(meta.time));
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
  if (types === undefined) return 2 ** 31 - 1;
  let mask = 0;
  for (const type of types) {
    const number = numbers.get(type);
    if (number !== undefined) mask |= 1 << number;
  }
  return mask;
}
