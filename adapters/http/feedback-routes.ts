import Type from "typebox";
import type { FeedbackBatch } from "../../core/cloud-to-device/feedback.ts";
import { feedbackLockMs } from "../../core/cloud-to-device/limits.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { serviceGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { readRawBodies } from "./raw-bodies.ts";
import { answers, Nothing, Query } from "./schemas.ts";

const tags = ["Cloud-to-device messages"];
const url = "/messages/serviceBound/feedback";
const contentType = "application/vnd.microsoft.iothub.feedback.json";
const maxBodyBytes = 1_024;

const LockParams = Type.Object({ lockToken: Type.String({ minLength: 1, maxLength: 64 }) });

const Records = Type.Array(Type.Ref("FeedbackRecord#"));
const Record = Type.Object(
  {
    originalMessageId: Type.String(),
    enqueuedTimeUtc: Type.String({ description: "when the message came to its end" }),
    statusCode: Type.String({ description: "`Success`, `Expired`, `DeliveryCountExceeded`, `Rejected` or `Purged`" }),
    description: Type.String(),
    deviceId: Type.String(),
    deviceGenerationId: Type.String(),
  },
  { $id: "FeedbackRecord" },
);

/**
 * Feedback over HTTPS (spec/http-api 2.7, spec/messaging 7). Each request gets what there is at once: a client that polls
 * keeps nothing waiting. The token travels as the ETag (unconfirmed), and counts on the node that gave it: a client whose
 * requests go to several nodes reads over AMQP instead.
 */
export function feedbackRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(Record);
  const locks = new Locks();
  const onRequest = serviceGuard(hub, "ServiceConnect");
  app.register(async (scope: HttpApp) => {
    readRawBodies(scope, maxBodyBytes);
    const answer = {
      description: "Records of messages that came to their end",
      content: { [contentType]: { schema: Records } },
    };
    const get = {
      tags,
      summary: "Receive feedback",
      querystring: Query,
      response: answers({ 200: answer, 204: Nothing }),
    };
    // A HEAD would lock records that nobody sees.
    scope.get(url, { schema: get, onRequest, exposeHeadRoute: false }, async (_request, reply) => {
      const batch = await hub.feedback.take();
      if (batch === undefined) return sendNothing(reply);
      locks.add(batch);
      return reply
        .header("etag", `"${batch.lockToken}"`)
        .type(contentType)
        .send(Buffer.from(JSON.stringify(batch.records)));
    });

    const shared = { tags, params: LockParams, querystring: Query, response: answers({ 204: Nothing }) };
    const complete = { ...shared, summary: "Complete a batch of feedback: it does not come again" };
    scope.delete(`${url}/:lockToken`, { schema: complete, onRequest }, async ({ params }, reply) => {
      await locks.take(params.lockToken).complete();
      return sendNothing(reply);
    });
    const abandon = { ...shared, summary: "Give a batch of feedback back" };
    scope.post(`${url}/:lockToken/abandon`, { schema: abandon, onRequest }, ({ params }, reply) => {
      locks.take(params.lockToken).abandon();
      sendNothing(reply);
    });
  });
}

/** The batches that clients have in hands. They are as many as the queue gives out without an answer, which is bounded. */
class Locks {
  readonly #held = new Map<string, { readonly batch: FeedbackBatch; readonly until: number }>();

  add(batch: FeedbackBatch): void {
    const now = Date.now();
    // The oldest come first, and all are held for as long.
    for (const [token, { until }] of this.#held) {
      if (until > now) break;
      this.#held.delete(token);
    }
    this.#held.set(batch.lockToken, { batch, until: now + feedbackLockMs });
  }

  /** Throws HubError `DeviceMessageLockLost` for a token that is late or unknown. */
  take(lockToken: string): FeedbackBatch {
    const held = this.#held.get(lockToken);
    this.#held.delete(lockToken);
    if (held !== undefined && held.until > Date.now()) return held.batch;
    throw new HubError("DeviceMessageLockLost", "The lock of the feedback has run out or is unknown");
  }
}
