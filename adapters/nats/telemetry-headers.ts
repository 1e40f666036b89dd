import type { Msg } from "nats";
import {
  type D2cSystemProperty,
  d2cSystemProperties,
  type MessageProperties,
  type TelemetryStamp,
} from "../../core/device-to-cloud/message.ts";
import { HubError } from "../../core/hub-error.ts";
import { eachHeader, encodeHeaderName, encodeHeaderValue, headerLine, headerLinesOf } from "./header-block.ts";
import { decodePercent } from "./percent-encoding.ts";
import { encodeToken } from "./subjects.ts";

/*
 * A telemetry message in JetStream is a CloudEvent in binary mode: the body is the device's bytes, everything else is
 * a header. The hub's stamps and the system properties have the names that IoT Hub's built-in endpoint shows
 * (spec/messaging 1.3); an application property `k` is `iothub-app-k`, so none can pass for a stamp (spec/messaging 1.5).
 * Values are percent-encoded as `header-block.ts` says, and so are the names of application properties.
 */

const applicationPrefix = "iothub-app-";
const systemNames: ReadonlySet<string> = new Set(d2cSystemProperties);

/** The lines that are the same for every message of a connection. */
export function stampLines(hub: string, stamp: TelemetryStamp): string {
  const { deviceId, moduleId, generationId, authMethod, modelId } = stamp;
  const subject = [deviceId, ...(moduleId === undefined ? [] : [moduleId])].map(encodeToken).join("/");
  const lines = [
    headerLine("ce-specversion", "1.0"),
    headerLine("ce-type", "com.twinstream.Telemetry"),
    headerLine("ce-source", `/hubs/${hub}`),
    `ce-subject: ${subject}\r\n`,
    headerLine("iothub-message-source", "Telemetry"),
    headerLine("iothub-connection-device-id", deviceId),
    headerLine("iothub-connection-auth-generation-id", generationId),
    headerLine("iothub-connection-auth-method", authMethod),
  ];
  if (moduleId !== undefined) lines.push(headerLine("iothub-connection-module-id", moduleId));
  if (modelId !== undefined) lines.push(headerLine("dt-dataschema", modelId));
  return lines.join("");
}

/** The lines of a message's own properties. */
export function propertyLines({ system, application }: MessageProperties): string {
  let lines = "";
  for (const name of d2cSystemProperties) {
    const value = system[name];
    if (value !== undefined) lines += headerLine(name, value);
  }
  for (const [name, value] of application) lines += headerLine(applicationPrefix + encodeHeaderName(name), value);
  return lines;
}

/** The line of a message's id, up to its number on the connection, which makes it unique and ends the line. */
export const idLineStart = ({ connectionId }: TelemetryStamp): string => `ce-id: ${encodeHeaderValue(connectionId)}-`;

/** A telemetry message as it was sent, with what the hub stamped on it. */
export type TelemetryMessage = {
  /** Unique for each message that a device sent; a message that the hub had to store twice keeps it. */
  readonly id: string;
  readonly stamp: TelemetryStamp;
  readonly properties: MessageProperties;
  /** When the hub took the message, ISO 8601, UTC, milliseconds (`iothub-enqueuedtime`). */
  readonly enqueuedTime: string;
  /** The device's bytes. They share memory with the received message. */
  readonly body: Uint8Array;
};

/** Reads a message of a telemetry stream. Throws HubError `ServerError` for what no hub wrote. */
export function decodeTelemetry(msg: Msg): TelemetryMessage {
  try {
    return decode(msg);
  } catch (cause) {
    const detail = { subject: msg.subject.slice(0, 512) };
    throw new HubError("ServerError", "a message of a telemetry stream was not written by a hub", detail, { cause });
  }
}

function decode(msg: Msg): TelemetryMessage {
  const stamps = new Map<string, string>();
  const system: Partial<Record<D2cSystemProperty, string>> = {};
  const application = new Map<string, string>();
  eachHeader(headerLinesOf(msg), (name, value) => {
    if (name.startsWith(applicationPrefix)) {
      application.set(decodePercent(name.slice(applicationPrefix.length)), decodePercent(value));
    } else if (isSystemProperty(name)) system[name] = decodePercent(value);
    else stamps.set(name, value);
  });
  const id = required(stamps, "ce-id");
  const enqueuedTime = required(stamps, "ce-time");
  return { id, stamp: stampOf(stamps, id), properties: { system, application }, enqueuedTime, body: msg.data };
}

function stampOf(stamps: ReadonlyMap<string, string>, id: string): TelemetryStamp {
  const moduleId = optional(stamps, "iothub-connection-module-id");
  const modelId = optional(stamps, "dt-dataschema");
  return {
    deviceId: required(stamps, "iothub-connection-device-id"),
    ...(moduleId === undefined ? {} : { moduleId }),
    generationId: required(stamps, "iothub-connection-auth-generation-id"),
    authMethod: required(stamps, "iothub-connection-auth-method"),
    ...(modelId === undefined ? {} : { modelId }),
    connectionId: id.slice(0, Math.max(0, id.lastIndexOf("-"))),
  };
}

function optional(stamps: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = stamps.get(name);
  return value === undefined ? undefined : decodePercent(value);
}

function required(stamps: ReadonlyMap<string, string>, name: string): string {
  const value = optional(stamps, name);
  if (value === undefined) throw new Error(`it has no ${name}`);
  return value;
}

const isSystemProperty = (name: string): name is D2cSystemProperty => systemNames.has(name);
