import type { IdentityKey, RecordedEvent } from "../events.ts";
import { type PastDeps, twinTypes } from "./moment.ts";
import { evolvePast, noPast, type PastState, pastOf } from "./past-state.ts";

/** What was at a journal sequence. */
export type Past = {
  readonly state: PastState;
  /** The messages that waited for the device; a module has none (spec/messaging 6.1). */
  readonly cloudToDeviceMessageCount: number;
  /** The event at the sequence; undefined when the journal has another device's there. */
  readonly last: RecordedEvent | undefined;
};

/**
 * The state of a twin and its identities as of a journal sequence, which is one of the device's: the snapshot before it, and
 * the events since then that it depends on. Those are fewer than lie between two snapshots, and a handful more of identities
 * and connections, however long the twin has lived.
 */
export async function pastAt(deps: PastDeps, key: IdentityKey, sequence: number): Promise<Past> {
  const snapshot = deps.readModel.twinSnapshot(key, { sequence });
  const since = createTrack(deps, key, { after: snapshot?.sequence ?? 0, upTo: sequence });
  const births = [...since.last("DeviceCreated"), ...since.lastOwn("ModuleCreated")];
  const life = births.length === 0 ? since : createTrack(deps, key, { after: Math.max(...births), upTo: sequence });
  const wanted = [...births, ...identityEvents(since), ...life.allOwn(twinTypes), ...connectionEvents(life), sequence];
  const messagesBefore = births.length === 0 ? (snapshot?.value.cloudToDeviceMessageCount ?? 0) : 0;
  const cloudToDeviceMessageCount = key.moduleId === undefined ? messageCount(life, messagesBefore) : 0;

  const events = await deps.journal.readSequences([...new Set(wanted)].sort((a, b) => a - b));
  const before = snapshot === undefined ? noPast : pastOf(snapshot.value);
  const state = events.reduce((past, event) => evolvePast(key, past, event), before);
  return { state, cloudToDeviceMessageCount, last: events.at(-1) };
}

/** The history of one device and, if one is asked for, of a module of it, between two sequences. All give sequences. */
type Track = {
  /** The last event of a type, of the device itself. */
  last(type: string): readonly number[];
  /** The last events of a type, of the device or module that is asked for; none of a device when it asks for a module's. */
  lastOwn(type: string, limit?: number): readonly number[];
  allOwn(types: readonly string[]): readonly number[];
  /** How many events of the device itself there are, those up to a sequence left out. */
  count(types: readonly string[], after?: number): number;
};

type Range = { readonly after: number; readonly upTo: number };

function createTrack({ readModel }: PastDeps, { deviceId, moduleId = "" }: IdentityKey, { after, upTo }: Range): Track {
  const range = { deviceId, fromSequence: after + 1, toSequence: upTo };
  const last = (type: string, ofModule: string, limit: number): readonly number[] =>
    readModel.history({ ...range, moduleId: ofModule, types: [type], descending: true, limit });
  return {
    last: (type) => last(type, "", 1),
    lastOwn: (type, limit = 1) => last(type, moduleId, limit),
    allOwn: (types) => readModel.history({ ...range, moduleId, types, limit: Number.MAX_SAFE_INTEGER }),
    count: (types, from = after) =>
      readModel.historyCount({ ...range, moduleId: "", types, fromSequence: Math.max(from, after) + 1 }),
  };
}

/** An update holds all of an identity but when it was enabled or disabled, so the last ones tell everything. */
const identityEvents = (track: Track): readonly number[] => [
  ...track.last("DeviceUpdated:status"),
  ...track.last("DeviceUpdated"),
  ...track.last("DeviceDeleted"),
  ...track.lastOwn("ModuleUpdated"),
  ...track.lastOwn("ModuleDeleted"),
];

/**
 * What the state of a connection hangs on: the last one that began, its end and the last sign of life, and the last one that
 * named a model. Nodes may tell of ends late, and of connections of a generation that is gone: some more of each are read.
 */
const connectionEvents = (track: Track): readonly number[] => [
  ...track.lastOwn("DeviceConnected", 8),
  ...track.lastOwn("DeviceConnected:model", 2),
  ...track.lastOwn("DeviceDisconnected", 32),
  ...track.lastOwn("SubscriptionsChanged", 4),
];

const endTypes = ["CommandCompleted", "CommandRejected", "CommandExpired", "CommandDeadLettered"];

/** Counted, since messages may wait long: a purge leaves none, and any other end takes one away. */
function messageCount(track: Track, before: number): number {
  const purge = track.last("CommandsPurged").at(0);
  const start = purge === undefined ? before : 0;
  return Math.max(0, start + track.count(["CommandEnqueued"], purge) - track.count(endTypes, purge));
}
