import type { FastifyRequest } from "fastify";
import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { anyMember, membersOf } from "../../core/identity/members.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { twinDocument } from "../../core/twin/document.ts";
import type { TwinWrite } from "../../core/twin/twins.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { ifMatchOf } from "./if-match.ts";
import { momentOf, momentRule } from "./moment.ts";
import { answers, DeviceParams, IfMatch, jsonAnswer, ModuleParams, Query } from "./schemas.ts";
import { Twin, TwinWrite as TwinWriteBody } from "./twin-schema.ts";

const tags = ["Twins"];
const response = answers({ 200: jsonAnswer(Type.Ref("Twin#"), { description: "The whole twin" }) });
const TwinBody = Type.Unsafe<JsonObject>(Type.Ref("TwinWrite#"));

const TwinQuery = Type.Object({
  ...Query.properties,
  asOf: Type.Optional(Type.String({ maxLength: 64, description: `the twin as it was: ${momentRule}` })),
});

/** Twins of devices and modules (spec/http-api 3). They carry no ETag header, only the member. */
export function twinRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(Twin);
  app.addSchema(TwinWriteBody);
  twinPath(app, hub, { url: "/twins/:deviceId", params: DeviceParams, what: "device" });
  twinPath(app, hub, { url: "/twins/:deviceId/modules/:moduleId", params: ModuleParams, what: "module" });
}

type TwinPath = {
  readonly url: string;
  readonly params: typeof DeviceParams | typeof ModuleParams;
  readonly what: string;
};

function twinPath(app: HttpApp, hub: Hub, { url, params, what }: TwinPath): void {
  const onRequest = serviceGuard(hub, "ServiceConnect");
  const shared = { tags, params, querystring: Query, response };
  const write = { ...shared, headers: IfMatch, body: TwinBody };

  const get = { ...shared, querystring: TwinQuery, summary: `Get a ${what}'s twin, as it is or as it was` };
  app.get(url, { schema: get, onRequest }, async ({ params: key, query: { asOf } }) => {
    if (asOf === undefined) return twinDocument(hub.twins.get(key));
    const { view, sequence, time } = await hub.pastTwins.at({ ...key }, momentOf("asOf", asOf));
    return { ...twinDocument(view), asOf: { sequence, time } };
  });

  const patch = { ...write, summary: `Merge tags and desired properties into a ${what}'s twin; null removes` };
  app.patch(url, { schema: patch, onRequest }, async (request) =>
    twinDocument(await hub.twins.update({ ...request.params, ...writeOf(request) })),
  );

  const put = { ...write, summary: `Replace tags or desired properties of a ${what}'s twin, those that are given` };
  app.put(url, { schema: put, onRequest }, async (request) =>
    twinDocument(await hub.twins.replace({ ...request.params, ...writeOf(request) })),
  );
}

type WriteRequest = FastifyRequest<{ Body: JsonObject; Headers: { "if-match"?: string } }>;

/** Of all that a client may echo back, tags and desired properties count (spec/http-api 3.1). */
function writeOf(
  request: Pick<WriteRequest, "body" | "headers"> & FastifyRequest,
): Omit<TwinWrite, "deviceId" | "moduleId"> {
  const { body, headers } = request;
  const members = membersOf(body);
  const properties = section("properties", anyMember(members, "properties"));
  const tagsGiven = section("tags", anyMember(members, "tags"));
  const desired = properties && section("properties.desired", anyMember(membersOf(properties), "desired"));
  return {
    ...contextOf(request),
    ...ifMatchOf(headers["if-match"]),
    ...(tagsGiven !== undefined && { tags: tagsGiven }),
    // `properties: null` says nothing of the desired ones.
    ...(desired !== undefined && properties !== null && { desired }),
  };
}

function section(name: string, value: Json | undefined): JsonObject | null | undefined {
  if (value === undefined || value === null || isJsonObject(value)) return value;
  throw new HubError("ArgumentInvalid", `${name} must be a JSON object`);
}
