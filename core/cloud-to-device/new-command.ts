import { utf8Length } from "../device-to-cloud/size.ts";
import { HubError } from "../hub-error.ts";
import { type Ack, acks, type CommandMessage } from "./command-event.ts";
import { defaultTtlMs, maxC2dBytes, maxTtlMs } from "./limits.ts";

/** A cloud-to-device message as a back end sent it, in the words of no protocol. */
export type CommandInput = {
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  /** `none`, `positive`, `negative` or `full` in any case; none when absent. */
  readonly ack?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Milliseconds since 1970, NaN for what is no time; an hour from now when absent. */
  readonly expiryMs?: number;
  readonly properties: ReadonlyMap<string, string>;
  /** base64. */
  readonly body: string;
};

/** What the hub adds to a message. */
export type CommandMeta = {
  readonly deviceId: string;
  readonly nowMs: number;
  readonly isoTime: (ms: number) => string;
  /** The id of a message whose sender gave it none. */
  readonly newMessageId: () => string;
};

/** spec/messaging 1.2. */
const idPattern = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/;
const namePattern = /^[A-Za-z0-9!#$%&'*+\-.^_|~`]+$/;
const control = /\p{Cc}/u;

/** What the expiry counts towards the size (spec/messaging 1.1). */
const expiryBytes = 8;

/**
 * Checks a message and makes what is kept of it. A message without an id gets one, so that its state can be asked for and
 * feedback names it; whether IoT Hub does so is unconfirmed.
 *
 * Throws HubError `ArgumentInvalid` for an id, a kind of feedback or a property that may not be, `InvalidMessageExpiryTime`
 * and `MessageTooLarge`.
 */
export function newCommand(input: CommandInput, meta: CommandMeta): CommandMessage {
  const { messageId, correlationId, userId, contentType, contentEncoding, properties, body } = input;
  if (messageId !== undefined && !idPattern.test(messageId)) throw new HubError("ArgumentInvalid", idRule);
  for (const text of [correlationId, userId, contentType, contentEncoding]) {
    if (text !== undefined && control.test(text)) throw new HubError("ArgumentInvalid", controlRule);
  }
  checkProperties(properties);
  const ack = ackOf(input.ack);
  checkSize(input);
  return {
    messageId: messageId ?? meta.newMessageId(),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(userId === undefined ? {} : { userId }),
    to: devicebound(meta.deviceId),
    ack,
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    expiresAt: expiryOf(input.expiryMs, meta),
    // `fromEntries` makes every name a member, `__proto__` too.
    properties: Object.fromEntries(properties),
    body,
  };
}

/** The address of a device's queue (spec/messaging 6.1). */
const devicebound = (deviceId: string): string => `/devices/${encodeURIComponent(deviceId)}/messages/devicebound`;

const idRule = "A message id has 1 to 128 letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '";
const controlRule = "A property of a message may not hold control characters";

/**
 * Names are held to the documented set, which every protocol can carry. Values are not: the docs themselves show a space in
 * one (spec/messaging 1.2); only control characters, which no header of HTTP takes, are refused. A name that begins like
 * MQTT's system properties would be taken for one there, and `iothub-ack` for the kind of feedback.
 */
function checkProperties(properties: ReadonlyMap<string, string>): void {
  for (const [name, value] of properties) {
    if (!namePattern.test(name) || name.startsWith("$.") || name.toLowerCase() === "iothub-ack") {
      const rule =
        "has letters, digits and ! # $ % & ' * + - . ^ _ | ~ ` and does not begin with $. nor is it iothub-ack";
      throw new HubError("ArgumentInvalid", `The name of an application property ${rule}`);
    }
    if (control.test(value)) throw new HubError("ArgumentInvalid", controlRule);
  }
}

function ackOf(text: string | undefined): Ack {
  if (text === undefined) return "none";
  const ack = acks.find((one) => one === text.toLowerCase());
  if (ack === undefined) throw new HubError("ArgumentInvalid", `iothub-ack must be one of ${acks.join(", ")}`);
  return ack;
}

/** What exactly IoT Hub refuses is unconfirmed: here it is no time at all, one that is past, or beyond two days. */
function expiryOf(expiryMs: number | undefined, { nowMs, isoTime }: CommandMeta): string {
  if (expiryMs === undefined) return isoTime(nowMs + defaultTtlMs);
  if (expiryMs > nowMs && expiryMs <= nowMs + maxTtlMs) return isoTime(expiryMs);
  throw new HubError("InvalidMessageExpiryTime", "A message must expire in the future, and within two days");
}

/** Body, values of system properties, names and values of application properties, in bytes (spec/messaging 1.1). */
function checkSize(input: CommandInput): void {
  const { messageId, correlationId, userId, ack, contentType, contentEncoding, expiryMs, properties, body } = input;
  let sizeBytes = decodedLength(body) + (expiryMs === undefined ? 0 : expiryBytes);
  for (const text of [messageId, correlationId, userId, ack, contentType, contentEncoding]) {
    if (text !== undefined) sizeBytes += utf8Length(text);
  }
  for (const [name, value] of properties) sizeBytes += utf8Length(name) + utf8Length(value);
  if (sizeBytes <= maxC2dBytes) return;
  const text = `Message size ${sizeBytes} exceeds the limit of ${maxC2dBytes} bytes`;
  throw new HubError("MessageTooLarge", text, { sizeBytes });
}

/** The bytes that padded base64 stands for. */
const decodedLength = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : Number(base64.endsWith("=")));
