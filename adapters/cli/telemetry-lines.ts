import { isUtf8 } from "node:buffer";
import type { MessageProperties } from "../../core/device-to-cloud/message.ts";
import { printable } from "./output.ts";

/** What is shown of a telemetry message, wherever it was read. */
export type ShownMessage = {
  readonly stamp: { readonly deviceId: string; readonly moduleId?: string };
  readonly properties: MessageProperties;
  /** When the hub took it, ISO 8601. */
  readonly enqueuedTime: string;
  readonly body: Uint8Array;
};

/** A message as one line of JSON. */
export function telemetryAsJson(message: ShownMessage): string {
  const { stamp, enqueuedTime, properties } = message;
  return JSON.stringify({
    deviceId: stamp.deviceId,
    moduleId: stamp.moduleId,
    enqueuedTime,
    systemProperties: properties.system,
    applicationProperties: Object.fromEntries(properties.application),
    ...bodyOf(message),
  });
}

/** A message as one line of text: time, sender, properties, body. */
export function telemetryAsText(message: ShownMessage): string {
  const { stamp, enqueuedTime, properties } = message;
  const sender = stamp.moduleId === undefined ? stamp.deviceId : `${stamp.deviceId}/${stamp.moduleId}`;
  const named = [...Object.entries(properties.system), ...properties.application].map(
    ([name, value]) => `${name}=${value}`,
  );
  const content = bodyOf(message);
  const body = "base64" in content ? `base64 ${content.base64}` : textOf(content.body);
  return printable([enqueuedTime, sender, ...named, body].join(" "));
}

/** A body that is JSON is shown as JSON, other text as text, anything else as base64. */
function bodyOf({ body, properties }: ShownMessage): { body: unknown } | { base64: string } {
  if (!isUtf8(body)) return { base64: Buffer.from(body).toString("base64") };
  const text = Buffer.from(body).toString("utf8");
  if (!(properties.system["content-type"] ?? "application/json").startsWith("application/json")) return { body: text };
  try {
    return { body: JSON.parse(text) as unknown };
  } catch {
    return { body: text };
  }
}

const textOf = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));
