import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import { anyMember, membersOf } from "../../core/identity/members.ts";
import type { JsonObject } from "../../core/json.ts";
import { jsonContentType } from "./error-reply.ts";
import { serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, jsonAnswer, Query } from "./schemas.ts";

/** Rows of a page at most, and where no size is asked for (spec/query-language 10; that it is the default is unconfirmed). */
const mostRows = 100;

const QueryText = Type.Object(
  {
    query: Type.String({
      description:
        "text of the query, 8192 characters at most; with EXPLAIN in front the one row tells how it would be gone about",
    }),
  },
  { $id: "QueryText" },
);

const QueryHeaders = Type.Object({
  "x-ms-max-item-count": Type.Optional(
    Type.String({ description: `rows of a page; anything outside 1 to ${mostRows} means ${mostRows}` }),
  ),
  "x-ms-continuation": Type.Optional(
    Type.String({ description: "what the page before had in this header; the query must be the same text" }),
  ),
});

/** Queries over twins, module twins and jobs (spec/http-api 5, spec/query-language 1). */
export function queryRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(QueryText);
  const page = jsonAnswer(Type.Array(Type.Unknown()), {
    description: "A page of rows",
    headers: {
      "x-ms-item-type": { type: "string", description: "what a row is: `Twin`, `Raw` or `DeviceJob`" },
      "x-ms-continuation": { type: "string", description: "pass it on for the next page; absent on the last" },
    },
  });
  const schema = {
    tags: ["Queries"],
    summary: "Run a query over twins, module twins or jobs",
    querystring: Query,
    headers: QueryHeaders,
    body: Type.Unsafe<JsonObject>(Type.Ref("QueryText#")),
    response: answers({ 200: page }),
  };
  // IoT Hub's documentation names the one right here and the other there (spec/identity-and-security 6).
  const onRequest = serviceGuard(hub, "ServiceConnect", "RegistryRead");
  app.post("/devices/query", { schema, onRequest }, async ({ body, headers }, reply) => {
    const text = queryIn(body);
    const after = headers["x-ms-continuation"];
    const { rows, itemType, next } = await hub.queries.page(text, {
      limit: pageSize(headers["x-ms-max-item-count"]),
      // A client that goes on with an empty token means the beginning.
      ...(after !== undefined && after !== "" && { after }),
    });
    reply.header("x-ms-item-type", itemType);
    if (next !== undefined) reply.header("x-ms-continuation", next);
    // The rows are JSON already: a text is sent as it is.
    return reply.type(jsonContentType).send(`[${rows.join(",")}]`);
  });
}

function queryIn(body: JsonObject): string {
  const query = anyMember(membersOf(body), "query");
  if (query === undefined || query === null || query === "") throw new HubError("ArgumentNull", "BadRequest");
  if (typeof query === "string") return query;
  throw new HubError("ArgumentInvalid", "query must be a text");
}

/** A size that can't be had is replaced, not refused (spec/query-language 1). */
function pageSize(asked = ""): number {
  const size = /^\d{1,9}$/.test(asked) ? Number(asked) : 0;
  return size > 0 ? Math.min(size, mostRows) : mostRows;
}
