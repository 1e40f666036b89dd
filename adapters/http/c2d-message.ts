import type { OutgoingHttpHeaders } from "node:http";
import type { CommandMessage } from "../../core/cloud-to-device/command-event.ts";
import type { ReceivedCommand } from "../../core/cloud-to-device/commands.ts";
import type { CommandInput } from "../../core/cloud-to-device/new-command.ts";
import { d2cProperties, headerPairs } from "./d2c-properties.ts";

/**
 * The headers of a message that a device receives (spec/http-api 9.2). Their case is part of them: one SDK compares names
 * letter by letter.
 */
export function commandHeaders(command: ReceivedCommand): OutgoingHttpHeaders {
  const { lockToken, sequenceNumber, deliveryCount, enqueuedTime } = command;
  const headers: OutgoingHttpHeaders = {
    ETag: `"${lockToken}"`,
    "iothub-sequencenumber": String(sequenceNumber),
    "iothub-deliverycount": String(deliveryCount),
    "iothub-enqueuedtime": usTime(enqueuedTime),
    "iothub-expiry": usTime(command.expiresAt),
    ...contentHeaders(command),
  };
  for (const [name, value] of Object.entries(command.properties)) headers[`iothub-app-${name}`] = latin1(value);
  return headers;
}

function contentHeaders(command: CommandMessage): OutgoingHttpHeaders {
  const { messageId, correlationId, userId, to, ack, contentType, contentEncoding } = command;
  return {
    "iothub-messageid": messageId,
    ...(correlationId === undefined ? {} : { "iothub-correlationid": latin1(correlationId) }),
    ...(userId === undefined ? {} : { "iothub-userid": latin1(userId) }),
    "iothub-to": to,
    "iothub-ack": ack,
    ...(contentType === undefined ? {} : { ContentType: latin1(contentType) }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: latin1(contentEncoding) }),
  };
}

/** Node writes header characters as bytes: UTF-8 goes out as the bytes that it is. */
const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** `MM/dd/yyyy hh:mm:ss AM`, UTC, as the Azure CLI's tests show it; the service's own format is unconfirmed. */
function usTime(time: string): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [two(date.getUTCMonth() + 1), two(date.getUTCDate()), date.getUTCFullYear()].join("/");
  const hours = date.getUTCHours();
  const clock = [two(hours % 12 || 12), two(date.getUTCMinutes()), two(date.getUTCSeconds())].join(":");
  return `${day} ${clock} ${hours < 12 ? "AM" : "PM"}`;
}

/**
 * Reads a message that a back end sends to a device, whose properties travel as headers like those of telemetry. `rawHeaders`
 * is as Node has it. An expiry that is no time is left to core to refuse.
 */
export function commandIn(rawHeaders: readonly string[], body: Uint8Array): CommandInput {
  const { system, application } = d2cProperties(headerPairs(rawHeaders));
  const ack = [...headerPairs(rawHeaders)].findLast(([name]) => name.toLowerCase() === "iothub-ack")?.[1];
  const texts = {
    messageId: system["message-id"],
    correlationId: system["correlation-id"],
    userId: system["user-id"],
    contentType: system["content-type"],
    contentEncoding: system["content-encoding"],
    ack,
  };
  const expiry = system["absolute-expiry-time"];
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
    ...(expiry === undefined ? {} : { expiryMs: Date.parse(expiry) }),
    properties: application,
    body: Buffer.from(body).toString("base64"),
  };
}
