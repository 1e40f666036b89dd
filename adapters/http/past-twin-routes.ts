import Type from "typebox";
import type { IdentityKey } from "../../core/events.ts";
import type { RestoredPart } from "../../core/history/past-twins.ts";
import type { TwinChange, TwinDifference } from "../../core/history/twin-changes.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { anyMember, membersOf } from "../../core/identity/members.ts";
import type { JsonObject } from "../../core/json.ts";
import { twinDocument } from "../../core/twin/document.ts";
import { actorText } from "../nats/actor-text.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import { HistoryHeaders, integer, pageSizeOf } from "./history-filter.ts";
import type { HttpApp } from "./http-types.ts";
import { ifMatchOf } from "./if-match.ts";
import { momentOf, momentRule } from "./moment.ts";
import { answers, DeviceParams, FreeObject, IfMatch, jsonAnswer, ModuleParams, Query } from "./schemas.ts";

const tags = ["Twins"];
const moment = (what: string) => Type.String({ maxLength: 64, description: `${what}: ${momentRule}` });

const ChangesQuery = Type.Object({
  ...Query.properties,
  from: moment("where to begin"),
  to: Type.Optional(moment("where to end, the present when not set")),
  after: Type.Optional(Type.String({ maxLength: 64, description: "only changes after this sequence" })),
  limit: Type.Optional(
    Type.String({ maxLength: 64, description: "how many changes at most, 1 to 1000; 100 when not set" }),
  ),
});

const TwinChanges = Type.Object(
  {
    deviceId: Type.String(),
    moduleId: Type.Optional(Type.String()),
    from: FreeObject,
    to: FreeObject,
    patch: Type.Array(FreeObject, { description: "JSON Patch (RFC 6902) from the one state to the other" }),
    changes: Type.Array(FreeObject, { description: "who changed what, oldest first, each with its own JSON Patch" }),
  },
  { $id: "TwinChanges", description: "Patches are of the twin's tags and properties, without versions and metadata" },
);

const TwinRestore = Type.Object(
  {
    asOf: moment("which state to go back to"),
    parts: Type.Optional(Type.Array(Type.String(), { description: "`tags`, `desired`; both when not set" })),
  },
  { $id: "TwinRestore" },
);

/** The difference of a twin between two moments, and the way back to one. IoT Hub has nothing like it. */
export function pastTwinRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(TwinChanges);
  app.addSchema(TwinRestore);
  for (const path of [
    { url: "/twins/:deviceId", params: DeviceParams, what: "device" },
    { url: "/twins/:deviceId/modules/:moduleId", params: ModuleParams, what: "module" },
  ]) {
    changesRoute(app, hub, path);
    restoreRoute(app, hub, path);
  }
}

type TwinPath = {
  readonly url: string;
  readonly params: typeof DeviceParams | typeof ModuleParams;
  readonly what: string;
};

function changesRoute(app: HttpApp, hub: Hub, { url, params, what }: TwinPath): void {
  const answer = jsonAnswer(Type.Ref("TwinChanges#"), {
    description: "The difference, with a page of its changes",
    headers: {
      "x-ms-continuation": { type: "string", description: "pass it on for the next changes; absent on the last page" },
    },
  });
  const schema = {
    tags,
    summary: `How a ${what}'s twin came from one state to another, and who did it`,
    params,
    querystring: ChangesQuery,
    headers: HistoryHeaders,
    response: answers({ 200: answer }),
  };
  const onRequest = serviceGuard(hub, "ServiceConnect");
  app.get(`${url}/changes`, { schema, onRequest }, async ({ params: key, query, headers }, reply) => {
    const after = headers["x-ms-continuation"] ?? query.after;
    const difference = await hub.pastTwins.difference({
      ...key,
      from: momentOf("from", query.from),
      to: query.to === undefined ? { kind: "sequence", sequence: Number.MAX_SAFE_INTEGER } : momentOf("to", query.to),
      ...(after !== undefined && { afterSequence: integer("after", after, { min: 0, max: Number.MAX_SAFE_INTEGER }) }),
      limit: pageSizeOf(query.limit ?? headers["x-ms-max-item-count"]),
    });
    if (difference.next !== undefined) reply.header("x-ms-continuation", String(difference.next));
    return changesDocument(key, difference);
  });
}

function changesDocument({ deviceId, moduleId }: IdentityKey, { from, to, patch, changes }: TwinDifference) {
  return {
    deviceId,
    ...(moduleId !== undefined && { moduleId }),
    from,
    to,
    patch,
    changes: changes.map(changeDocument),
  };
}

function changeDocument({ event: { sequence, event, meta }, patch, versions }: TwinChange) {
  const { time, actor, correlationId } = meta;
  const marks = { sequence, time, type: event.type, actor: actorText(actor), correlationId };
  return { ...marks, ...(versions && { versions }), patch };
}

function restoreRoute(app: HttpApp, hub: Hub, { url, params, what }: TwinPath): void {
  const schema = {
    tags,
    summary: `Make tags and desired properties of a ${what}'s twin what they were`,
    params,
    querystring: Query,
    headers: IfMatch,
    body: Type.Unsafe<JsonObject>(Type.Ref("TwinRestore#")),
    response: answers({ 200: jsonAnswer(Type.Ref("Twin#"), { description: "The whole twin, as it is now" }) }),
  };
  const onRequest = serviceGuard(hub, "ServiceConnect");
  app.post(`${url}/restore`, { schema, onRequest }, async (request) => {
    const members = membersOf(request.body);
    const asOf = anyMember(members, "asOf");
    if (typeof asOf !== "string") throw new HubError("ArgumentInvalid", `asOf must be ${momentRule}`);
    const restored = await hub.pastTwins.restore({
      ...request.params,
      ...contextOf(request),
      ...ifMatchOf(request.headers["if-match"]),
      moment: momentOf("asOf", asOf),
      ...partsIn(members),
    });
    return twinDocument(restored);
  });
}

function partsIn(members: ReturnType<typeof membersOf>): { readonly parts?: readonly RestoredPart[] } {
  const parts = anyMember(members, "parts");
  if (parts === undefined || parts === null) return {};
  if (Array.isArray(parts) && parts.length > 0 && parts.every(isPart)) return { parts };
  throw new HubError("ArgumentInvalid", "parts must be a list of tags and desired, or absent for both");
}

const isPart = (value: unknown): value is RestoredPart => value === "tags" || value === "desired";
