import type { HubEvent } from "../../core/events.ts";
import { HubError } from "../../core/hub-error.ts";
import type { JsonObject } from "../../core/json.ts";

/** Turns the data of one version of an event into that of the next. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** The upcasters of one event type, oldest first: the first one turns version 1 into 2. So their count + 1 is today's. */
export type UpcasterTable = Readonly<Record<string, readonly Upcaster[]>>;

/** Every event this hub knows. A type that gets a new shape gets an upcaster here, and stays at its place for ever. */
export const hubUpcasters = {
  SharedAccessPoliciesSet: [],
  ConsumerGroupCreated: [],
  ConsumerGroupDeleted: [],
  DeviceConnected: [],
  DeviceDisconnected: [],
  SubscriptionsChanged: [],
  DeviceCreated: [],
  DeviceUpdated: [],
  DeviceDeleted: [],
  ModuleCreated: [],
  ModuleUpdated: [],
  ModuleDeleted: [],
  TwinUpdated: [],
  TwinReplaced: [],
  TwinReportedPatched: [],
  CommandEnqueued: [],
  CommandDelivered: [],
  CommandCompleted: [],
  CommandAbandoned: [],
  CommandRejected: [],
  CommandExpired: [],
  CommandDeadLettered: [],
  CommandsPurged: [],
  MethodCalled: [],
  MethodDelivered: [],
  MethodAnswered: [],
  MethodFailed: [],
  FileUploadStarted: [],
  FileUploadCompleted: [],
  FileUploadExpired: [],
  TwinConfigured: [],
  ConfigurationCreated: [],
  ConfigurationUpdated: [],
  ConfigurationDeleted: [],
  ConfigurationMeasured: [],
  QueryIndexCreated: [],
  QueryIndexDeleted: [],
  JobCreated: [],
  JobStarted: [],
  JobPlanned: [],
  JobCompleted: [],
  JobFailed: [],
  JobCancelled: [],
  JobTargetsForgotten: [],
  JobForgotten: [],
  JobChunkPlanned: [],
  JobChunkStarted: [],
  JobTargetsEnded: [],
  RegistryJobCreated: [],
  RegistryJobStarted: [],
  RegistryJobProgressed: [],
  RegistryJobCompleted: [],
  RegistryJobFailed: [],
  RegistryJobCancelled: [],
} as const satisfies Record<HubEvent["type"], readonly Upcaster[]>;

/** An event as stored: its data may have the shape of an older version. */
export type StoredEvent = { readonly type: string; readonly version: number; readonly data: JsonObject };

/** Reads the events of every version up to today's. */
export type EventVersions = {
  /** The version in which events of this type are written. */
  current(type: HubEvent["type"]): number;
  /** Gives an event its present shape. Throws HubError `ServerError` for a type or version of a newer hub. */
  upcast(stored: StoredEvent): HubEvent;
};

/** Makes the reader of event versions. */
export function createEventVersions(table: UpcasterTable = hubUpcasters): EventVersions {
  const known = new Map(Object.entries(table).map(([type, chain]) => [type, { type, chain }]));
  return {
    current: (type) => (known.get(type)?.chain.length ?? 0) + 1,
    upcast: ({ type: storedType, version, data }) => {
      const found = known.get(storedType);
      if (found === undefined || !Number.isInteger(version) || version < 1 || version > found.chain.length + 1) {
        throw unknownEvent(storedType, version);
      }
      // The table's own string: every reader compares types, which is quickest when they are the same object.
      const { type, chain } = found;
      let today = data;
      for (const upcaster of version > chain.length ? [] : chain.slice(version - 1)) today = upcaster(today);
      // The type is one of the table and the data was written by a hub in the shape of its version.
      return { type, data: today } as unknown as HubEvent;
    },
  };
}

function unknownEvent(type: string, version: number): HubError {
  const name = type.slice(0, 128);
  const message = `the journal holds an event ${name} of version ${version}, which this hub does not know: is it of a newer hub?`;
  return new HubError("ServerError", message, { type: name, version });
}
