import type { ReceivedCommand } from "../../core/cloud-to-device/commands.ts";

/** A message as a device's connection gets it from the hub; its lock token is a uuid that ends with its number. */
export const receivedCommand = (sequenceNumber: number, change: Partial<ReceivedCommand> = {}): ReceivedCommand => ({
  messageId: `m${sequenceNumber}`,
  to: "/devices/dev-1/messages/devicebound",
  ack: "none",
  expiresAt: "2026-01-02T03:04:05.678Z",
  properties: {},
  body: Buffer.from(`body ${sequenceNumber}`).toString("base64"),
  lockToken: lockTokenOf(sequenceNumber),
  sequenceNumber,
  enqueuedTime: "2026-01-01T00:00:00.000Z",
  deliveryCount: 0,
  redelivered: false,
  ...change,
});

/** The lock token that `receivedCommand` gives a message. */
export const lockTokenOf = (sequenceNumber: number): string =>
  `00112233-4455-4677-8899-${String(sequenceNumber).padStart(12, "0")}`;
