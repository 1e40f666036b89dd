import type { FastifyRequest } from "fastify";
import Type from "typebox";
import type { Settlement } from "../../core/cloud-to-device/decide.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { commandHeaders, commandIn } from "./c2d-message.ts";
import { contextOf, deviceGuard, principalOf, serviceGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { bytesOf, readRawBodies } from "./raw-bodies.ts";
import { answers, Count, DeviceParams, jsonAnswer, Nothing, Query } from "./schemas.ts";

const tags = ["Cloud-to-device messages"];

/** More than the 64 KiB that count, so that who sends somewhat too much hears why. */
const maxWireBytes = 1_048_576;

const url = "/devices/:deviceId/messages/devicebound";

const LockParams = Type.Object({
  ...DeviceParams.properties,
  lockToken: Type.String({ minLength: 1, maxLength: 64, description: "as the message's ETag, without quotes" }),
});

const binary = { content: { "application/octet-stream": { schema: Type.String({ format: "binary" }) } } };

/** Cloud-to-device messages over HTTPS: a device's side (spec/http-api 9.2), and the hub's own way to send them. */
export function commandRoutes(app: HttpApp, hub: Hub): void {
  app.register(async (scope: HttpApp) => {
    readRawBodies(scope, maxWireBytes);
    receive(scope, hub);
    settle(scope, hub);
    send(scope, hub);
  });
}

const ReceiveQuery = Type.Object({
  ...Query.properties,
  "iothub-messagelocktimeout": Type.Optional(Type.String({ description: "as the header" })),
});
const ReceiveHeaders = Type.Object({
  "iothub-messagelocktimeout": Type.Optional(
    Type.String({ description: "how long the device may keep the message, 5 to 300 seconds; 60 when absent" }),
  ),
});

function receive(app: HttpApp, hub: Hub): void {
  const schema = {
    tags,
    summary: "Receive the next message as a device",
    description: "The message's properties travel as headers; its `ETag` is the token to settle it with.",
    params: DeviceParams,
    querystring: ReceiveQuery,
    headers: ReceiveHeaders,
    response: answers({ 200: { description: "The message's body", ...binary }, 204: Nothing }),
  };
  // A HEAD would lock a message that nobody sees.
  app.get(url, { schema, onRequest: deviceGuard(hub), exposeHeadRoute: false }, async (request, reply) => {
    const { headers, query } = request;
    const seconds = headers["iothub-messagelocktimeout"] ?? query["iothub-messagelocktimeout"];
    const lock = seconds === undefined ? {} : { lockMs: lockMsOf(seconds) };
    const asked = { ...originOf(request), connectionId: null, protocol: "https", ...lock } as const;
    const command = await hub.commands.receive(asked);
    if (command === undefined) return sendNothing(reply);
    // The framework would write the names in lower case.
    for (const [name, value] of Object.entries(commandHeaders(command))) reply.raw.setHeader(name, value ?? "");
    return reply.type("application/octet-stream").send(Buffer.from(command.body, "base64"));
  });
}

/** The range is that of the other locks that can be set; which one the service grants here is unconfirmed. */
function lockMsOf(seconds: string): number {
  const value = Number(seconds);
  if (Number.isInteger(value) && value >= 5 && value <= 300) return value * 1000;
  throw new HubError("ArgumentInvalid", "The lock timeout must be a whole number of 5 to 300 seconds");
}

function settle(app: HttpApp, hub: Hub): void {
  const onRequest = deviceGuard(hub);
  const shared = { tags, params: LockParams, querystring: Query, response: answers({ 204: Nothing }) };
  const settleWith = async (request: FastifyRequest<{ Params: { lockToken: string } }>, settlement: Settlement) =>
    await hub.commands.settle({ ...originOf(request), lockToken: request.params.lockToken, settlement });

  const remove = { ...shared, summary: "Complete a message, or with `reject` in the query reject it" };
  app.delete(`${url}/:lockToken`, { schema: remove, onRequest }, async (request, reply) => {
    await settleWith(request, isReject(request.query) ? "reject" : "complete");
    return sendNothing(reply);
  });
  const abandon = { ...shared, summary: "Give a message back to the queue" };
  app.post(`${url}/:lockToken/abandon`, { schema: abandon, onRequest }, async (request, reply) => {
    await settleWith(request, "abandon");
    return sendNothing(reply);
  });
}

/** `&reject`, `&reject=`, or as one SDK writes it `&%3Freject=true` (spec/http-api 9.2). */
const isReject = (query: object): boolean => "reject" in query || "?reject" in query;

/** A request of a device is an act of its own, without a connection. */
function originOf(request: FastifyRequest) {
  const { deviceId } = principalOf(request);
  return { deviceId, actor: { kind: "device", deviceId }, correlationId: request.id } as const;
}

const Sent = Type.Object(
  { messageId: Type.String(), sequenceNumber: Count, enqueuedTime: Type.String(), expiresAt: Type.String() },
  { $id: "SentMessage" },
);

/**
 * IoT Hub takes such messages over AMQP alone (spec/http-api 2.7). This is the hub's own: a command line or a script has no
 * AMQP at hand.
 */
function send(app: HttpApp, hub: Hub): void {
  app.addSchema(Sent);
  const schema = {
    tags,
    summary: "Send a message to a device",
    description: `Not an API of IoT Hub, whose back ends send over AMQP. The message's properties travel as headers:
\`iothub-app-<name>\` for one of the sender's own, and \`iothub-messageid\`, \`iothub-correlationid\`, \`iothub-userid\`,
\`iothub-expiry\` (ISO 8601), \`iothub-ack\`, \`iothub-contenttype\` and \`iothub-contentencoding\` for those of the system.`,
    params: DeviceParams,
    querystring: Query,
    body: binary,
    response: answers({ 200: jsonAnswer(Type.Ref("SentMessage#"), { description: "What was stored" }) }),
  };
  app.post(url, { schema, onRequest: serviceGuard(hub, "ServiceConnect") }, async (request) => {
    const { params, raw, body } = request;
    const message = commandIn(raw.rawHeaders, bytesOf(body));
    return await hub.commands.send({ ...contextOf(request), deviceId: params.deviceId, message });
  });
}
