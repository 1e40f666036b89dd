import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, Count, DeviceParams, jsonAnswer, Query } from "./schemas.ts";

const tags = ["Cloud-to-device messages"];

const url = "/devices/:deviceId/commands";

const Purged = Type.Object(
  { totalMessagesPurged: Count, deviceId: Type.String(), moduleId: Type.Null() },
  { $id: "PurgeMessageQueueResult" },
);

const State = Type.Object(
  {
    messageId: Type.String(),
    sequenceNumber: Count,
    state: Type.String({
      description: "`Enqueued`, `Invisible` (in the device's hands), `Completed` or `DeadLettered`",
    }),
    enqueuedTime: Type.Optional(Type.String()),
    expiresAt: Type.Optional(Type.String()),
    deliveryCount: Type.Optional(Count),
    reason: Type.Optional(Type.String({ description: "how it ended, as feedback calls it" })),
    endedTime: Type.Optional(Type.String()),
  },
  { $id: "MessageState", description: "Where a message stands. Not a document of IoT Hub." },
);

const MessageParams = Type.Object({
  ...DeviceParams.properties,
  messageId: Type.String({ minLength: 1, maxLength: 128, description: "id of the message" }),
});

/** What waits for a device: purged (spec/http-api 2.2), and shown, which is the hub's own. */
export function commandQueueRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(Purged);
  app.addSchema(State);
  // The right for a purge is unconfirmed: cloud-to-device messages are ServiceConnect everywhere else.
  const onRequest = serviceGuard(hub, "ServiceConnect");
  const shared = { tags, params: DeviceParams, querystring: Query };

  const purge = {
    ...shared,
    summary: "Drop the cloud-to-device messages that wait for a device",
    response: answers({ 200: jsonAnswer(Type.Ref("PurgeMessageQueueResult#"), { description: "What was dropped" }) }),
  };
  app.delete(url, { schema: purge, onRequest }, async (request) => {
    const { deviceId } = request.params;
    const totalMessagesPurged = await hub.commands.purge({ ...contextOf(request), deviceId });
    return { totalMessagesPurged, deviceId, moduleId: null };
  });

  const states = jsonAnswer(Type.Array(Type.Ref("MessageState#")), { description: "Oldest first" });
  const list = { ...shared, summary: "List the messages that wait for a device", response: answers({ 200: states }) };
  app.get(url, { schema: list, onRequest }, ({ params }, reply) => {
    reply.send(hub.commands.pending(params.deviceId));
  });

  const get = {
    ...shared,
    summary: "Tell where a message stands that was sent to a device, also after its end",
    params: MessageParams,
    response: answers({ 200: jsonAnswer(Type.Ref("MessageState#"), { description: "The newest message of that id" }) }),
  };
  app.get(`${url}/:messageId`, { schema: get, onRequest }, async ({ params }) =>
    hub.commands.state(params.deviceId, params.messageId),
  );
}
