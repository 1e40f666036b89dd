import rhea from "rhea";
import { performative } from "../../adapters/amqp/performatives.ts";
import {
  binary,
  boolean,
  describedList,
  frame,
  nothing,
  protocolHeader,
  sourceCode,
  targetCode,
  text,
  uint,
} from "./amqp-frames.ts";
import { bodyOf } from "./load.ts";

/** A device and a token for its resource. */
export type AmqpDevice = { readonly deviceId: string; readonly audience: string; readonly token: string };

/** The sessions of a connection: one for tokens, one for telemetry, whose delivery ids so begin at 0. */
export const [cbsChannel, telemetryChannel] = [0, 1];
const idleWindow = 0x7fffffff;

const begin = (channel: number): Buffer =>
  frame(channel, performative.begin, [nothing, uint(0), uint(2048), uint(idleWindow)]);

/** An attach of the client's; its name is the handle. Both settle modes are left at their defaults. */
function attach(channel: number, handle: number, role: "sender" | "receiver", address: string): Buffer {
  const [source, target] =
    role === "sender"
      ? [describedList(sourceCode, []), describedList(targetCode, [text(address)])]
      : [describedList(sourceCode, [text(address)]), describedList(targetCode, [])];
  const modes = [nothing, nothing];
  const fields = [text(String(handle)), uint(handle), boolean(role === "receiver"), ...modes, source, target];
  return frame(channel, performative.attach, [...fields, nothing, nothing, uint(0)]);
}

type Transfer = { readonly channel: number; readonly handle: number; readonly deliveryId: number };

function transfer({ channel, handle, deliveryId }: Transfer, message: Buffer): Buffer {
  const tag = Buffer.alloc(4);
  tag.writeUInt32BE(deliveryId);
  const fields = [uint(handle), uint(deliveryId), binary(tag), uint(0), boolean(false), boolean(false)];
  return frame(channel, performative.transfer, fields, message);
}

/** Where the delivery id and the tag are in a transfer of the shape above: after header, list and handle. */
export const [deliveryIdAt, tagAt] = [26, 32];

const addressOf = ({ deviceId }: AmqpDevice): string => `/devices/${deviceId}/messages/events`;

/** Opens the connection and `$cbs`, with credit for the answers to any number of tokens. */
export const greeting = Buffer.concat([
  protocolHeader,
  frame(0, performative.open, [text(`bench-${process.pid}`), text("localhost")]),
  begin(cbsChannel),
  attach(cbsChannel, 0, "sender", "$cbs"),
  attach(cbsChannel, 1, "receiver", "$cbs"),
  frame(cbsChannel, performative.flow, [0, 2048, 0, idleWindow, 1, 0, 1000].map(uint)),
]);

/** The request that puts a device's token; `deliveryId` counts the requests of the connection from 0. */
export function putToken({ audience, token }: AmqpDevice, deliveryId: number): Buffer {
  const request = rhea.message.encode({
    message_id: audience,
    to: "$cbs",
    reply_to: "cbs",
    application_properties: { operation: "put-token", type: "servicebus.windows.net:sastoken", name: audience },
    body: token,
  });
  return transfer({ channel: cbsChannel, handle: 0, deliveryId }, request);
}

/** Begins the session for telemetry and attaches a link for each device, named by its number among them. */
export const attachTelemetry = (devices: readonly AmqpDevice[]): Buffer =>
  Buffer.concat([
    begin(telemetryChannel),
    ...devices.map((device, handle) => attach(telemetryChannel, handle, "sender", addressOf(device))),
  ]);

/** A message of a device, as the SDKs make it; `handle` is the device's number among those of the connection. */
export function telemetryFrame(device: AmqpDevice, handle: number, bodyBytes: number): Buffer {
  const message = { to: addressOf(device), body: rhea.message.data_section(bodyOf(bodyBytes)) };
  return transfer({ channel: telemetryChannel, handle, deliveryId: 0 }, rhea.message.encode(message));
}
