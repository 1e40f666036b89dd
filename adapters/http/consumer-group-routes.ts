import Type, { type Static } from "typebox";
import type { ConsumerGroup } from "../../core/consumer-group/consumer-group.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { anyMember, membersOf, objectMember } from "../../core/identity/members.ts";
import type { JsonObject } from "../../core/json.ts";
import { contextOf, managementGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, jsonAnswer } from "./schemas.ts";

const tags = ["Consumer groups"];

const segment = (description: string) => Type.String({ minLength: 1, maxLength: 128, description });

const GroupsParams = Type.Object({
  subscriptionId: segment("any: a hub of one's own is in no subscription"),
  resourceGroup: segment("any"),
  hub: segment("the hub's name, in any case"),
});
const GroupParams = Type.Object({ ...GroupsParams.properties, group: segment("name of the group, in any case") });

const Query = Type.Object({
  "api-version": Type.Optional(
    Type.String({ description: "any version of Azure Resource Manager's from 2021-03-31 on; all mean the same here" }),
  ),
});

const Group = Type.Object(
  {
    id: Type.String({ description: "path of the group" }),
    name: Type.String(),
    type: Type.String(),
    etag: Type.String(),
    properties: Type.Object({
      created: Type.Optional(Type.String({ description: "as HTTP writes dates; absent of `$Default`" })),
    }),
  },
  { $id: "ConsumerGroup" },
);
const Groups = Type.Object({ value: Type.Array(Type.Ref("ConsumerGroup#")) }, { $id: "ConsumerGroups" });
const groupAnswer = jsonAnswer(Type.Ref("ConsumerGroup#"), { description: "The group" });

const Body = Type.Unsafe<JsonObject>(
  Type.Object({ properties: Type.Object({ name: Type.String({ description: "the group's name, as in the path" }) }) }),
);

/** Azure Resource Manager's path. `events` is the only endpoint there is. */
const groupsUrl =
  "/subscriptions/:subscriptionId/resourceGroups/:resourceGroup/providers/Microsoft.Devices/IotHubs/:hub/eventHubEndpoints/events/ConsumerGroups";
const groupUrl = `${groupsUrl}/:group`;

/**
 * Consumer groups of the built-in endpoint as Azure Resource Manager has them (spec/messaging 3). There they are for whom
 * Azure AD lets in, which this hub does not have: the rights of policies stand in, the one that writes the registry to
 * change groups, and those that read the registry or telemetry to see them.
 */
export function consumerGroupRoutes(app: HttpApp, hub: Hub, hubName: string): void {
  app.addSchema(Group);
  app.addSchema(Groups);
  reads(app, hub, hubName);
  writes(app, hub, hubName);
}

function reads(app: HttpApp, hub: Hub, hubName: string): void {
  const onRequest = managementGuard(hub, "RegistryRead", "ServiceConnect");

  const list = {
    tags,
    summary: "List consumer groups",
    params: GroupsParams,
    querystring: Query,
    response: answers({ 200: jsonAnswer(Type.Ref("ConsumerGroups#"), { description: "All groups, on one page" }) }),
  };
  app.get(groupsUrl, { schema: list, onRequest }, ({ params }, reply) => {
    requireHub(params.hub, hubName);
    reply.send({ value: hub.consumerGroups.list().map((group) => groupDocument(group, params)) });
  });

  const get = {
    tags,
    summary: "Get a consumer group",
    params: GroupParams,
    querystring: Query,
    response: answers({ 200: groupAnswer }),
  };
  app.get(groupUrl, { schema: get, onRequest }, ({ params }, reply) => {
    requireHub(params.hub, hubName);
    reply.send(groupDocument(hub.consumerGroups.get(params.group), params));
  });
}

function writes(app: HttpApp, hub: Hub, hubName: string): void {
  const onRequest = managementGuard(hub, "RegistryWrite");
  const shared = { tags, params: GroupParams, querystring: Query };

  const put = {
    ...shared,
    summary: "Create a consumer group; one that is there stays as it is",
    body: Body,
    response: answers({ 200: groupAnswer }),
  };
  app.put(groupUrl, { schema: put, onRequest }, async (request) => {
    const { params, body } = request;
    requireHub(params.hub, hubName);
    requireName(body, params.group);
    return groupDocument(await hub.consumerGroups.create({ ...contextOf(request), name: params.group }), params);
  });

  const remove = {
    ...shared,
    summary: "Delete a consumer group; `$Default` can't be",
    response: answers({ 200: Type.Null({ description: "Done" }) }),
  };
  app.delete(groupUrl, { schema: remove, onRequest }, async (request, reply) => {
    const { params } = request;
    requireHub(params.hub, hubName);
    await hub.consumerGroups.delete({ ...contextOf(request), name: params.group });
    // Resource Manager's clients take 200 for done, and nothing else.
    return reply.code(200).header("content-length", "0").send();
  });
}

function requireHub(asked: string, hubName: string): void {
  if (asked.toLowerCase() === hubName.toLowerCase()) return;
  throw new HubError("GenericNotFound", "There is no hub of this name here");
}

/** The service refuses a body without the name too, under a code whose documented name means something else. */
function requireName(body: JsonObject, group: string): void {
  const properties = objectMember(membersOf(body), "properties");
  const name = properties && anyMember(properties, "name");
  if (name === undefined || name === null || name === "") {
    throw new HubError("ArgumentNull", "The consumer group name in the request body should not be null or empty");
  }
  if (typeof name === "string" && name.toLowerCase() === group.toLowerCase()) return;
  throw new HubError("ArgumentInvalid", "The consumer group name in the request body is not that of the path");
}

function groupDocument(
  { name, etag, createdTime }: ConsumerGroup,
  { subscriptionId, resourceGroup, hub }: Static<typeof GroupsParams>,
): Static<typeof Group> {
  const values = new Map(Object.entries({ subscriptionId, resourceGroup, hub, group: name }));
  return {
    id: groupUrl.replace(/:(\w+)/g, (_, param: string) => encodeURIComponent(values.get(param) ?? "")),
    name,
    type: "Microsoft.Devices/IotHubs/EventHubEndpoints/ConsumerGroups",
    etag,
    properties: createdTime === null ? {} : { created: new Date(createdTime).toUTCString() },
  };
}
