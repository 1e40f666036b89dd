import type { SharedAccessPolicy } from "../../core/access/policies.ts";
import type { CommandEvent } from "../../core/cloud-to-device/command-event.ts";
import type { ConnectionEvent, Subscription } from "../../core/connection/connection.ts";
import type { AggregateKey, HubEvent, IdentityKey, RecordedEvent } from "../../core/events.ts";
import type { FileUploadEvent } from "../../core/file-upload/file-upload.ts";
import type { Authentication } from "../../core/identity/authentication.ts";
import type { DeviceFields } from "../../core/identity/device.ts";
import type { JsonObject } from "../../core/json.ts";
import type { InitialTwin, TwinVersions } from "../../core/twin/twin.ts";

/** An event with the subject that it belongs to, not yet in a journal. */
export type Fact = { readonly key: AggregateKey; readonly event: HubEvent };

/** The moment of fabricated events that name no other. */
export const dawn = "2026-01-01T00:00:00.000Z";

/** The time that `record` gives to the event at a sequence: one second each. */
export const timeOf = (sequence: number): string => new Date(Date.parse(dawn) + sequence * 1000).toISOString();

/** Gives facts their places in a journal, from the sequence `first` on. */
export const record = (facts: readonly Fact[], first = 1): readonly RecordedEvent[] =>
  facts.map(({ key, event }, index) => {
    const sequence = first + index;
    const meta = {
      id: `event-${sequence}`,
      time: timeOf(sequence),
      actor: { kind: "policy", policy: "iothubowner" },
      correlationId: "correlation",
    } as const;
    return { sequence, key, event, meta };
  });

/** Credentials as events hold them: sealed. */
export const sealedSas: Authentication = {
  type: "sas",
  symmetricKey: { primaryKey: "sealed-primary", secondaryKey: "sealed-secondary" },
  x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
};

/** The fields of a plain enabled device. */
export const deviceFields = (changes: Partial<DeviceFields> = {}): DeviceFields => ({
  status: "enabled",
  statusReason: null,
  authentication: sealedSas,
  capabilities: { iotEdge: false },
  deviceScope: null,
  parentScopes: [],
  ...changes,
});

type Created = { readonly generationId?: string; readonly twin?: InitialTwin; readonly at?: string };

export function deviceCreated(
  deviceId: string,
  { generationId = "1", fields = {}, twin, at = dawn }: Created & { readonly fields?: Partial<DeviceFields> } = {},
): Fact {
  const data = { deviceId, generationId, etag: "MQ==", fields: deviceFields(fields), at, ...(twin && { twin }) };
  return { key: { aggregate: "identity", id: deviceId }, event: { type: "DeviceCreated", data } };
}

export function deviceUpdated(deviceId: string, fields: Partial<DeviceFields>, generationId = "1"): Fact {
  const changed = Object.keys(fields) as (keyof DeviceFields)[];
  const data = { deviceId, generationId, etag: "Mg==", fields: deviceFields(fields), changed, at: dawn };
  return {
    key: { aggregate: "identity", id: deviceId },
    event: { type: "DeviceUpdated", data: { ...data, credentialsChanged: changed.includes("authentication") } },
  };
}

export const deviceDeleted = (deviceId: string, generationId = "1"): Fact => ({
  key: { aggregate: "identity", id: deviceId },
  event: { type: "DeviceDeleted", data: { deviceId, generationId, at: dawn } },
});

type OfModule = { readonly deviceGenerationId?: string; readonly generationId?: string };

const moduleData = (
  deviceId: string,
  moduleId: string,
  { deviceGenerationId = "1", generationId = "11" }: OfModule,
) => ({
  deviceId,
  moduleId,
  deviceGenerationId,
  generationId,
  etag: "MQ==",
  at: dawn,
});

const fieldsOfModule = { managedBy: null, authentication: sealedSas };

export const moduleCreated = (
  deviceId: string,
  moduleId: string,
  of: OfModule & { twin?: InitialTwin } = {},
): Fact => ({
  key: { aggregate: "identity", id: deviceId, moduleId },
  event: {
    type: "ModuleCreated",
    data: { ...moduleData(deviceId, moduleId, of), fields: fieldsOfModule, ...(of.twin && { twin: of.twin }) },
  },
});

export const moduleUpdated = (deviceId: string, moduleId: string, managedBy: string, of: OfModule = {}): Fact => ({
  key: { aggregate: "identity", id: deviceId, moduleId },
  event: {
    type: "ModuleUpdated",
    data: {
      ...moduleData(deviceId, moduleId, of),
      etag: "Mg==",
      fields: { ...fieldsOfModule, managedBy },
      changed: ["managedBy"],
      credentialsChanged: false,
    },
  },
});

export const moduleDeleted = (deviceId: string, moduleId: string, of: OfModule = {}): Fact => {
  const { etag: _etag, ...data } = moduleData(deviceId, moduleId, of);
  return { key: { aggregate: "identity", id: deviceId, moduleId }, event: { type: "ModuleDeleted", data } };
};

const twinKey = ({ deviceId, moduleId }: IdentityKey): AggregateKey => ({
  aggregate: "twin",
  id: deviceId,
  ...(moduleId !== undefined && { moduleId }),
});

/** The counters of a twin that was just born. */
export const bornVersions: TwinVersions = { version: 2, etag: "AAAAAAAAAAE=", desiredVersion: 1, reportedVersion: 1 };

type TwinWrite = { readonly generationId?: string; readonly before?: TwinVersions; readonly at?: string };

export function twinUpdated(
  key: IdentityKey,
  content: { readonly tags?: JsonObject; readonly desired?: JsonObject },
  { generationId = "1", before = bornVersions }: TwinWrite = {},
): Fact {
  const desiredVersion = before.desiredVersion + (content.desired ? 1 : 0);
  const after = { ...before, version: before.version + 1, etag: "AAAAAAAAAAI=", desiredVersion };
  return {
    key: twinKey(key),
    event: { type: "TwinUpdated", data: { generationId, before, after, at: dawn, ...content } },
  };
}

export function twinReplaced(
  key: IdentityKey,
  content: { readonly tags?: JsonObject; readonly desired?: JsonObject },
): Fact {
  const { event, key: subject } = twinUpdated(key, content);
  if (event.type !== "TwinUpdated") throw new TypeError("not a twin update");
  return { key: subject, event: { type: "TwinReplaced", data: event.data } };
}

export function reportedPatched(
  key: IdentityKey,
  reported: JsonObject,
  { generationId = "1", before = bornVersions, at = dawn }: TwinWrite = {},
): Fact {
  const after = { ...before, version: before.version + 1, reportedVersion: before.reportedVersion + 1 };
  return {
    key: twinKey(key),
    event: { type: "TwinReportedPatched", data: { generationId, before, after, at, reported } },
  };
}

type OfConnection = { readonly generationId?: string; readonly connectionId?: string; readonly at?: string };

const connectionFact = ({ deviceId, moduleId }: IdentityKey, event: ConnectionEvent): Fact => ({
  key: { aggregate: "connection", id: deviceId, ...(moduleId !== undefined && { moduleId }) },
  event,
});

export const connected = (
  key: IdentityKey,
  {
    generationId = "1",
    connectionId = "c1",
    nodeId = "node-1",
    at = dawn,
  }: OfConnection & { readonly nodeId?: string } = {},
): Fact =>
  connectionFact(key, {
    type: "DeviceConnected",
    data: { generationId, connectionId, nodeId, protocol: "mqtt", authMethod: "{}", cleanSession: false, at },
  });

export const disconnected = (
  key: IdentityKey,
  { generationId = "1", connectionId = "c1", at = dawn }: OfConnection = {},
): Fact =>
  connectionFact(key, {
    type: "DeviceDisconnected",
    data: { generationId, connectionId, reason: "ClientDisconnected", lastActivityTime: at, at: timeOf(60) },
  });

export const subscribed = (
  key: IdentityKey,
  subscriptions: readonly Subscription[],
  { generationId = "1", connectionId = "c1" }: OfConnection = {},
): Fact =>
  connectionFact(key, { type: "SubscriptionsChanged", data: { generationId, connectionId, subscriptions, at: dawn } });

const commandFact = (deviceId: string, event: CommandEvent): Fact => ({
  key: { aggregate: "command", id: deviceId },
  event,
});

type OfCommand = { readonly generationId?: string; readonly expiresAt?: string };

export function commandEnqueued(
  deviceId: string,
  sequenceNumber: number,
  { generationId = "1", expiresAt = timeOf(3600) }: OfCommand = {},
): Fact {
  const data = { generationId, sequenceNumber, messageId: `m${sequenceNumber}`, at: dawn, ack: "full" } as const;
  const content = { to: `/devices/${deviceId}/messages/devicebound`, expiresAt, properties: { a: "b" }, body: "aGk=" };
  return commandFact(deviceId, { type: "CommandEnqueued", data: { ...data, ...content } });
}

export function commandDelivered(
  deviceId: string,
  sequenceNumber: number,
  { generationId = "1" }: OfCommand = {},
): Fact {
  const data = { generationId, sequenceNumber, messageId: `m${sequenceNumber}`, at: dawn };
  const lock = {
    lockToken: `t${sequenceNumber}`,
    lockedUntil: timeOf(60),
    connectionId: "c1",
    protocol: "mqtt",
  } as const;
  return commandFact(deviceId, { type: "CommandDelivered", data: { ...data, ...lock } });
}

export function commandCompleted(
  deviceId: string,
  sequenceNumber: number,
  { generationId = "1" }: OfCommand = {},
): Fact {
  const data = { generationId, sequenceNumber, messageId: `m${sequenceNumber}`, at: dawn, ack: "full" } as const;
  return commandFact(deviceId, { type: "CommandCompleted", data });
}

const uploadFact = (deviceId: string, event: FileUploadEvent): Fact => ({
  key: { aggregate: "upload", id: deviceId },
  event,
});

const uploadOf = (deviceId: string, number: number, generationId: string) => ({
  generationId,
  correlationId: `u${number}`,
  blobName: `${deviceId}/file-${number}`,
  at: dawn,
});

export function uploadStarted(
  deviceId: string,
  number: number,
  { generationId = "1", expiresAt = timeOf(3600) }: OfCommand = {},
): Fact {
  const data = { ...uploadOf(deviceId, number, generationId), containerName: "uploads", expiresAt };
  return uploadFact(deviceId, { type: "FileUploadStarted", data });
}

export function uploadCompleted(deviceId: string, number: number, { generationId = "1" }: OfCommand = {}): Fact {
  const upload = uploadOf(deviceId, number, generationId);
  const blobUri = `https://account.blob.test/uploads/${upload.blobName}`;
  const blob = { blobUri, blobSizeInBytes: number, lastUpdatedTime: dawn };
  const data = { ...upload, isSuccess: true, statusCode: 201, statusDescription: null, blob };
  return uploadFact(deviceId, { type: "FileUploadCompleted", data });
}

export const uploadExpired = (deviceId: string, number: number, generationId = "1"): Fact =>
  uploadFact(deviceId, { type: "FileUploadExpired", data: uploadOf(deviceId, number, generationId) });

const groupsKey: AggregateKey = { aggregate: "hub", id: "consumer-groups" };

export const groupCreated = (name: string, etag = "MQ=="): Fact => ({
  key: groupsKey,
  event: { type: "ConsumerGroupCreated", data: { name, etag, at: dawn } },
});

export const groupDeleted = (name: string): Fact => ({
  key: groupsKey,
  event: { type: "ConsumerGroupDeleted", data: { name, at: dawn } },
});

export const policiesSet = (policies: readonly SharedAccessPolicy[]): Fact => ({
  key: { aggregate: "hub", id: "access" },
  event: { type: "SharedAccessPoliciesSet", data: { policies, at: dawn } },
});
