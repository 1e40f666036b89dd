import rhea from "rhea";
import type { D2cMessage, D2cSystemProperty, MessageProperties } from "../../core/device-to-cloud/message.ts";
import { HubError } from "../../core/hub-error.ts";
import { AmqpCursor } from "./amqp-cursor.ts";
import { FrameViolation } from "./frame-violation.ts";
import { defaultLimits } from "./limits.ts";
import { requireBytes } from "./message-body.ts";
import { dataSection, passMessage, sectionAt } from "./message-sections.ts";
import { propertyText } from "./property-text.ts";

/** Fields of the properties section that are system properties, by rhea's names (spec/amqp 6). */
const systemFields = [
  ["message_id", "message-id"],
  ["correlation_id", "correlation-id"],
  ["user_id", "user-id"],
  ["to", "to"],
  ["absolute_expiry_time", "absolute-expiry-time"],
  ["content_type", "content-type"],
  ["content_encoding", "content-encoding"],
] as const satisfies readonly (readonly [field: string, property: D2cSystemProperty])[];

type Field = (typeof systemFields)[number][0] | "application_properties" | "message_annotations" | "body";

/** What counts of a message that rhea has decoded. */
type DecodedMessage = { readonly [field in Field]?: unknown };

/** Message annotations that are system properties. All others, which look like the hub's stamps, mean nothing. */
const systemAnnotations = ["iothub-interface-id", "dt-subject"] as const;

/** Message annotations that other protocols carry as application properties of the same name (spec/mqtt 6). */
const applicationAnnotations = ["Diagnostic-Id", "Correlation-Context"] as const;

/** As many as a batch over HTTPS may hold (IoT Hub docs: quotas); for AMQP the number is unconfirmed. */
const maxBatchMessages = 500;

/**
 * Reads a telemetry message as rhea has decoded it (spec/amqp 6). Its body is the data sections, joined, or a value that
 * is a text or binary. `like` is the properties of an earlier message of the link: they are returned themselves where
 * the new ones are equal, as what stores messages encodes properties once for each object.
 *
 * An application property is the device's own, even where it is called like one of the hub's stamps. The frame guard must
 * have seen the message, or `__proto__` in its maps would make them something else.
 *
 * Throws HubError `ArgumentInvalid` for a body of another kind, and for a property that has no text.
 */
export function d2cMessageOf(message: object, like?: MessageProperties): D2cMessage {
  const decoded: DecodedMessage = message;
  const properties = propertiesOf(decoded);
  const isLike = like !== undefined && areEqual(like, properties);
  return { properties: isLike ? like : properties, body: requireBytes(decoded.body) };
}

/**
 * Reads the messages of a batch, message-format 0x80013700: each of its data sections is an encoded message (spec/amqp
 * 6). Other sections of the batch, which the SDKs copy from its first message, mean nothing. Throws HubError
 * `ArgumentInvalid` when it is none, or one of its messages is none; `MessageTooLarge` for more than 500.
 */
export function batchedMessagesOf(bytes: Buffer): readonly D2cMessage[] {
  const encoded = encodedMessages(bytes);
  let like: MessageProperties | undefined;
  return encoded.map((one) => {
    const message = d2cMessageOf(rhea.message.decode(one), like);
    like = message.properties;
    return message;
  });
}

function propertiesOf(message: DecodedMessage): MessageProperties {
  const system: Partial<Record<D2cSystemProperty, string>> = {};
  for (const [field, property] of systemFields) {
    const value = message[field];
    if (value !== undefined) system[property] = propertyText(value, property);
  }
  const application = new Map<string, string>();
  for (const [name, value] of entriesOf(message.application_properties)) {
    if (name !== "") application.set(name, propertyText(value, "application property"));
  }
  const annotations = message.message_annotations;
  if (isRecord(annotations)) takeAnnotations(annotations, system, application);
  return { system, application };
}

function takeAnnotations(
  annotations: Readonly<Record<string, unknown>>,
  system: Partial<Record<D2cSystemProperty, string>>,
  application: Map<string, string>,
): void {
  for (const name of systemAnnotations) {
    if (Object.hasOwn(annotations, name)) system[name] = propertyText(annotations[name], name);
  }
  for (const name of applicationAnnotations) {
    const isNew = Object.hasOwn(annotations, name) && !application.has(name);
    if (isNew) application.set(name, propertyText(annotations[name], name));
  }
}

function encodedMessages(bytes: Buffer): readonly Buffer[] {
  try {
    const batch = new AmqpCursor();
    const inner = new AmqpCursor();
    const { maxDepth } = defaultLimits;
    batch.reset(bytes, 0, bytes.length);
    passMessage(batch, maxDepth);
    const messages = dataOf(batch);
    for (const one of messages) {
      inner.reset(one, 0, one.length);
      passMessage(inner, maxDepth);
    }
    return messages;
  } catch (cause) {
    if (!(cause instanceof FrameViolation)) throw cause;
    throw new HubError("ArgumentInvalid", "A batch must hold encoded messages in data sections", {}, { cause });
  }
}

/** The contents of the data sections; the sections have been checked. */
function dataOf(batch: AmqpCursor): readonly Buffer[] {
  const messages: Buffer[] = [];
  batch.reset(batch.bytes, 0, batch.bytes.length);
  while (batch.position < batch.end) {
    const section = sectionAt(batch);
    if (section !== dataSection) {
      batch.skip(defaultLimits.maxDepth);
      continue;
    }
    const length = batch.byte() === 0xa0 ? batch.byte() : batch.uint32();
    const { position } = batch;
    batch.advance(length);
    if (length > 0) messages.push(batch.bytes.subarray(position, batch.position));
    if (messages.length > maxBatchMessages) {
      const text = `A batch may hold ${maxBatchMessages} messages at most`;
      throw new HubError("MessageTooLarge", text, { count: messages.length });
    }
  }
  return messages;
}

function areEqual(a: MessageProperties, b: MessageProperties): boolean {
  if (a.application.size !== b.application.size) return false;
  for (const [name, value] of a.application) if (b.application.get(name) !== value) return false;
  for (const [, property] of systemFields) if (a.system[property] !== b.system[property]) return false;
  return systemAnnotations.every((name) => a.system[name] === b.system[name]);
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  isRecord(value) ? Object.entries(value) : [];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
