/** CONNACK that lets the device in. */
export const accepted = (sessionPresent: boolean): Buffer => Buffer.of(0x20, 2, sessionPresent ? 1 : 0, 0);

const refused = (returnCode: number): Buffer => Buffer.of(0x20, 2, 0, returnCode);

/**
 * CONNACKs that don't (MQTT 3.1.1 table 3.1). IoT Hub answers 5 for every failed authentication (spec/mqtt 2). A client of
 * MQTT 5 can't read the older form, so it gets reason 0x84, Unsupported Protocol Version, in its own.
 */
export const refusal = {
  unacceptableProtocolLevel: refused(1),
  identifierRejected: refused(2),
  serverUnavailable: refused(3),
  notAuthorized: refused(5),
  version5: Buffer.of(0x20, 3, 0, 0x84, 0),
} as const;

/** A CONNECT that gets a CONNACK and no connection. The text is logged: it holds nothing of what the device sent. */
export class ConnectRefused extends Error {
  override readonly name = "ConnectRefused";
  readonly connack: Buffer;

  constructor(why: keyof typeof refusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.connack = refusal[why];
  }
}
