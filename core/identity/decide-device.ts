import { HubError } from "../hub-error.ts";
import type { InitialTwin } from "../twin/twin.ts";
import { losesCredential, sameAuthentication } from "./credential-change.ts";
import type { DecisionMeta } from "./decision-meta.ts";
import type { DeviceEvent, DeviceFields, DeviceState, LiveDevice } from "./device.ts";
import { edgeScope } from "./edge-scope.ts";
import { nextEtag, versionOf } from "./version.ts";

/** Keys in `fields` are sealed already. The scope of an IoT Edge device is decided here, whatever `fields` says. */
export type CreateDevice = { readonly deviceId: string; readonly fields: DeviceFields; readonly twin?: InitialTwin };
/** `ifMatch` is `*` or an etag. */
export type UpdateDevice = { readonly deviceId: string; readonly fields: DeviceFields; readonly ifMatch: string };
/** Without `ifMatch` the device goes whatever its etag. */
export type DeleteDevice = { readonly deviceId: string; readonly ifMatch?: string };

/** What may be asked of a device id. */
export type DeviceCommand =
  | { readonly type: "CreateDevice"; readonly data: CreateDevice; readonly meta: DecisionMeta }
  | { readonly type: "UpdateDevice"; readonly data: UpdateDevice; readonly meta: DecisionMeta }
  | { readonly type: "DeleteDevice"; readonly data: DeleteDevice; readonly meta: DecisionMeta };

/**
 * Decides about a device (spec/identity-and-security 1.4, spec/http-api 2.2). Throws HubError `DeviceAlreadyExists`,
 * `DeviceNotFound` or `PreconditionFailed`.
 */
export function decideDevice(command: DeviceCommand, state: DeviceState): readonly DeviceEvent[] {
  switch (command.type) {
    case "CreateDevice":
      return [created(command.data, command.meta, state)];
    case "UpdateDevice":
      return [updated(command.data, command.meta, existing(command.data.deviceId, state))];
    case "DeleteDevice":
      return [deleted(command.data, command.meta, existing(command.data.deviceId, state))];
  }
}

function created({ deviceId, fields, twin }: CreateDevice, meta: DecisionMeta, state: DeviceState): DeviceEvent {
  if (state.status === "live") {
    throw new HubError("DeviceAlreadyExists", `A device with ID '${deviceId}' is already registered.`, { deviceId });
  }
  const { generationId, firstEtag, now } = meta;
  const data = { deviceId, generationId, etag: firstEtag, fields: withScope(fields, deviceId, generationId), at: now };
  return { type: "DeviceCreated", data: twin === undefined ? data : { ...data, twin } };
}

function updated({ deviceId, fields, ifMatch }: UpdateDevice, { now }: DecisionMeta, before: LiveDevice): DeviceEvent {
  if (ifMatch !== "*" && ifMatch !== before.etag) {
    const versions = `existingVersion:${versionOf(before.etag)} newVersion:${versionOf(ifMatch)}`;
    const message = `Precondition failed: Device version did not match, ${versions}`;
    throw new HubError("PreconditionFailed", message, { deviceId });
  }
  const { generationId, etag } = before;
  const after = withScope(fields, deviceId, generationId);
  const data = {
    deviceId,
    generationId,
    etag: nextEtag(etag),
    fields: after,
    changed: changedFields(before.fields, after),
  };
  const credentialsChanged = losesCredential(before.fields.authentication, after.authentication);
  return { type: "DeviceUpdated", data: { ...data, credentialsChanged, at: now } };
}

// IoT Hub's own behaviour without If-Match on DELETE is unconfirmed. SDKs always send it; a plain client means
// "delete".
function deleted({ deviceId, ifMatch = "*" }: DeleteDevice, { now }: DecisionMeta, before: LiveDevice): DeviceEvent {
  if (ifMatch !== "*" && ifMatch !== before.etag) {
    throw new HubError("PreconditionFailed", "Precondition failed: Invalid ETag", { deviceId });
  }
  return { type: "DeviceDeleted", data: { deviceId, generationId: before.generationId, at: now } };
}

// An update of an id that is not there: 404 is what the SDKs' error maps expect (spec/identity-and-security 1.4).
function existing(deviceId: string, state: DeviceState): LiveDevice {
  if (state.status === "absent") throw new HubError("DeviceNotFound", deviceId, { deviceId });
  return state;
}

const withScope = (fields: DeviceFields, deviceId: string, generationId: string): DeviceFields =>
  fields.capabilities.iotEdge ? { ...fields, deviceScope: edgeScope(deviceId, generationId) } : fields;

const sameField: { readonly [Field in keyof DeviceFields]: (a: DeviceFields, b: DeviceFields) => boolean } = {
  status: (a, b) => a.status === b.status,
  statusReason: (a, b) => a.statusReason === b.statusReason,
  authentication: (a, b) => sameAuthentication(a.authentication, b.authentication),
  capabilities: (a, b) => a.capabilities.iotEdge === b.capabilities.iotEdge,
  deviceScope: (a, b) => a.deviceScope === b.deviceScope,
  parentScopes: ({ parentScopes: a }, { parentScopes: b }) =>
    a.length === b.length && a.every((scope, index) => scope === b[index]),
};

const fieldNames: readonly (keyof DeviceFields)[] = [
  "status",
  "statusReason",
  "authentication",
  "capabilities",
  "deviceScope",
  "parentScopes",
];

const changedFields = (before: DeviceFields, after: DeviceFields): readonly (keyof DeviceFields)[] =>
  fieldNames.filter((name) => !sameField[name](before, after));
