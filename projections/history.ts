import type { HubEvent, IdentityKey } from "../core/events.ts";
import { devicesOfJobEvent } from "../core/job/job-event.ts";
import { actorNumber } from "./actor-number.ts";
import { labelOf } from "./history-tables.ts";
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
  FileUploadStarted: 27,
  FileUploadCompleted: 28,
  FileUploadExpired: 29,
  TwinConfigured: 30,
  ConfigurationCreated: 31,
  ConfigurationUpdated: 32,
  ConfigurationDeleted: 33,
  ConfigurationMeasured: 34,
  JobChunkPlanned: 35,
  JobTargetsEnded: 36,
  // These are of no device: none has a row, so they need no numbers.
  QueryIndexCreated: undefined,
  QueryIndexDeleted: undefined,
  JobCreated: undefined,
  JobStarted: undefined,
  JobPlanned: undefined,
  JobCompleted: undefined,
  JobFailed: undefined,
  JobCancelled: undefined,
  JobTargetsForgotten: undefined,
  JobForgotten: undefined,
  JobChunkStarted: undefined,
  RegistryJobCreated: undefined,
  RegistryJobStarted: undefined,
  RegistryJobProgressed: undefined,
  RegistryJobCompleted: undefined,
  RegistryJobFailed: undefined,
  RegistryJobCancelled: undefined,
} as const satisfies Record<HubEvent["type"], number | undefined>;

/**
 * Events that a state of long after may still hang on: they have numbers of their own, by which they are found without
 * reading all that are like them. Each counts as an event of its type too.
 */
const markedNumbers = {
  /** The device was enabled or disabled. */
  "DeviceUpdated:status": 51,
  /** The device named its model. */
  "DeviceConnected:model": 52,
} as const;

/** The numbers that a type's name stands for, or the name of a marked event. */
export const numbersOf: ReadonlyMap<string, readonly number[]> = new Map([
  ...Object.entries(typeNumbers).map(([type, number]): [string, number[]] => {
    const marked = Object.entries(markedNumbers).filter(([name]) => name.startsWith(`${type}:`));
    return [type, [...(number === undefined ? [] : [number]), ...marked.map(([, mark]) => mark)]];
  }),
  ...Object.entries(markedNumbers).map(([name, mark]): [string, number[]] => [name, [mark]]),
]);

function numberOf(event: HubEvent): number | undefined {
  if (event.type === "DeviceUpdated" && event.data.changed.includes("status")) {
    return markedNumbers["DeviceUpdated:status"];
  }
  if (event.type === "DeviceConnected" && event.data.modelId !== undefined) {
    return markedNumbers["DeviceConnected:model"];
  }
  return typeNumbers[event.type];
}

const insert = "INSERT INTO history (deviceId, moduleId, sequence, label, time) VALUES (?, '', ?, ?, ?)";
const insertOfModule = "INSERT INTO history (deviceId, moduleId, sequence, label, time) VALUES (?, ?, ?, ?, ?)";

/** Writes the history. */
export type HistoryWriter = {
  /**
   * Notes one event of a device or of one of its modules; the hub's own events have no device to be found under, and those of
   * jobs may be about many.
   */
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
const insertMany = `${insert}${", (?, '', ?, ?, ?)".repeat(rowsAtOnce - 1)}`;

/** What was noted of one device or module. */
type NotedRows = {
  readonly key: IdentityKey;
  /** Sequence, label and time of each row, end to end: an object for each would keep the collector busy. */
  readonly numbers: number[];
};

/** Makes the writer of a store's history. It writes within a transaction of its caller's. */
export function createHistory(store: Store): HistoryWriter {
  const noted = new Map<string, NotedRows>();
  let count = 0;
  const clear = (): void => {
    noted.clear();
    count = 0;
  };
  const flush = (): void => {
    writeRows(store, noted);
    clear();
  };
  const rowsOf = (deviceId: string, moduleId: string | undefined): NotedRows => {
    // No id holds a line feed, so the joined text is unambiguous, and it sorts a module behind its device.
    const text = moduleId === undefined ? deviceId : `${deviceId}\n${moduleId}`;
    const known = noted.get(text);
    if (known !== undefined) return known;
    const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
    const rows = { key, numbers: [] };
    noted.set(text, rows);
    return rows;
  };
  const note = (deviceId: string, moduleId: string | undefined, type: number, { sequence, meta }: ViewedEvent) => {
    const label = labelOf(type, actorNumber(meta.actor, deviceId, moduleId));
    rowsOf(deviceId, moduleId).numbers.push(sequence, label, timeMsOf(meta.time));
    count += 1;
  };
  return {
    record(viewed) {
      const { key, event } = viewed;
      const type = numberOf(event);
      if (type === undefined || key.aggregate === "hub" || key.aggregate === "configuration") return;
      if (key.aggregate !== "job") note(key.id, key.moduleId, type, viewed);
      else for (const deviceId of devicesOfJobEvent(event)) note(deviceId, undefined, type, viewed);
      if (count >= mostNoted) flush();
    },
    flush,
    clear,
  };
}

function writeRows(store: Store, noted: ReadonlyMap<string, NotedRows>): void {
  let parameters: (string | number)[] = [];
  for (const text of [...noted.keys()].sort()) {
    const { key: { deviceId = "", moduleId } = {}, numbers = [] } = noted.get(text) ?? {};
    for (let at = 0; at < numbers.length; at += 3) {
      if (moduleId !== undefined) {
        store.prepare(insertOfModule).run(deviceId, moduleId, ...numbers.slice(at, at + 3));
        continue;
      }
      parameters.push(deviceId, numbers[at] ?? 0, numbers[at + 1] ?? 0, numbers[at + 2] ?? 0);
      if (parameters.length < rowsAtOnce * 4) continue;
      store.prepare(insertMany).run(...parameters);
      parameters = [];
    }
  }
  for (let at = 0; at < parameters.length; at += 4) store.prepare(insert).run(...parameters.slice(at, at + 4));
}

let knownMinute = "";
let knownMinuteMs = 0;
const zero = "0".charCodeAt(0);

/**
 * Milliseconds since 1970 of a time as events have it: ISO 8601, UTC, milliseconds. Most events share their minute with the one
 * before, and reading the whole of it would take longer than anything else that is done to a row.
 */
function timeMsOf(time: string): number {
  if (time.length !== 24 || !time.endsWith("Z")) return Date.parse(time);
  if (!time.startsWith(knownMinute) || knownMinute === "") {
    knownMinute = time.slice(0, 17);
    knownMinuteMs = Date.parse(`${knownMinute}00Z`);
  }
  const digit = (index: number): number => time.charCodeAt(index) - zero;
  const seconds = digit(17) * 10 + digit(18);
  return knownMinuteMs + seconds * 1000 + digit(20) * 100 + digit(21) * 10 + digit(22);
}
