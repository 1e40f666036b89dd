import type { CommandMessage } from "../../core/cloud-to-device/command-event.ts";

/** How far a topic may go ([MQTT-1.5.3], a length of two bytes). */
const maxTopicBytes = 65_535;

/**
 * The topic of a cloud-to-device message: `devices/{d}/messages/devicebound/` and its properties (spec/mqtt 7). System
 * properties stand under names that begin with `%24.`, which one SDK looks for by that text, and are always there; no value
 * holds a `/`, at which all SDKs split. `iothub-ack` is there when feedback was asked for: it reaches applications as a
 * property, and `none` would tell them nothing. Undefined for properties that make it longer than a topic may be.
 */
export function commandTopic(deviceId: string, message: CommandMessage): string | undefined {
  const { messageId, correlationId, userId, to, expiresAt, contentType, contentEncoding, ack, properties } = message;
  const system = [
    ["mid", messageId],
    ["cid", correlationId],
    ["uid", userId],
    ["to", to],
    ["exp", roundTrip(expiresAt)],
    ["ct", contentType],
    ["ce", contentEncoding],
  ] as const;
  const pairs = system.flatMap(([name, value]) => (value === undefined ? [] : [`%24.${name}=${encoded(value)}`]));
  if (ack !== "none") pairs.push(`iothub-ack=${ack}`);
  for (const [name, value] of Object.entries(properties)) pairs.push(`${encoded(name)}=${encoded(value)}`);
  const topic = `devices/${deviceId}/messages/devicebound/${pairs.join("&")}`;
  // All of it but the device id is ASCII by now.
  return Buffer.byteLength(topic) > maxTopicBytes ? undefined : topic;
}

/** Seven digits of a second, as the .NET SDK reads it and no other way (spec/mqtt 7). */
const roundTrip = (time: string): string => time.replace("Z", "0000Z");

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());
