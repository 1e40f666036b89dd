import { neverConnected } from "../connection/connection.ts";
import type { TwinView } from "../identity/views.ts";
import type { JsonObject } from "../json.ts";
import type { TwinSection } from "./twin.ts";

/** How IoT Hub writes a time that never came. */
const never = "0001-01-01T00:00:00Z";

/**
 * The twin as a back end sees it, its members in IoT Hub's order (spec/http-api 3.2). Tags are left out when empty, `modelId`
 * when none was announced, `statusReason` when there is none. Times are ISO 8601, UTC.
 */
export function twinDocument(view: TwinView): JsonObject {
  const { twin, device, module, cloudToDeviceMessageCount } = view;
  const identity = module ?? device;
  // What a deleted identity's connection left behind tells nothing of the one that has its id now.
  const connection = view.connection.generationId === identity.generationId ? view.connection : neverConnected;
  const { type, x509Thumbprint } = identity.fields.authentication;
  return {
    deviceId: device.deviceId,
    ...(module && { moduleId: module.moduleId }),
    etag: twin.etag,
    deviceEtag: identity.etag,
    ...(module ? moduleStatus : deviceStatus(view)),
    connectionState: connection.connected ? "Connected" : "Disconnected",
    lastActivityTime: connection.lastActivityTime ?? never,
    cloudToDeviceMessageCount,
    authenticationType: type,
    x509Thumbprint: { ...x509Thumbprint },
    ...(connection.modelId !== null && { modelId: connection.modelId }),
    version: twin.version,
    ...(Object.keys(twin.tags).length > 0 && { tags: twin.tags }),
    properties: { desired: sectionDocument(twin.desired), reported: sectionDocument(twin.reported) },
    ...(twin.configurations && { configurations: twin.configurations }),
    ...(module === undefined && deviceOnly(view)),
  };
}

/**
 * Both sections as a device sees them, without the metadata (spec/mqtt 8, spec/twins-methods-jobs 6; that IoT Hub sends no
 * `$metadata` to devices is unconfirmed, its documentation shows none).
 */
export const deviceProperties = ({ desired, reported }: Readonly<Record<"desired" | "reported", TwinSection>>) => ({
  desired: { ...desired.values, $version: desired.version },
  reported: { ...reported.values, $version: reported.version },
});

/** A section with its metadata and version, as back ends see it. */
export const sectionDocument = ({ values, metadata, version }: TwinSection): JsonObject => ({
  ...values,
  $metadata: metadata,
  $version: version,
});

/** A module cannot be disabled by itself: it has no status of its own (spec/twins-methods-jobs 8). */
const moduleStatus = { status: "enabled", statusUpdateTime: never } as const;

function deviceStatus({ device }: TwinView): JsonObject {
  const { status, statusReason } = device.fields;
  const statusUpdateTime = device.statusUpdatedTime ?? never;
  return { status, ...(statusReason !== null && { statusReason }), statusUpdateTime };
}

function deviceOnly({ device }: TwinView): JsonObject {
  const { capabilities, deviceScope, parentScopes } = device.fields;
  return {
    capabilities: { ...capabilities },
    ...(deviceScope !== null && { deviceScope }),
    ...(parentScopes.length > 0 && { parentScopes }),
  };
}
