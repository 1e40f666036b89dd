import { type ConnectionState, neverConnected } from "../../core/connection/connection.ts";
import type { Authentication } from "../../core/identity/authentication.ts";
import type { DeviceView, ModuleView } from "../../core/identity/views.ts";
import type * as Wire from "./identity-schemas.ts";

/** The service writes a time that never came without `Z` where it answers a write, and with it elsewhere (spec/http-api 2.1). */
export type DocumentUse = "written" | "read";

const never = { written: "0001-01-01T00:00:00", read: "0001-01-01T00:00:00Z" } as const;

/** A device as the registry shows it (spec/http-api 2.1), its members in the service's order. */
export function deviceDocument(view: DeviceView, use: DocumentUse): Wire.Device {
  const { deviceId, generationId, etag, fields, statusUpdatedTime } = view.device;
  const { status, statusReason, capabilities, deviceScope, parentScopes } = fields;
  const connection = connectionOf(view, generationId);
  return {
    deviceId,
    generationId,
    etag,
    connectionState: connection.connected ? "Connected" : "Disconnected",
    status,
    statusReason,
    connectionStateUpdatedTime: connection.connectionStateUpdatedTime ?? never[use],
    statusUpdatedTime: statusUpdatedTime ?? never[use],
    lastActivityTime: connection.lastActivityTime ?? never[use],
    cloudToDeviceMessageCount: view.cloudToDeviceMessageCount,
    authentication: authenticationDocument(fields.authentication),
    capabilities: { iotEdge: capabilities.iotEdge },
    // Whether the service sends null here or leaves it out is unconfirmed; clients take both.
    ...(deviceScope !== null && { deviceScope }),
    // Absent on a leaf without parent, empty on an IoT Edge device without one (spec/identity-and-security 1.6).
    ...((capabilities.iotEdge || parentScopes.length > 0) && { parentScopes: [...parentScopes] }),
  };
}

/** A module as the registry shows it (spec/http-api 2.3), its members in the service's order. */
export function moduleDocument(view: ModuleView, use: DocumentUse): Wire.Module {
  const { deviceId, moduleId, generationId, etag, fields } = view.module;
  const connection = connectionOf(view, generationId);
  return {
    moduleId,
    managedBy: fields.managedBy,
    deviceId,
    generationId,
    etag,
    connectionState: connection.connected ? "Connected" : "Disconnected",
    connectionStateUpdatedTime: connection.connectionStateUpdatedTime ?? never[use],
    lastActivityTime: connection.lastActivityTime ?? never[use],
    cloudToDeviceMessageCount: view.cloudToDeviceMessageCount,
    authentication: authenticationDocument(fields.authentication),
  };
}

/** What a deleted identity's connection left behind tells nothing of the one that has its id now. */
function connectionOf({ connection }: { connection: ConnectionState }, generationId: string): ConnectionState {
  return connection.generationId === generationId ? connection : neverConnected;
}

function authenticationDocument({ symmetricKey, x509Thumbprint, type }: Authentication): Wire.Authentication {
  const { primaryKey, secondaryKey } = symmetricKey;
  const { primaryThumbprint, secondaryThumbprint } = x509Thumbprint;
  return {
    symmetricKey: { primaryKey, secondaryKey },
    x509Thumbprint: { primaryThumbprint, secondaryThumbprint },
    type,
  };
}
