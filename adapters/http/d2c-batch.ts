import type { D2cMessage } from "../../core/device-to-cloud/message.ts";
import { HubError } from "../../core/hub-error.ts";
import { anyMember, booleanMember, membersOf } from "../../core/identity/members.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { d2cProperties } from "./d2c-properties.ts";
import { parseJson } from "./json-text.ts";

/** IoT Hub docs: quotas. */
const maxMessages = 500;

const batchMediaType = /^\s*application\/vnd\.microsoft\.iothub\.json\s*(?:;|$)/i;

/** Whether a body is a batch of messages rather than one. */
export const isBatch = (contentType: string | undefined): boolean => batchMediaType.test(contentType ?? "");

/**
 * Reads a batch: a JSON array of `{body, base64Encoded, properties}` (spec/http-api 9.1). Throws HubError
 * `IotHubFormatError` or `ArgumentInvalid` when it is none, `MessageTooLarge` when it holds more than 500 messages.
 */
export function parseBatch(bytes: Uint8Array): readonly D2cMessage[] {
  const batch = parseJson(bytes);
  if (!Array.isArray(batch)) throw new HubError("IotHubFormatError", "A batch must be a JSON array");
  if (batch.length > maxMessages) {
    throw new HubError("MessageTooLarge", `A batch may hold ${maxMessages} messages at most`, { count: batch.length });
  }
  return batch.map((entry: Json) => messageOf(entry));
}

function messageOf(entry: Json): D2cMessage {
  if (!isJsonObject(entry)) throw invalid("Every message of a batch must be a JSON object");
  const members = membersOf(entry);
  const body = anyMember(members, "body");
  if (typeof body !== "string") throw invalid("The body of a message in a batch must be a text");
  const base64Encoded = booleanMember(members, "base64Encoded") ?? true;
  return {
    properties: d2cProperties(pairsOf(anyMember(members, "properties") ?? {})),
    body: base64Encoded ? base64Bytes(body) : Buffer.from(body, "utf8"),
  };
}

/** Node's decoder skips what is not base64; a device that forgot `base64Encoded` should hear of it. */
function base64Bytes(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalid("The body of a message in a batch must be base64");
  return Buffer.from(text, "base64");
}

/** Whether other values than texts may stand in a batch is unconfirmed: a number or a boolean is taken as its text. */
function pairsOf(properties: Json): (readonly [string, string])[] {
  if (!isJsonObject(properties)) throw invalid("The properties of a message must be a JSON object");
  return Object.entries(properties).map(([name, value]) => {
    if (typeof value === "object") throw invalid("The value of a message property must be a text");
    return [name, String(value)];
  });
}

const invalid = (text: string) => new HubError("ArgumentInvalid", text);
