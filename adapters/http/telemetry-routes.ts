import type { FastifyRequest } from "fastify";
import Type from "typebox";
import type { D2cMessage } from "../../core/device-to-cloud/message.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { isBatch, parseBatch } from "./d2c-batch.ts";
import { d2cProperties, headerPairs } from "./d2c-properties.ts";
import { deviceGuard, principalOf } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { bytesOf, readRawBodies } from "./raw-bodies.ts";
import { answers, DeviceParams, ModuleParams, Nothing, Query } from "./schemas.ts";

/**
 * The most that is read: a full batch is larger on the wire than the 256 KiB that count. A message somewhat too large is
 * read all the same, as a client that is cut off while it writes may never see why.
 */
const maxWireBytes = 1_048_576;

const tags = ["Device messages"];

const description = `The message's properties travel as headers: \`iothub-app-<name>\` for one of the device's own, and
\`iothub-messageid\`, \`iothub-correlationid\`, \`iothub-userid\`, \`iothub-to\`, \`iothub-expiry\`, \`iothub-contenttype\`,
\`iothub-contentencoding\`, \`iothub-interface-id\` and \`dt-subject\` for those of the system. In a batch the same names are
members of \`properties\`. A message, or a batch of up to 500, may have 256 KiB. The answer comes once all is stored.`;

const BatchEntry = Type.Object(
  {
    body: Type.String({ description: "base64, unless base64Encoded is false" }),
    base64Encoded: Type.Optional(Type.Boolean({ default: true })),
    properties: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { $id: "BatchMessage" },
);

const body = {
  content: {
    "application/octet-stream": { schema: Type.String({ format: "binary" }) },
    "application/vnd.microsoft.iothub.json": { schema: Type.Array(Type.Ref("BatchMessage#"), { maxItems: 500 }) },
  },
};

/** Telemetry over HTTPS, one message or a batch in a request (spec/http-api 9.1, spec/messaging 2). */
export function telemetryRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(BatchEntry);
  app.register(async (scope: HttpApp) => {
    readRawBodies(scope, maxWireBytes);
    const shared = { tags, description, querystring: Query, body, response: answers({ 204: Nothing }) };
    const options = { onRequest: deviceGuard(hub) };

    const forDevice = { ...shared, summary: "Send telemetry as a device", params: DeviceParams };
    scope.post("/devices/:deviceId/messages/events", { ...options, schema: forDevice }, async (request, reply) => {
      await store(hub, request);
      return sendNothing(reply);
    });
    const forModule = { ...shared, summary: "Send telemetry as a module", params: ModuleParams };
    const url = "/devices/:deviceId/modules/:moduleId/messages/events";
    scope.post(url, { ...options, schema: forModule }, async (request, reply) => {
      await store(hub, request);
      return sendNothing(reply);
    });
  });
}

/** A request is no connection, but it stamps its messages like one. */
async function store(hub: Hub, request: FastifyRequest): Promise<void> {
  await hub.telemetry.sendAll({ principal: principalOf(request), connectionId: request.id }, messagesOf(request));
}

function messagesOf({ body: bytes, headers, raw }: FastifyRequest): readonly D2cMessage[] {
  // An empty body is a message too (spec/messaging 1.1).
  const content = bytesOf(bytes);
  if (isBatch(headers["content-type"])) return parseBatch(content);
  return [{ properties: d2cProperties(headerPairs(raw.rawHeaders)), body: content }];
}
