import { isUtf8 } from "node:buffer";
import { HubError } from "../../core/hub-error.ts";

const uuidBytes = 16;

/**
 * The text of a property as rhea gives it (spec/amqp 6). What IoT Hub makes of anything but a string is unconfirmed:
 * - a number or boolean has the text that JavaScript gives it, a timestamp is ISO 8601 in UTC;
 * - null is an empty text, as a property without a value is over MQTT;
 * - 16 bytes are a uuid, in lower case: Node's SDK sends every id that looks like one so, and rhea tells it from a binary
 *   by nothing else;
 * - other bytes are text where they are UTF-8, and base64 otherwise. rhea makes bytes of numbers above 2^53 too.
 *
 * Throws HubError `ArgumentInvalid`, which names the property, for lists, maps and times out of range.
 */
export function propertyText(value: unknown, property: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === null) return "";
  if (Buffer.isBuffer(value)) return textOf(value, property);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  throw new HubError("ArgumentInvalid", "A property of the message has no text", { property });
}

/** A user id is a binary by its type, so it is never a uuid. */
function textOf(bytes: Buffer, property: string): string {
  if (bytes.length === uuidBytes && property !== "user-id") {
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
  return isUtf8(bytes) ? bytes.toString("utf8") : bytes.toString("base64");
}
