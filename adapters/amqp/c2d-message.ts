import rhea, { type Message } from "rhea";
import { decodedOr } from "../../core/access/audience.ts";
import type { ReceivedCommand } from "../../core/cloud-to-device/commands.ts";
import type { CommandInput } from "../../core/cloud-to-device/new-command.ts";
import { HubError } from "../../core/hub-error.ts";
import { requireBytes } from "./message-body.ts";
import { propertyText } from "./property-text.ts";

const ackProperty = "iothub-ack";

/**
 * A cloud-to-device message as a device gets it (spec/amqp 6). `iothub-ack` is there when feedback was asked for: it reaches
 * applications as a property, and `none` would tell them nothing. The types of the annotations are those that the .NET SDK
 * needs.
 */
export function deviceMessage(command: ReceivedCommand): Message {
  const { messageId, correlationId, userId, to, ack, contentType, contentEncoding, expiresAt, properties } = command;
  const { lockToken, sequenceNumber, enqueuedTime, deliveryCount, body } = command;
  const { types } = rhea;
  const isAsked = ack !== "none";
  return {
    message_id: messageId,
    to,
    absolute_expiry_time: new Date(expiresAt),
    ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
    ...(userId === undefined ? {} : { user_id: Buffer.from(userId) as unknown as string }),
    ...(contentType === undefined ? {} : { content_type: contentType }),
    ...(contentEncoding === undefined ? {} : { content_encoding: contentEncoding }),
    ...(isAsked || Object.keys(properties).length > 0
      ? { application_properties: { ...properties, ...(isAsked ? { [ackProperty]: ack } : {}) } }
      : {}),
    message_annotations: {
      "x-opt-sequence-number": types.wrap_ulong(sequenceNumber) as unknown,
      "x-opt-lock-token": lockToken,
      "iothub-enqueuedtime": types.wrap_timestamp(Date.parse(enqueuedTime)),
      "iothub-deliverycount": types.wrap_ubyte(deliveryCount),
    },
    body: rhea.message.data_section(Buffer.from(body, "base64")) as unknown,
  };
}

/**
 * Reads a message that a back end sends to a device (spec/amqp 8). Throws HubError `ArgumentInvalid` for one that does not
 * tell its device, has a body of another kind than bytes, or a property that is no text.
 */
export function commandIn(message: Message): { readonly deviceId: string; readonly message: CommandInput } {
  const {
    message_id: messageId,
    correlation_id: correlationId,
    user_id: userId,
    absolute_expiry_time: expiry,
  } = message;
  const texts = {
    messageId: textOf(messageId, "message-id"),
    correlationId: textOf(correlationId, "correlation-id"),
    userId: textOf(userId, "user-id"),
    contentType: textOf(message.content_type, "content-type"),
    contentEncoding: textOf(message.content_encoding, "content-encoding"),
  };
  const properties = new Map<string, string>();
  for (const [name, value] of Object.entries(message.application_properties ?? {})) {
    properties.set(name, propertyText(value, "application property"));
  }
  const ack = properties.get(ackProperty);
  properties.delete(ackProperty);
  const input: CommandInput = {
    ...withoutAbsent(texts),
    ...(ack === undefined ? {} : { ack }),
    ...(expiry === undefined || expiry === null ? {} : { expiryMs: timeOf(expiry) }),
    properties,
    body: requireBytes(message.body).toString("base64"),
  };
  return { deviceId: deviceIn(message.to), message: input };
}

/** `/devices/{encoded id}/messages/devicebound`; keywords count in any case (spec/messaging 6.1). */
function deviceIn(to: unknown): string {
  const found = typeof to === "string" && to.length <= maxAddressLength ? devicebound.exec(to) : null;
  const id = found?.[1];
  if (id === undefined) {
    throw new HubError("ArgumentInvalid", "A message's 'to' must be /devices/<device id>/messages/devicebound");
  }
  return decodedOr(id);
}

const maxAddressLength = 1_024;
const devicebound = /^\/devices\/([^/]+)\/messages\/devicebound$/i;

/** An id that is empty or null counts as none: the Node SDK leaves it so where it is not set. */
function textOf(value: unknown, property: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  return propertyText(value, property) || undefined;
}

/** rhea makes a Date of a timestamp. */
const timeOf = (value: unknown): number => (value instanceof Date ? value.getTime() : Number.NaN);

type Texts = Pick<CommandInput, "messageId" | "correlationId" | "userId" | "contentType" | "contentEncoding">;

/** Members that are undefined left out. */
const withoutAbsent = (texts: { readonly [name in keyof Texts]: string | undefined }): Texts =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
