import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { InjectOptions } from "fastify";
import {
  assertRefused,
  deviceView,
  moduleView,
  openHttp,
  type Script,
  twinView,
} from "../../../unit/adapters/http/http-fixture.ts";
import { configuration } from "../../../unit/core/configuration/configuration-fixture.ts";

const group = { name: "a", etag: "MQ==", createdTime: "2026-03-01T12:00:00.000Z" };

const automatic = configuration();

const transfer = {
  jobId: "j",
  work: { type: "export", devicesBlobName: "d", configurationsBlobName: null, outputContainer: "https://a.test/out" },
  createdTime: "2026-03-01T12:00:00.000Z",
  status: "enqueued",
  progress: 0,
  endTime: null,
  failureReason: null,
};

const job = {
  jobId: "j",
  jobType: "scheduleUpdateTwin",
  updateTwin: { etag: "*" },
  run: null,
  endTime: null,
  failureReason: null,
};

const time = "2026-03-01T12:00:00.000Z";
const command = { messageId: "m", sequenceNumber: 1, enqueuedTime: time, expiresAt: time };
const pending = { ...command, state: "Enqueued", deliveryCount: 0 };

/** A hub that takes everything: whatever is refused, the adapter refused. */
const willing: Script = {
  "registry.putDevice": () => deviceView(),
  "registry.getDevice": () => deviceView(),
  "registry.listDevices": () => [deviceView()],
  "registry.deleteDevice": () => undefined,
  "registry.putModule": () => moduleView(),
  "registry.getModule": () => moduleView(),
  "registry.listModules": () => [moduleView()],
  "registry.deleteModule": () => undefined,
  "registry.bulk": () => ({ isSuccessful: true, errors: [], warnings: [] }),
  "registry.regenerateKeys": () => ({ policyKey: "both", rotatedKeys: [], errors: [] }),
  "twins.get": () => twinView(),
  "twins.update": () => twinView(),
  "twins.replace": () => twinView(),
  "queries.page": async () => ({ itemType: "Twin", rows: ["{}"], next: "t" }),
  "queryIndexes.list": () => [],
  "queryIndexes.create": async () => {},
  "queryIndexes.delete": async () => {},
  "telemetry.sendAll": () => undefined,
  "history.page": () => ({ events: [] }),
  "history.timeline": () => ({ entries: [] }),
  "history.correlated": () => ({ events: [] }),
  "history.journal": async function* () {},
  "pastTwins.at": () => ({ view: twinView(), sequence: 1, time: "2026-01-01T00:00:00.000Z" }),
  "pastTwins.difference": () => ({ changes: [], patch: [] }),
  "pastTwins.restore": () => twinView(),
  "consumerGroups.list": () => [],
  "consumerGroups.get": () => group,
  "consumerGroups.create": () => group,
  "consumerGroups.delete": () => undefined,
  "commands.send": () => command,
  "commands.receive": () => undefined,
  "commands.settle": () => undefined,
  "commands.purge": () => 0,
  "commands.pending": () => [pending],
  "commands.state": () => pending,
  "feedback.take": () => undefined,
  "fileUploads.start": () => ({
    correlationId: "c",
    hostName: "h",
    containerName: "u",
    blobName: "d/f",
    sasToken: "?s",
  }),
  "configurations.list": () => [automatic],
  "configurations.get": () => automatic,
  "configurations.put": () => automatic,
  "configurations.delete": () => undefined,
  "configurations.testQueries": () => ({ targetConditionError: "", customMetricQueryErrors: {} }),
  "configurations.applyContent": () => undefined,
  "fileUploads.complete": () => undefined,
  "fileUploads.list": () => [],
  "registryJobs.create": () => transfer,
  "registryJobs.list": () => [transfer],
  "registryJobs.get": () => transfer,
  "registryJobs.cancel": () => transfer,
  "jobs.create": () => job,
  "jobs.get": () => job,
  "jobs.list": () => [job],
  "jobs.cancel": () => job,
  "methods.invoke": () => ({ status: 200, payload: null }),
  statistics: () => ({ totalDeviceCount: 1, enabledDeviceCount: 1, disabledDeviceCount: 0, connectedDeviceCount: 0 }),
};

const groups =
  "/subscriptions/ID/resourceGroups/ID/providers/Microsoft.Devices/IotHubs/hub-1/eventHubEndpoints/events/ConsumerGroups";

const methods = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"] as const;

const segment = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      "devices",
      "twins",
      "modules",
      "messages",
      "events",
      "history",
      "keys",
      "commands",
      "files",
      "configurations",
      "jobs",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("DEVICES", "statistics", "service", "regenerate", "healthz", "readyz", "openapi.json"),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom("d", "%23", "%", "%zz", "%C4%B0", "%00", "..", "__proto__", "x".repeat(200), "$iothub"),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())) },
);

/** Mostly the shape of a route, so that something behind it is reached. */
const path = fc.oneof(
  { weight: 1, arbitrary: fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join("/")}`) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          "/devices/ID",
          "/devices",
          "/devices/ID/modules/ID",
          "/devices/ID/modules",
          "/devices/ID/commands",
          "/devices/keys/regenerate",
          "/devices/ID/messages/events",
          "/devices/ID/modules/ID/messages/events",
          "/devices/ID/messages/devicebound",
          "/devices/ID/messages/deviceBound/ID",
          "/devices/ID/messages/devicebound/ID/abandon",
          "/messages/serviceBound/feedback",
          "/messages/servicebound/feedback/ID",
          "/configurations",
          "/configurations/ID",
          "/configurations/testQueries",
          "/devices/ID/applyConfigurationContent",
          "/devices/ID/files",
          "/devices/ID/files/notifications",
          "/devices/ID/files/notifications/ID",
          "/devices/ID/history",
          "/twins/ID",
          "/twins/ID/modules/ID",
          "/twins/ID/methods",
          "/twins/ID/modules/ID/methods",
          "/devices/query",
          "/queryIndexes",
          "/queryIndexes/ID",
          "/queryIndexes/tags.ID",
          "/statistics/devices",
          "/jobs/create",
          "/jobs/ID",
          "/jobs/v2/ID",
          "/jobs/v2/ID/cancel",
          "/jobs/v2/query",
          groups,
          `${groups}/ID`,
        ),
        segment,
      )
      .map(([template, id]) => template.replaceAll("ID", () => id)),
  },
);

const query = fc.oneof(
  fc.constantFrom(
    "",
    "?",
    "?api-version=2021-04-12",
    "?api-version=1",
    "?top=x",
    "?limit=0&type=a&type=b",
    "?__proto__=1",
  ),
  fc.constantFrom("?api-version=2021-04-12&from=x", "?after=9&order=desc", "?a[b]=c", "?%", "#x"),
  fc.string({ maxLength: 30 }).map((text) => `?${encodeURI(text.toWellFormed())}`),
);

const headerValue = fc.oneof(
  fc.constantFrom(
    "",
    "*",
    '"*"',
    '""',
    "application/json",
    "text/plain",
    ";",
    "PATCH",
    "chunked",
    "100-continue",
    "-1",
  ),
  fc.stringMatching(/^[\x20-\x7e]{0,40}$/),
);
const headers = fc.dictionary(
  fc.constantFrom(
    "authorization",
    "content-type",
    "if-match",
    "x-http-method-override",
    "x-ms-continuation",
    "x-ms-max-item-count",
    "iothub-app-a",
    "iothub-messageid",
    "accept-version",
    "accept-encoding",
    "expect",
    "upgrade",
  ),
  headerValue,
  { maxKeys: 4, noNullPrototype: true },
);

const json = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.array(fc.record({ id: fc.jsonValue({ maxDepth: 1 }), body: fc.jsonValue({ maxDepth: 1 }) }, { requiredKeys: [] })),
  fc.record({
    tags: fc.jsonValue(),
    properties: fc.oneof(fc.jsonValue(), fc.record({ name: fc.constantFrom("d", "", "__proto__", 1, null) })),
    policyKey: fc.constant("both"),
    devices: fc.jsonValue(),
    startTime: fc.oneof(fc.constantFrom("2026-01-01", "2026-01-01T00:00:00.1Z", null), fc.string()),
    query: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
  }),
);
const payload = fc.oneof(
  { weight: 4, arbitrary: json.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "{", '{"__proto__":{}}', "[".repeat(5000), '{"a":'.repeat(5000), "\u0000", "nul"),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);

const type = fc.constantFrom(undefined, "application/json", "application/vnd.microsoft.iothub.json", "text/xml");

const request = fc
  .record({ method: fc.constantFrom(...methods), path, query, headers, payload: fc.option(payload), type })
  .map(({ method, path: route, query: asked, headers: sent, payload: body, type: contentType }): InjectOptions => {
    const all = { ...(contentType !== undefined && { "content-type": contentType }), ...sent };
    return { method, url: `${route}${asked}`, headers: all, ...(body !== null && { payload: body }) };
  });

const budgetMs = 5_000;

// spec/http-api 11: whatever comes, the answer is a document of the service or an error in form A
test("any request is answered, never with a 500, and errors are well formed", async () => {
  await using http = await openHttp(willing);
  const statuses = new Map<number, number>();
  const property = fc.asyncProperty(request, async (options) => {
    http.calls.length = 0;
    http.lines.length = 0;
    const response = await http.send(options);
    statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1);
    assert.ok(response.statusCode < 500, `${response.statusCode} ${JSON.stringify(http.lines)}`);
    assert.ok(response.headers["x-ms-request-id"]);
    if (response.statusCode < 300) return;
    const reason = String(response.headers["iothub-errorcode"]);
    if (response.raw.req.method !== "HEAD") assertRefused(response, response.statusCode, reason);
    assert.ok(
      http.calls.every(({ name }) => /Access\./.test(name)),
      "a refused request changes nothing",
    );
  });
  await fc.assert(property, { numRuns: 20_000, interruptAfterTimeLimit: budgetMs, markInterruptAsFailure: false });
  // The generator is worth something only while it reaches both sides.
  for (const status of [200, 204, 400, 404, 405, 415]) assert.ok(statuses.has(status), `no ${status} seen`);
});
