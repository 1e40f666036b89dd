import type { Actor, AggregateKey, EventMeta, IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { TwinView } from "../identity/views.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute, type Loaded } from "../journal/execute.ts";
import type { JsonObject } from "../json.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import { decideTwin, type TwinCommand } from "./decide.ts";
import type { TwinSection, TwinState } from "./twin.ts";

/** What a back end writes: sections that are absent stay as they are. `ifMatch` is `*`, an etag without quotes, or absent. */
export type TwinWrite = IdentityKey & {
  readonly tags?: JsonObject | null;
  readonly desired?: JsonObject | null;
  readonly ifMatch?: string;
  readonly actor: Actor;
  readonly correlationId: string;
  /** The id of the event to come, for a write that may be tried again but shall be done once; a new one when absent. */
  readonly eventId?: string;
};

/** What a device or module reports of itself. */
export type ReportedPatch = IdentityKey & {
  readonly reported: JsonObject;
  readonly actor: Actor;
  readonly correlationId: string;
};

/** What a device sees of its own twin. */
export type TwinProperties = { readonly desired: TwinSection; readonly reported: TwinSection };

/** The twin use cases. Unknown identities throw HubError `DeviceNotFound` or `ModuleNotFound`. */
export type Twins = {
  get(key: IdentityKey): TwinView;
  /**
   * Merges. Throws `PreconditionFailed`, `ArgumentInvalid`, `DeviceModelMaxPropertiesExceeded`, and `DeviceNotFound` also
   * for a disabled device (IoT Hub docs: troubleshoot error codes, 404001).
   */
  update(write: TwinWrite): Promise<TwinView>;
  /** Replaces the sections given. Throws as `update`. */
  replace(write: TwinWrite): Promise<TwinView>;
  /** Desired and reported properties, no tags. */
  getProperties(key: IdentityKey): TwinProperties;
  /** Merges into the reported properties; returns their new version. Throws `ArgumentInvalid` and the size error. */
  patchReported(patch: ReportedPatch): Promise<number>;
};

/** What the twin use cases are built from. */
export type TwinsDeps = {
  readonly journal: Journal;
  readonly readModel: ReadModel;
  readonly clock: Clock;
  readonly ids: Ids;
};

/** What a twin as a whole is read from. */
export type TwinViewReads = Pick<ReadModel, "device" | "module" | "twin" | "connection" | "commandQueue">;

/** What a command to a twin needs. */
export type TwinCommandDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "twin" | "device" | "applied">;
  readonly clock: Clock;
  readonly ids: Ids;
};

/** Makes the twin use cases. */
export function createTwins(deps: TwinsDeps): Twins {
  const { readModel } = deps;
  return {
    get: (key) => viewOf(readModel, key),
    update: (write) => writeSections(deps, "UpdateTwin", write),
    replace: (write) => writeSections(deps, "ReplaceTwin", write),
    getProperties: (key) => loadTwin(readModel, key).state,
    patchReported: async ({ deviceId, moduleId, reported, ...origin }) => {
      const key = identityKey(deviceId, moduleId);
      const command = (meta: EventMeta): TwinCommand => ({
        type: "PatchReported",
        data: { reported },
        meta: { now: meta.time },
      });
      return (await commandTwin(deps, key, origin, command)).reported.version;
    },
  };
}

/** Who writes, for the journal. */
type Origin = { readonly actor: Actor; readonly correlationId: string; readonly eventId?: string };

async function writeSections(deps: TwinsDeps, type: "UpdateTwin" | "ReplaceTwin", write: TwinWrite): Promise<TwinView> {
  const { actor, correlationId, eventId, ...data } = write;
  const key = identityKey(data.deviceId, data.moduleId);
  const { device } = viewOf(deps.readModel, key);
  if (device.fields.status === "disabled") throw new HubError("DeviceNotFound", device.deviceId, key);
  const origin = { actor, correlationId, ...(eventId !== undefined && { eventId }) };
  await commandTwin(deps, key, origin, (meta) => ({ type, data, meta: { now: meta.time } }));
  return viewOf(deps.readModel, key);
}

/** Has a twin decide a command, and records it. Throws as `decideTwin`, `Twins` and `execute`. */
export async function commandTwin(
  deps: TwinCommandDeps,
  key: IdentityKey,
  origin: Origin,
  command: (meta: EventMeta) => TwinCommand,
): Promise<TwinState> {
  const { eventId, ...cause } = origin;
  const meta = { ...newEventMeta(deps, cause), ...(eventId !== undefined && { id: eventId }) };
  const { deviceId: id, moduleId } = key;
  const aggregate: AggregateKey = { aggregate: "twin", id, ...(moduleId === undefined ? {} : { moduleId }) };
  const load = (): Loaded<TwinState> => loadTwin(deps.readModel, key);
  const decide = (state: TwinState) => decideTwin(command(meta), state);
  return (await execute({ ...deps, key: aggregate, load, decide, meta })).state;
}

const identityKey = (deviceId: string, moduleId: string | undefined): IdentityKey =>
  moduleId === undefined ? { deviceId } : { deviceId, moduleId };

function loadTwin(readModel: TwinCommandDeps["readModel"], key: IdentityKey): Loaded<TwinState> {
  const twin = readModel.twin(key);
  if (twin === undefined) throw notFound(readModel, key);
  return { state: twin.value, sequence: twin.sequence };
}

/** A twin with what it mirrors of its identity. Throws HubError `DeviceNotFound` or `ModuleNotFound`. */
export function viewOf(readModel: TwinViewReads, key: IdentityKey): TwinView {
  const { deviceId, moduleId } = key;
  const device = readModel.device(deviceId)?.value;
  const module = moduleId === undefined ? undefined : readModel.module(deviceId, moduleId)?.value;
  const twin = readModel.twin(key)?.value;
  if (device === undefined || twin === undefined || (moduleId !== undefined && module === undefined)) {
    throw notFound(readModel, key);
  }
  const connection = readModel.connection(key);
  // Modules have no queue of their own (spec/messaging 6.1).
  const queue = moduleId === undefined ? readModel.commandQueue(deviceId) : undefined;
  const cloudToDeviceMessageCount = queue?.value.pending.length ?? 0;
  return { twin, device, ...(module && { module }), connection, cloudToDeviceMessageCount };
}

function notFound(readModel: Pick<ReadModel, "device">, { deviceId, moduleId }: IdentityKey): HubError {
  if (moduleId === undefined || readModel.device(deviceId) === undefined) {
    return new HubError("DeviceNotFound", deviceId, { deviceId });
  }
  return new HubError("ModuleNotFound", moduleId, { deviceId, moduleId });
}
