import type { ActorFilter, HistoryFilter } from "../core/ports.ts";
import { actorNumber, itself, kindBits, kindNumber } from "./actor-number.ts";
import { correlationRanges, sequenceOfEntry } from "./correlations.ts";
import { numbersOf } from "./history.ts";
import { actorOfLabel, typeOfLabel } from "./history-tables.ts";
import type { Store } from "./store.ts";

/**
 * The journal sequences of a device's events that pass the filter, its modules' and earlier generations' included; those of
 * other actors and correlations may be among them, see `HistoryFilter`. Types that don't exist match nothing.
 */
export function readHistory(store: Store, filter: HistoryFilter): readonly number[] {
  const { descending, limit } = filter;
  if (limit <= 0) return [];
  const found = tracksOf(store, filter).map((track) => readTrack(store, filter, track));
  const [only = [], ...others] = found;
  if (others.length === 0) return only;
  return found
    .flat()
    .sort((a, b) => (descending ? b - a : a - b))
    .slice(0, limit);
}

/** How many events pass the filter. */
export function countHistory(store: Store, filter: Omit<HistoryFilter, "limit" | "correlationId">): number {
  return tracksOf(store, filter).reduce((sum, { moduleId, first, last }) => {
    const { where, values } = conditionsOf(filter, moduleId);
    const sql = `SELECT count(*) AS count ${rowsInRange} ${where}`;
    return sum + Number(store.prepare(sql).get(filter.deviceId, moduleId, first, last, ...values)?.count ?? 0);
  }, 0);
}

const rowsInRange = "FROM history h WHERE h.deviceId = ? AND h.moduleId = ? AND h.sequence BETWEEN ? AND ?";

/** The rows of a device itself or of one of its modules that may pass: those with sequences from `first` to `last`. */
type Track = { readonly moduleId: string; readonly first: number; readonly last: number };

function readTrack(store: Store, filter: HistoryFilter, track: Track): readonly number[] {
  const { deviceId, correlationId, descending, limit } = filter;
  const { moduleId, first, last } = track;
  const { where, values } = conditionsOf(filter, moduleId);
  const order = descending ? "DESC" : "";
  if (correlationId === undefined) {
    const sql = `SELECT h.sequence ${rowsInRange} ${where} ORDER BY h.sequence ${order} LIMIT ?`;
    const rows = store.prepare(sql).all(deviceId, moduleId, first, last, ...values, limit);
    return rows.map(({ sequence }) => Number(sequence));
  }
  const sql = `SELECT h.sequence FROM correlations c
    CROSS JOIN history h ON h.deviceId = ? AND h.moduleId = ? AND h.sequence = ${sequenceOfEntry}
    WHERE c.segment = ? AND c.entry BETWEEN ? AND ? ${where} ORDER BY c.entry ${order} LIMIT ?`;
  const found: number[] = [];
  const ranges = [...correlationRanges(correlationId, track)];
  for (const { segment, firstEntry, lastEntry } of descending ? ranges.reverse() : ranges) {
    const left = limit - found.length;
    const rows = store.prepare(sql).all(deviceId, moduleId, segment, firstEntry, lastEntry, ...values, left);
    for (const { sequence } of rows) found.push(Number(sequence));
    if (found.length >= limit) break;
  }
  return found;
}

/** The filter's SQL, which has few forms, and what it is to be run with. */
type Conditions = { readonly where: string; readonly values: readonly number[] };

function conditionsOf(filter: Omit<HistoryFilter, "limit">, moduleId: string): Conditions {
  const { types, actor, from, to } = filter;
  const conditions = [
    ...(types === undefined ? [] : [{ sql: `((1 << ${typeOfLabel("h.label")}) & ?) <> 0`, value: maskOf(types) }]),
    ...(from === undefined ? [] : [{ sql: "h.time >= ?", value: Date.parse(from) }]),
    ...(to === undefined ? [] : [{ sql: "h.time <= ?", value: Date.parse(to) }]),
    ...(actor === undefined ? [] : [actorCondition(actor, filter.deviceId, moduleId)]),
  ];
  return { where: conditions.map(({ sql }) => `AND ${sql}`).join(" "), values: conditions.map(({ value }) => value) };
}

function actorCondition({ kind, actor }: ActorFilter, deviceId: string, moduleId: string) {
  const number = actorOfLabel("h.label");
  if (actor !== undefined) {
    return { sql: `${number} = ?`, value: actorNumber(actor, deviceId, moduleId === "" ? undefined : moduleId) };
  }
  const isOwnKind = kind === (moduleId === "" ? "device" : "module");
  const ofKind = `${number} & ${kindBits} = ?`;
  const sql = isOwnKind ? `(${number} = ${itself} OR ${ofKind})` : `(${number} <> ${itself} AND ${ofKind})`;
  return { sql, value: kindNumber(kind) };
}

function maskOf(types: readonly string[]): number {
  let mask = 0;
  // Not by bits, of which JavaScript's operators know 32.
  for (const number of new Set(types.flatMap((type) => numbersOf.get(type) ?? []))) mask += 2 ** number;
  return mask;
}

const nextModule = "SELECT moduleId FROM history WHERE deviceId = ? AND moduleId > ? ORDER BY moduleId LIMIT 1";

/** Where to look: the device itself and all modules that it ever had, or the one that is asked for. */
function tracksOf(store: Store, filter: Omit<HistoryFilter, "limit">): readonly Track[] {
  const { deviceId, moduleId } = filter;
  const moduleIds = moduleId === undefined ? [""] : [moduleId];
  if (moduleId === undefined) {
    let row = store.prepare(nextModule).get(deviceId, "");
    for (; row !== undefined; row = store.prepare(nextModule).get(deviceId, String(row.moduleId))) {
      moduleIds.push(String(row.moduleId));
    }
  }
  return moduleIds.flatMap((id) => trackOf(store, filter, id));
}

/**
 * Nodes write the times of events by clocks of their own, so times may go back a little as sequences go up. Clocks are taken
 * to differ by less than this.
 */
const clockSkewMs = 300_000;
const latest = Number.MAX_SAFE_INTEGER;

const ofTrack = "FROM history WHERE deviceId = ?1 AND moduleId = ?2 ORDER BY sequence";
const ends = `SELECT (SELECT sequence ${ofTrack} LIMIT 1) AS first, (SELECT sequence ${ofTrack} DESC LIMIT 1) AS last`;
const next = `SELECT sequence, time FROM history
  WHERE deviceId = ? AND moduleId = ? AND sequence >= ? ORDER BY sequence LIMIT 1`;

/** The part of a track where events that pass can be; none when there is none. Their times still have to be looked at. */
function trackOf(store: Store, filter: Omit<HistoryFilter, "limit">, moduleId: string): readonly Track[] {
  const { deviceId, from, to, afterSequence, descending, fromSequence = 1, toSequence = latest } = filter;
  const found = store.prepare(ends).get(deviceId, moduleId);
  if (found === undefined || found.first === null) return [];
  const whole = { moduleId, first: Number(found.first), last: Number(found.last) };
  const after = !descending && afterSequence !== undefined ? afterSequence + 1 : 1;
  const before = descending && afterSequence !== undefined ? afterSequence - 1 : latest;
  const firstByTime = from === undefined ? 1 : sequenceAt(store, deviceId, whole, Date.parse(from) - clockSkewMs);
  const lastByTime = to === undefined ? latest : sequenceAt(store, deviceId, whole, Date.parse(to) + clockSkewMs + 1);
  const first = Math.max(whole.first, fromSequence, after, firstByTime);
  const last = Math.min(whole.last, toSequence, before, lastByTime);
  return first > last ? [] : [{ moduleId, first, last }];
}

/**
 * The sequence at which the events of a track come to a time, by halving: exact where times go up with sequences. Otherwise
 * it is next to an event before that time on one side and an event at or after it on the other.
 */
function sequenceAt(store: Store, deviceId: string, { moduleId, first, last }: Track, timeMs: number): number {
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = store.prepare(next).get(deviceId, moduleId, middle);
    const sequence = Number(row?.sequence);
    if (row === undefined || sequence >= high || Number(row.time) >= timeMs) high = middle;
    else low = sequence + 1;
  }
  return low;
}
