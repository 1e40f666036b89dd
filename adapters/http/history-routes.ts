import Type from "typebox";
import type { TimelinePosition } from "../../core/history/timeline.ts";
import type { Hub } from "../../core/hub/hub.ts";
import { type EventDocument, entryDocument, eventDocument, journalDocument } from "./event-document.ts";
import { exportFormatOf, sendExport } from "./event-export.ts";
import { serviceGuard } from "./guards.ts";
import {
  type DeviceHistory,
  deviceHistoryOf,
  eventFilterOf,
  eventParameters,
  HistoryHeaders,
  HistoryQuery,
  integer,
  pageSizeOf,
  positionText,
  timelineRequestOf,
} from "./history-filter.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, DeviceParams, FreeObject, jsonAnswer, Query } from "./schemas.ts";

const RecordedEvent = Type.Object(
  {
    sequence: Type.Optional(Type.Integer({ description: "place in the hub's whole journal; telemetry has none" })),
    id: Type.String(),
    type: Type.String(),
    time: Type.String({ description: "ISO 8601, UTC" }),
    actor: Type.String({ description: "`policy:<name>`, `device:<id>`, `module:<device>/<module>` or `hub:<node>`" }),
    correlationId: Type.String({ description: "the request, connection or job it belongs to" }),
    causationId: Type.Optional(Type.String()),
    deviceId: Type.Optional(Type.String()),
    moduleId: Type.Optional(Type.String()),
    partition: Type.Optional(Type.Integer({ description: "of telemetry" })),
    offset: Type.Optional(Type.Integer({ description: "of telemetry, in its partition" })),
    data: FreeObject,
  },
  { $id: "RecordedEvent" },
);

const tags = ["History"];
const eventPage = jsonAnswer(Type.Array(Type.Ref("RecordedEvent#")), {
  description: "Events, secrets left out: a page, or all as lines of NDJSON or CSV",
  headers: {
    "x-ms-continuation": { type: "string", description: "pass it on for the next page; absent on the last" },
  },
});

/** What happened to a device and its modules, to everything that one request caused, or to the whole hub, from the journal. */
export function historyRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(RecordedEvent);
  deviceRoute(app, hub);
  correlationRoute(app, hub);
  journalRoute(app, hub);
}

function deviceRoute(app: HttpApp, hub: Hub): void {
  const schema = {
    tags,
    summary: "Everything that happened to a device and its modules, earlier devices of that id included",
    params: DeviceParams,
    querystring: HistoryQuery,
    headers: HistoryHeaders,
    response: answers({ 200: eventPage }),
  };
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");
  app.get("/devices/:deviceId/history", { schema, onRequest }, async ({ params, query, headers }, reply) => {
    const request = deviceHistoryOf(params.deviceId, query, headers);
    const format = exportFormatOf(query.format);
    const page = await readPage(hub, request);
    if (format !== undefined) return sendExport(reply, format, restOf(hub, request, page));
    if (page.next !== undefined) reply.header("x-ms-continuation", positionText(page.next));
    return page.documents;
  });
}

type Page = { readonly documents: readonly EventDocument[]; readonly next?: TimelinePosition };

async function readPage(hub: Hub, request: DeviceHistory): Promise<Page> {
  const { filter, after, withTelemetry } = request;
  if (withTelemetry) {
    const { entries, next } = await hub.history.timeline(timelineRequestOf(request));
    const documents = entries.map((entry) => entryDocument(entry, filter.deviceId));
    return { documents, ...(next !== undefined && { next }) };
  }
  const { sequence } = after;
  const { events, next } = await hub.history.page({
    ...filter,
    ...(sequence !== undefined && { afterSequence: sequence }),
  });
  const documents = events.map((event) => eventDocument(event, filter.deviceId));
  return { documents, ...(next !== undefined && { next: { sequence: next } }) };
}

/** The first page and all that follow it, or as many events as were asked for. */
async function* restOf(
  hub: Hub,
  request: DeviceHistory,
  first: Page,
): AsyncGenerator<readonly EventDocument[], void, void> {
  let page = first;
  yield page.documents;
  while (page.next !== undefined && !request.hasLimit) {
    page = await readPage(hub, { ...request, after: page.next });
    yield page.documents;
  }
}

const CorrelationParams = Type.Object({
  correlationId: Type.String({ minLength: 1, maxLength: 256, description: "as events have it; a job's is `job:<id>`" }),
});

const CorrelationQuery = Type.Object({
  ...Query.properties,
  after: HistoryQuery.properties.after,
  limit: HistoryQuery.properties.limit,
});

function correlationRoute(app: HttpApp, hub: Hub): void {
  const schema = {
    tags,
    summary: "Everything that one request, connection, job or pass of configurations caused, over all devices",
    params: CorrelationParams,
    querystring: CorrelationQuery,
    headers: HistoryHeaders,
    response: answers({ 200: eventPage }),
  };
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");
  app.get("/history/correlations/:correlationId", { schema, onRequest }, async ({ params, query, headers }, reply) => {
    const after = headers["x-ms-continuation"] ?? query.after;
    const limit = pageSizeOf(query.limit ?? headers["x-ms-max-item-count"]);
    const { events, next } = await hub.history.correlated(params.correlationId, {
      ...(after !== undefined && { afterSequence: integer("after", after, { min: 0, max: Number.MAX_SAFE_INTEGER }) }),
      limit,
    });
    if (next !== undefined) reply.header("x-ms-continuation", String(next));
    return events.map(journalDocument);
  });
}

const JournalQuery = Type.Object({
  ...eventParameters,
  format: Type.Optional(Type.String({ maxLength: 64, description: "ndjson (default) or csv" })),
});

function journalRoute(app: HttpApp, hub: Hub): void {
  const schema = {
    tags,
    summary: "The hub's whole history as a stream of lines, oldest first",
    querystring: JournalQuery,
    response: answers({ 200: eventPage }),
  };
  const onRequest = serviceGuard(hub, "RegistryRead", "ServiceConnect");
  app.get("/history", { schema, onRequest }, ({ query }, reply) => {
    const format = exportFormatOf(query.format ?? "ndjson") ?? "ndjson";
    return sendExport(reply, format, documentsOf(hub, eventFilterOf(query)));
  });
}

async function* documentsOf(hub: Hub, filter: ReturnType<typeof eventFilterOf>) {
  for await (const events of hub.history.journal(filter)) yield events.map(journalDocument);
}
