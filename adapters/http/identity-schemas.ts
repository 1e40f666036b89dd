import Type, { type Static } from "typebox";
import { Count, FreeObject, TextOrNull } from "./schemas.ts";

const literals = <const Values extends readonly string[]>(...values: Values) => Type.Enum([...values]);

const readOnly = { readOnly: true } as const;
const Time = Type.String({ ...readOnly, description: "ISO 8601, UTC; the year 1 means never" });
const ConnectionState = literals("Connected", "Disconnected");

/** How an identity proves itself. */
export const Authentication = Type.Object(
  {
    symmetricKey: Type.Object(
      { primaryKey: TextOrNull, secondaryKey: TextOrNull },
      { description: "base64 of 16 to 64 bytes each; both empty: the hub makes them" },
    ),
    x509Thumbprint: Type.Object({ primaryThumbprint: TextOrNull, secondaryThumbprint: TextOrNull }),
    type: literals("sas", "selfSigned", "certificateAuthority", "none"),
  },
  { $id: "Authentication" },
);
export type Authentication = Static<typeof Authentication>;

/** A device identity, in the order the service sends it (spec/http-api 2.1). */
export const Device = Type.Object(
  {
    deviceId: Type.String(),
    generationId: Type.String(readOnly),
    etag: Type.String(readOnly),
    connectionState: ConnectionState,
    status: literals("enabled", "disabled"),
    statusReason: TextOrNull,
    connectionStateUpdatedTime: Time,
    statusUpdatedTime: Time,
    lastActivityTime: Time,
    cloudToDeviceMessageCount: Count,
    authentication: Authentication,
    capabilities: Type.Object({ iotEdge: Type.Boolean() }),
    deviceScope: Type.Optional(Type.String()),
    parentScopes: Type.Optional(Type.Array(Type.String())),
  },
  { $id: "Device" },
);
export type Device = Static<typeof Device>;

/** What counts of a device that is written; the rest of a whole device may be there and is ignored. */
export const DeviceWrite = Type.Object(
  {
    status: Type.Optional(Device.properties.status),
    statusReason: Type.Optional(TextOrNull),
    authentication: Type.Optional(Authentication),
    capabilities: Type.Optional(Device.properties.capabilities),
    deviceScope: Device.properties.deviceScope,
    parentScopes: Device.properties.parentScopes,
  },
  { $id: "DeviceWrite" },
);

/** A module identity, in the order the service sends it (spec/http-api 2.3). */
export const Module = Type.Object(
  {
    moduleId: Type.String(),
    managedBy: TextOrNull,
    deviceId: Type.String(),
    generationId: Type.String(readOnly),
    etag: Type.String(readOnly),
    connectionState: ConnectionState,
    connectionStateUpdatedTime: Time,
    lastActivityTime: Time,
    cloudToDeviceMessageCount: Count,
    authentication: Authentication,
  },
  { $id: "Module" },
);
export type Module = Static<typeof Module>;

/** What counts of a module that is written. */
export const ModuleWrite = Type.Object(
  { managedBy: Type.Optional(TextOrNull), authentication: Type.Optional(Authentication) },
  { $id: "ModuleWrite" },
);

/** One entry of a bulk call (spec/http-api 2.4). */
export const BulkEntry = Type.Object(
  {
    id: Type.String(),
    moduleId: Type.Optional(Type.String()),
    importMode: Type.String({
      description:
        "create, update, updateIfMatchETag, createOrUpdate, createOrUpdateIfMatchETag, delete, deleteIfMatchETag, updateTwin, updateTwinIfMatchETag",
    }),
    eTag: Type.Optional(Type.String()),
    twinETag: Type.Optional(Type.String()),
    status: Type.Optional(Type.String()),
    statusReason: Type.Optional(TextOrNull),
    authentication: Type.Optional(Authentication),
    capabilities: Type.Optional(Type.Object({ iotEdge: Type.Boolean() })),
    deviceScope: Type.Optional(Type.String()),
    parentScopes: Type.Optional(Type.Array(Type.String())),
    managedBy: Type.Optional(TextOrNull),
    tags: Type.Optional(FreeObject),
    properties: Type.Optional(Type.Object({ desired: Type.Optional(FreeObject) })),
  },
  { $id: "BulkEntry" },
);

const BulkFailure = Type.Object({
  deviceId: Type.String(),
  moduleId: Type.Optional(Type.String()),
  errorCode: Type.Integer(),
  errorStatus: Type.String(),
  operation: Type.String(),
});

/** What a bulk call did (spec/http-api 2.4). */
export const BulkResult = Type.Object(
  {
    isSuccessful: Type.Boolean(),
    errors: Type.Array(BulkFailure),
    warnings: Type.Array(
      Type.Object({ deviceId: Type.String(), warningCode: Type.String(), warningStatus: Type.String() }),
    ),
  },
  { $id: "BulkResult" },
);

/** What a regeneration of keys did (spec/identity-and-security 1.3). */
export const RegenerateResult = Type.Object(
  {
    policyKey: Type.String(),
    rotatedKeys: Type.Array(
      Type.Object({
        id: Type.String(),
        moduleId: Type.Optional(Type.String()),
        primaryKey: Type.String(),
        secondaryKey: Type.String(),
      }),
    ),
    errors: Type.Array(BulkFailure),
  },
  { $id: "RegenerateResult" },
);
