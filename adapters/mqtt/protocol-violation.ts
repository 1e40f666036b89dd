/**
 * What a device sent is against MQTT 3.1.1 or the topics of IoT Hub: its connection ends. The text is logged, so it never
 * holds what the device sent.
 */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
}
