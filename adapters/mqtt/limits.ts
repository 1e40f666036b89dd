/** What one listener grants the peers it does not trust. */
export type MqttLimits = {
  /** From accept to a whole CONNECT packet, in milliseconds. */
  readonly connectDeadlineMs: number;
  /** Connections that have not proved who they are; beyond it new ones are closed at once. */
  readonly maxHalfOpen: number;
  /** Bytes that wait for a device to read them; beyond it the connection is closed. */
  readonly maxOutboundBytes: number;
  /** Twin requests of one connection that wait for their answer; at it the connection is read no further. */
  readonly maxTwinRequests: number;
  /** From the hub's end of a connection to the end of its socket, when the device does not close its side, in milliseconds. */
  readonly lingerMs: number;
};

/**
 * The deadline for CONNECT is what IoT Hub states for its MQTT 5 preview; for 3.1.1 it is unconfirmed (spec/mqtt 1). The
 * other values are this hub's own.
 */
export const defaultLimits: MqttLimits = {
  connectDeadlineMs: 30_000,
  maxHalfOpen: 1_000,
  maxOutboundBytes: 1_048_576,
  maxTwinRequests: 16,
  lingerMs: 5_000,
};
