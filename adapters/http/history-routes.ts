import Type, { type Static } from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError } from "../../core/hub-error.ts";
import type { HistoryFilter } from "../../core/ports.ts";
import { eventDocument } from "./event-document.ts";
import { serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, DeviceParams, FreeObject, jsonAnswer } from "./schemas.ts";

const maxPage = 1000;
const defaultPage = 100;

const text = (description: string) => Type.Optional(Type.String({ maxLength: 64, description }));

const HistoryQuery = Type.Object({
  "api-version": text("any version that an Azure IoT SDK sends"),
  type: Type.Optional(
    Type.Union([Type.String({ maxLength: 1024 }), Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })], {
      description: "only events of this type; several are repeated or separated by commas",
    }),
  ),
  from: text("only events at or after this time, ISO 8601; without a zone it is UTC"),
  to: text("only events before this time"),
  after: text("only events beyond this sequence, in the order asked for"),
  order: text("asc, oldest first (default), or desc"),
  limit: text("how many at most, 1 to 1000; 100 when not set"),
});

const HistoryHeaders = Type.Object({
  "x-ms-continuation": text("where the page before ended; it wins over `after`"),
  "x-ms-max-item-count": text("as `limit`, which wins over it"),
});

const RecordedEvent = Type.Object(
  {
    sequence: Type.Integer({ description: "place in the hub's whole journal" }),
    id: Type.String(),
    type: Type.String(),
    time: Type.String({ description: "ISO 8601, UTC" }),
    actor: Type.String({ description: "`policy:<name>`, `device:<id>`, `module:<device>/<module>` or `hub:<node>`" }),
    correlationId: Type.String({ description: "the request or connection it belongs to" }),
    causationId: Type.Optional(Type.String()),
    deviceId: Type.String(),
    moduleId: Type.Optional(Type.String()),
    data: FreeObject,
  },
  { $id: "RecordedEvent" },
);

/** What happened to a device and its modules, from the journal. IoT Hub has nothing like it. */
export function historyRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(RecordedEvent);
  const page = jsonAnswer(Type.Array(Type.Ref("RecordedEvent#")), {
    description: "A page of events, secrets left out",
    headers: {
      "x-ms-continuation": { type: "string", description: "pass it on for the next page; absent on the last" },
    },
  });
  const schema = {
    tags: ["Device history"],
    summary: "Everything that happened to a device and its modules, earlier devices of that id included",
    params: DeviceParams,
    querystring: HistoryQuery,
    headers: HistoryHeaders,
    response: answers({ 200: page }),
  };
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");
  app.get("/devices/:deviceId/history", { schema, onRequest }, async ({ params, query, headers }, reply) => {
    const { events, next } = await hub.history.page(filterOf(params.deviceId, query, headers));
    if (next !== undefined) reply.header("x-ms-continuation", String(next));
    return events.map((event) => eventDocument(event));
  });
}

function filterOf(
  deviceId: string,
  query: Static<typeof HistoryQuery>,
  headers: Static<typeof HistoryHeaders>,
): HistoryFilter {
  const types = [query.type ?? []].flat().flatMap((list) => list.split(",").filter((type) => type !== ""));
  const after = headers["x-ms-continuation"] ?? query.after;
  const limit = query.limit ?? headers["x-ms-max-item-count"];
  return {
    deviceId,
    ...(types.length > 0 && { types }),
    ...(query.from !== undefined && { from: isoTime("from", query.from) }),
    ...(query.to !== undefined && { to: isoTime("to", query.to) }),
    ...(after !== undefined && { afterSequence: integer("after", after, { min: 0, max: Number.MAX_SAFE_INTEGER }) }),
    ...(isDescending(query.order) && { descending: true }),
    limit: limit === undefined ? defaultPage : integer("limit", limit, { min: 1, max: maxPage }),
  };
}

function isDescending(order = "asc"): boolean {
  const lower = order.toLowerCase();
  if (lower !== "asc" && lower !== "desc") throw invalid("order must be asc or desc");
  return lower === "desc";
}

function integer(name: string, value: string, { min, max }: { min: number; max: number }): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw invalid(`${name} must be a whole number from ${min} to ${max}`);
}

const isoPattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/i;

/** As the journal writes time: UTC, milliseconds. */
function isoTime(name: string, value: string): string {
  // A plus sign that was not percent-encoded in a query arrives as a space.
  const match = isoPattern.exec(value.replace(" ", "+"));
  const time =
    match === null ? Number.NaN : Date.parse(match[0].includes("T") && !match[1] ? `${match[0]}Z` : match[0]);
  if (Number.isNaN(time)) throw invalid(`${name} must be a time in ISO 8601`);
  return new Date(time).toISOString();
}

const invalid = (message: string) => new HubError("ArgumentInvalid", message);
