import Type from "typebox";
import { Count, FreeObject, TextOrNull } from "./schemas.ts";

const readOnly = { readOnly: true } as const;

const Properties = Type.Object({ $version: Type.Integer(), $metadata: FreeObject }, { additionalProperties: true });

/** A twin (spec/http-api 3.2). */
export const Twin = Type.Object(
  {
    deviceId: Type.String(),
    moduleId: Type.Optional(Type.String()),
    etag: Type.String(readOnly),
    deviceEtag: Type.String(readOnly),
    status: Type.Optional(Type.String(readOnly)),
    statusReason: Type.Optional(TextOrNull),
    statusUpdateTime: Type.Optional(Type.String(readOnly)),
    connectionState: Type.String(readOnly),
    lastActivityTime: Type.String(readOnly),
    cloudToDeviceMessageCount: Count,
    authenticationType: Type.String(readOnly),
    x509Thumbprint: Type.Object({ primaryThumbprint: TextOrNull, secondaryThumbprint: TextOrNull }),
    modelId: Type.Optional(Type.String(readOnly)),
    version: Type.Integer(readOnly),
    tags: Type.Optional(FreeObject),
    properties: Type.Object({ desired: Properties, reported: Properties }),
    configurations: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({ status: Type.String({ description: "`Targeted` or `Applied`" }) }),
        readOnly,
      ),
    ),
    capabilities: Type.Optional(Type.Object({ iotEdge: Type.Boolean() })),
    deviceScope: Type.Optional(Type.String()),
    parentScopes: Type.Optional(Type.Array(Type.String())),
    asOf: Type.Optional(
      Type.Object(
        { sequence: Type.Integer(), time: Type.String() },
        { ...readOnly, description: "of a twin as it was: the last event that is in it" },
      ),
    ),
  },
  { $id: "Twin" },
);

/** What counts of a twin that is written; the rest of a whole twin may be there and is ignored. */
export const TwinWrite = Type.Object(
  { tags: Type.Optional(FreeObject), properties: Type.Optional(Type.Object({ desired: Type.Optional(FreeObject) })) },
  { $id: "TwinWrite" },
);
