import type { PendingCommand } from "../../core/cloud-to-device/command-queue.ts";
import { type ConnectionState, neverConnected } from "../../core/connection/connection.ts";
import type { LiveDevice } from "../../core/identity/device.ts";
import type { LiveModule } from "../../core/identity/module.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { twinDocument } from "../../core/twin/document.ts";
import { stampAll } from "../../core/twin/metadata.ts";
import type { TwinConfigurations, TwinSection } from "../../core/twin/twin.ts";
import { queueAccess } from "../../projections/command-queues.ts";
import { connectionAccess } from "../../projections/connections.ts";
import { deviceAccess } from "../../projections/devices.ts";
import { moduleAccess } from "../../projections/modules.ts";
import type { Store } from "../../projections/store.ts";
import { twinAccess } from "../../projections/twin-rows.ts";
import { dawn, deviceFields, sealedSas } from "./events.ts";

/** A device or module for tests of queries. What is left out was never set. */
export type FleetMember = {
  readonly deviceId: string;
  /** Makes it a module; its device needs not be there. */
  readonly moduleId?: string;
  readonly tags?: JsonObject;
  readonly desired?: JsonObject;
  readonly reported?: JsonObject;
  readonly status?: "enabled" | "disabled";
  readonly statusReason?: string;
  readonly statusUpdatedTime?: string;
  readonly iotEdge?: boolean;
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  readonly primaryThumbprint?: string;
  readonly connected?: boolean;
  readonly lastActivityTime?: string;
  readonly modelId?: string;
  /** The connection was that of an earlier identity of the same name. */
  readonly connectionIsStale?: boolean;
  readonly messages?: number;
  /** The status of each automatic configuration, by its id. */
  readonly configurations?: Readonly<Record<string, "Applied" | "Targeted">>;
};

const generationId = "7";

const configurationsOf = (statuses: NonNullable<FleetMember["configurations"]>): TwinConfigurations =>
  Object.fromEntries(Object.entries(statuses).map(([id, status]) => [id, { status }]));

/** Writes members into a store as the views do, in place of those that were there, and gives their twin documents. */
export function writeFleet(store: Store, members: readonly FleetMember[]): readonly JsonObject[] {
  let documents: readonly JsonObject[] = [];
  store.transaction(() => {
    documents = members.map((member) => write(store, member));
  });
  return documents;
}

/** Takes everything out of the store that `writeFleet` wrote. */
export function clearFleet(store: Store): void {
  for (const table of ["devices", "modules", "twins", "connections", "commandQueues"]) {
    store.prepare(`DELETE FROM ${table}`).run();
  }
}

function write(store: Store, member: FleetMember): JsonObject {
  const { deviceId, moduleId = "", messages = 0 } = member;
  const device = liveDevice(member);
  const module = moduleId === "" ? undefined : liveModule(deviceId, moduleId);
  const connection = connectionOf(member);
  const twin = {
    generationId,
    version: 3,
    etag: "AAAAAAAAAAE=",
    tags: copyOf(member.tags),
    desired: sectionOf(member.desired),
    reported: sectionOf(member.reported),
    ...(member.configurations && { configurations: configurationsOf(member.configurations) }),
  };
  deviceAccess(store).save(deviceId, "", { value: device, sequence: 1 }, undefined);
  if (module)
    moduleAccess(store).save(deviceId, moduleId, { value: module, sequence: 1, pendingTwin: null }, undefined);
  twinAccess(store).save(deviceId, moduleId, { value: twin, sequence: 1 }, undefined);
  if (connection !== neverConnected) connectionAccess(store).save(deviceId, moduleId, connection, undefined);
  const pending = Array.from({ length: messages }, (_, index) => pendingCommand(index + 1));
  const queue = { generationId, lastSequenceNumber: messages, pending };
  if (messages > 0) queueAccess(store).save(deviceId, "", { value: queue, sequence: 1 }, undefined);
  return twinDocument({ twin, device, ...(module && { module }), connection, cloudToDeviceMessageCount: messages });
}

const pendingCommand = (sequenceNumber: number): PendingCommand => ({
  sequenceNumber,
  messageId: String(sequenceNumber),
  ack: "none",
  enqueuedTime: dawn,
  expiresAt: dawn,
  deliveryCount: 0,
  lock: null,
  eventSequence: sequenceNumber,
});

/** As the views give it back: -0 is 0 there. */
const copyOf = (values: JsonObject = {}): JsonObject => JSON.parse(JSON.stringify(values)) as JsonObject;

function sectionOf(input: JsonObject = {}): TwinSection {
  const values = copyOf(input);
  return {
    values,
    metadata: stampAll(withoutNulls(values), { $lastUpdated: dawn }),
    version: Object.keys(values).length,
  };
}

/** A patch with a null would remove what the test wants kept. */
const withoutNulls = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).map(([key, value]): [string, Json] => [key, value ?? false]));

function liveDevice(member: FleetMember): LiveDevice {
  const { status = "enabled", statusReason = null, iotEdge = false, deviceScope = null, parentScopes = [] } = member;
  const { primaryThumbprint = null } = member;
  const authentication = { ...sealedSas, x509Thumbprint: { primaryThumbprint, secondaryThumbprint: null } };
  const fields = { status, statusReason, capabilities: { iotEdge }, deviceScope, parentScopes, authentication };
  const { deviceId, statusUpdatedTime = null } = member;
  return {
    status: "live",
    deviceId,
    generationId,
    etag: "MQ==",
    fields: deviceFields(fields),
    statusUpdatedTime,
    createdTime: dawn,
  };
}

const liveModule = (deviceId: string, moduleId: string): LiveModule => ({
  status: "live",
  deviceId,
  moduleId,
  deviceGenerationId: generationId,
  generationId,
  etag: "Mg==",
  fields: { managedBy: null, authentication: sealedSas },
  createdTime: dawn,
});

function connectionOf(member: FleetMember): ConnectionState {
  const { connected = false, lastActivityTime, modelId = null, connectionIsStale = false } = member;
  if (lastActivityTime === undefined) return neverConnected;
  return {
    ...neverConnected,
    generationId: connectionIsStale ? "6" : generationId,
    connected,
    connectionId: "c",
    nodeId: "node",
    protocol: "mqtt",
    modelId,
    connectionStateUpdatedTime: lastActivityTime,
    lastActivityTime,
  };
}
