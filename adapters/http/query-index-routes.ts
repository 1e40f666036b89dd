import type { FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { IndexedPath, NodeIndex } from "../../core/query-index/query-index.ts";
import { parsePath, pathText } from "../../query/path-text.ts";
import { QueryError } from "../../query/query-error.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, jsonAnswer, Nothing, Query } from "./schemas.ts";

const tags = ["Queries"];
const url = "/queryIndexes/:path";

const IndexParams = Type.Object({
  path: Type.String({
    minLength: 1,
    maxLength: 1024,
    description: "the path as it stands in queries, such as `tags.location.region` or `tags.[[group]].name`",
  }),
});
const IndexQuery = Type.Object({
  ...Query.properties,
  collection: Type.Optional(
    Type.Union([Type.Literal("devices"), Type.Literal("devices.modules")], {
      description: "what is queried, `devices` when absent",
    }),
  ),
});
const QueryIndex = Type.Object(
  {
    collection: Type.String(),
    path: Type.String({ description: "as it stands in queries" }),
    origin: Type.String({ description: "who asked for it: `operator`, or `use`: queries that were slow without it" }),
    isReady: Type.Boolean({ description: "false while this node is yet to make it" }),
  },
  { $id: "QueryIndex" },
);

/** Indexes on paths of twins, by which queries find their rows without a look at all of them. IoT Hub has nothing like it. */
export function queryIndexRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(QueryIndex);
  const indexes = jsonAnswer(Type.Array(Type.Ref("QueryIndex#")), { description: "Those of the node that answers" });
  const list = { tags, summary: "List indexes for queries", querystring: Query, response: answers({ 200: indexes }) };
  const listed = serviceGuard(hub, "ServiceConnect", "RegistryRead");
  app.get("/queryIndexes", { schema: list, onRequest: listed }, (_request, reply) => {
    reply.send(hub.queryIndexes.list().map(indexDocument));
  });

  // An index is for all who read and write twins, as the registry is.
  const onRequest = serviceGuard(hub, "RegistryWrite");
  const shared = { tags, params: IndexParams, querystring: IndexQuery, response: answers({ 204: Nothing }) };
  const put = { ...shared, summary: "Create an index; each node makes it soon after, one that is there stays" };
  app.put(url, { schema: put, onRequest }, async (request, reply) => {
    await hub.queryIndexes.create({ ...contextOf(request), ...indexedIn(request) });
    return sendNothing(reply);
  });

  const remove = { ...shared, summary: "Delete an index that an operator asked for" };
  app.delete(url, { schema: remove, onRequest }, async (request, reply) => {
    await hub.queryIndexes.delete({ ...contextOf(request), ...indexedIn(request) });
    return sendNothing(reply);
  });
}

type IndexRequest = Pick<
  FastifyRequest<{ Params: Static<typeof IndexParams>; Querystring: Static<typeof IndexQuery> }>,
  "params" | "query"
>;

function indexedIn({ params, query: { collection = "devices" } }: IndexRequest): IndexedPath {
  try {
    return { collection, path: parsePath(params.path, collection) };
  } catch (error) {
    if (error instanceof QueryError) throw new HubError("ArgumentInvalid", error.message, {}, { cause: error });
    throw error;
  }
}

const indexDocument = ({ collection, path, origin, isReady }: NodeIndex): Static<typeof QueryIndex> => ({
  collection,
  path: pathText(path),
  origin,
  isReady,
});
