/**
 * The system properties a device may set on telemetry, by their canonical names (IoT Hub docs: create and read messages).
 * Each adapter maps its protocol's names onto these.
 */
export const d2cSystemProperties = [
  "message-id",
  "correlation-id",
  "user-id",
  "to",
  "absolute-expiry-time",
  "content-type",
  "content-encoding",
  "iothub-interface-id",
  "dt-subject",
] as const;

/** One of the system properties a device may set. */
export type D2cSystemProperty = (typeof d2cSystemProperties)[number];

/** The properties of a telemetry message. Application property names are the device's own, so they live in a Map. */
export type MessageProperties = {
  readonly system: Readonly<Partial<Record<D2cSystemProperty, string>>>;
  readonly application: ReadonlyMap<string, string>;
};

/** One telemetry message: the device's bytes, untouched, and its properties. */
export type D2cMessage = { readonly properties: MessageProperties; readonly body: Uint8Array };

/**
 * What the hub itself stamps on every message of one connection, so that a device cannot pretend to be another.
 * `authMethod` is the compact JSON text of `iothub-connection-auth-method`.
 */
export type TelemetryStamp = {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly generationId: string;
  readonly authMethod: string;
  readonly modelId?: string;
  readonly connectionId: string;
};

/** 256 KiB: the largest message and the largest batch (IoT Hub docs: quotas). */
export const maxD2cBytes = 262_144;
