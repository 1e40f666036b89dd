import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { RecordedEvent } from "../../../../core/events.ts";
import type { TimelineEntry } from "../../../../core/history/timeline.ts";
import type { ActorFilter, HistoryFilter, StoredTelemetry } from "../../../../core/ports.ts";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const deleted: RecordedEvent = {
  sequence: 7,
  key: { aggregate: "identity", id: "dev-1", moduleId: "m" },
  event: { type: "DeviceDeleted", data: { deviceId: "dev-1", generationId: "1", at: "2026-01-01T00:00:00.000Z" } },
  meta: {
    id: "e-7",
    time: "2026-01-01T00:00:00.000Z",
    actor: { kind: "policy", policy: "iothubowner" },
    correlationId: "r-1",
  },
};

test("a page is an array of events, with where the next one starts", async () => {
  await using http = await openHttp({ "history.page": () => ({ events: [deleted], next: 7 }) });
  const response = await http.send({ url: "/devices/dev-1/history" });
  assert.equal(response.headers["x-ms-continuation"], "7");
  assert.deepEqual(response.json(), [
    {
      sequence: 7,
      id: "e-7",
      type: "DeviceDeleted",
      time: "2026-01-01T00:00:00.000Z",
      actor: "policy:iothubowner",
      correlationId: "r-1",
      deviceId: "dev-1",
      moduleId: "m",
      data: deleted.event.data,
    },
  ]);
  assert.deepEqual(http.only("history.page"), [{ deviceId: "dev-1", limit: 100 }]);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryRead", "ServiceConnect"]);
});

test("the last page has no continuation, a device nobody heard of has no page", async () => {
  await using last = await openHttp({ "history.page": () => ({ events: [] }) });
  const response = await last.send({ url: "/devices/dev-1/history" });
  assert.equal(response.body, "[]");
  assert.equal(response.headers["x-ms-continuation"], undefined);
  await using unknown = await openHttp({ "history.page": refuse("DeviceNotFound", "dev-1") });
  assertRefused(await unknown.send({ url: "/devices/dev-1/history" }), 404, "DeviceNotFound");
});

test("query and headers become the filter", async () => {
  await using http = await openHttp({ "history.page": () => ({ events: [] }) });
  const ask = async (query: string, headers: Record<string, string> = {}): Promise<Partial<HistoryFilter>> => {
    http.calls.length = 0;
    const response = await http.send({ url: `/devices/dev-1/history?${query}`, headers });
    assert.equal(response.statusCode, 200, `${query}: ${response.body}`);
    const [{ deviceId: _deviceId, ...filter }] = http.only("history.page") as [HistoryFilter];
    return filter;
  };
  assert.deepEqual(await ask("type=TwinUpdated,DeviceCreated"), {
    types: ["TwinUpdated", "DeviceCreated"],
    limit: 100,
  });
  assert.deepEqual(await ask("type=A&type=B"), { types: ["A", "B"], limit: 100 });
  assert.deepEqual(await ask("type="), { limit: 100 });
  assert.deepEqual(await ask("from=2026-01-01&to=2026-01-01T12:00:00%2B01:00"), {
    from: "2026-01-01T00:00:00.000Z",
    to: "2026-01-01T11:00:00.000Z",
    limit: 100,
  });
  assert.deepEqual(await ask("from=2026-01-01T12:00&to=2026-01-01T12:00:00.5+01:00"), {
    from: "2026-01-01T12:00:00.000Z",
    to: "2026-01-01T11:00:00.500Z",
    limit: 100,
  });
  assert.deepEqual(await ask("after=12&order=DESC&limit=1000"), { afterSequence: 12, descending: true, limit: 1000 });
  assert.deepEqual(await ask("after=12&order=asc", { "x-ms-continuation": "40", "x-ms-max-item-count": "5" }), {
    afterSequence: 40,
    limit: 5,
  });
  assert.deepEqual(await ask("limit=6", { "x-ms-max-item-count": "5" }), { limit: 6 });
  assert.deepEqual(await ask("type=connection,Method*ed"), {
    types: [
      "DeviceConnected",
      "DeviceDisconnected",
      "SubscriptionsChanged",
      "MethodCalled",
      "MethodDelivered",
      "MethodAnswered",
      "MethodFailed",
    ],
    limit: 100,
  });
  assert.deepEqual(await ask("from=seq:5&to=SEQ:9&module=m&correlation=job:1"), {
    fromSequence: 5,
    toSequence: 9,
    moduleId: "m",
    correlationId: "job:1",
    limit: 100,
  });
  assert.deepEqual(await ask("module="), { moduleId: "", limit: 100 });
  const actors: readonly (readonly [string, ActorFilter])[] = [
    ["policy", { kind: "policy" }],
    ["hub:*", { kind: "hub" }],
    ["policy:a%2520b", { kind: "policy", actor: { kind: "policy", policy: "a b" } }],
    ["device:a:b", { kind: "device", actor: { kind: "device", deviceId: "a:b" } }],
    ["module:d/m", { kind: "module", actor: { kind: "device", deviceId: "d", moduleId: "m" } }],
  ];
  for (const [text, actor] of actors) assert.deepEqual(await ask(`actor=${text}`), { actor, limit: 100 });
});

const message: StoredTelemetry = {
  partition: 2,
  sequence: 41,
  stamp: { deviceId: "dev-1", moduleId: "m", generationId: "1", authMethod: "{}", connectionId: "c-1" },
  time: "2026-01-01T00:00:01.000Z",
  properties: { system: { "message-id": "m1" }, application: new Map([["__proto__", "x"]]) },
  body: Buffer.from('{"t":1}'),
};

test("telemetry stands among the events, with its place in its partition", async () => {
  const entries: readonly TimelineEntry[] = [
    { kind: "event", event: deleted },
    { kind: "telemetry", message },
    { kind: "telemetry", message: { ...message, body: Buffer.from([255]) } },
  ];
  await using http = await openHttp({ "history.timeline": () => ({ entries, next: { sequence: 7, telemetry: 41 } }) });
  const response = await http.send({ url: "/devices/dev-1/history?telemetry=true&after=5.40&order=desc&limit=3" });
  assert.equal(response.headers["x-ms-continuation"], "7.41");
  const [event, telemetry, binary] = response.json<Record<string, unknown>[]>();
  assert.equal(event?.sequence, 7);
  assert.deepEqual(telemetry, {
    partition: 2,
    offset: 40,
    id: "2/40",
    type: "Telemetry",
    time: message.time,
    actor: "module:dev-1/m",
    correlationId: "c-1",
    deviceId: "dev-1",
    moduleId: "m",
    data: JSON.parse(
      '{"systemProperties":{"message-id":"m1"},"applicationProperties":{"__proto__":"x"},"body":{"t":1}}',
    ),
  });
  assert.match(JSON.stringify(binary), /"base64":"\/w=="/);
  assert.deepEqual(http.only("history.timeline"), [
    { deviceId: "dev-1", descending: true, limit: 3, after: { sequence: 5, telemetry: 40 } },
  ]);
});

test("an export is a stream of all pages, as NDJSON or CSV", async () => {
  const pages = [
    { events: [deleted], next: 7 },
    { events: [{ ...deleted, sequence: 8, meta: { ...deleted.meta, correlationId: 'a "b", c' } }] },
  ];
  const filters: unknown[] = [];
  const page = (filter: HistoryFilter) => {
    filters.push(filter.afterSequence);
    return filter.afterSequence === undefined ? pages[0] : pages[1];
  };
  await using http = await openHttp({ "history.page": page });
  const ndjson = await http.send({ url: "/devices/dev-1/history?format=ndjson" });
  assert.equal(ndjson.headers["content-type"], "application/x-ndjson");
  const lines = ndjson.body.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { sequence: number }).sequence),
    [7, 8],
  );
  assert.deepEqual(filters, [undefined, 7]);
  const csv = await http.send({ url: "/devices/dev-1/history?format=csv" });
  assert.match(String(csv.headers["content-type"]), /^text\/csv/);
  const rows = csv.body.split("\r\n");
  assert.equal(rows[0], "sequence,time,type,actor,correlationId,causationId,deviceId,moduleId,id,data");
  assert.match(
    rows[1] ?? "",
    /^7,2026-01-01T00:00:00.000Z,DeviceDeleted,policy:iothubowner,r-1,,dev-1,m,e-7,"\{""deviceId""/,
  );
  assert.match(rows[2] ?? "", /,"a ""b"", c",,dev-1,m,/);
  assert.deepEqual(rows.slice(3), [""]);
  const limited = await http.send({ url: "/devices/dev-1/history?format=ndjson&limit=1" });
  assert.equal(limited.body.trimEnd().split("\n").length, 1);
});

test("an export of an unknown device is refused before it begins", async () => {
  await using http = await openHttp({ "history.page": refuse("DeviceNotFound", "dev-1") });
  assertRefused(await http.send({ url: "/devices/dev-1/history?format=csv" }), 404, "DeviceNotFound");
});

test("the whole journal leaves as lines, each with what it is about", async () => {
  const of = (key: RecordedEvent["key"]): RecordedEvent => ({ ...deleted, key });
  const batches = [
    [of({ aggregate: "job", id: "j", moduleId: "3" }), of({ aggregate: "configuration", id: "c" })],
    [of({ aggregate: "hub", id: "access" }), of({ aggregate: "twin", id: "d", moduleId: "m" })],
  ];
  await using http = await openHttp({ "history.journal": () => Readable.from(batches) });
  const response = await http.send({ url: "/history?type=twin&from=seq:3&actor=policy" });
  const subjects = response.body
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { jobId, chunk, configurationId, part, deviceId, moduleId } = JSON.parse(line) as Record<string, unknown>;
      return JSON.stringify({ jobId, chunk, configurationId, part, deviceId, moduleId });
    });
  assert.deepEqual(subjects, [
    '{"jobId":"j","chunk":3}',
    '{"configurationId":"c"}',
    '{"part":"access"}',
    '{"deviceId":"d","moduleId":"m"}',
  ]);
  const types = ["TwinUpdated", "TwinReplaced", "TwinConfigured", "TwinReportedPatched"];
  assert.deepEqual(http.only("history.journal"), [{ types, actor: { kind: "policy" }, fromSequence: 3 }]);
});

test("the events of one cause come in pages", async () => {
  await using http = await openHttp({ "history.correlated": () => ({ events: [deleted], next: 7 }) });
  const response = await http.send({ url: "/history/correlations/job%3Aj%2F1?limit=1&after=3" });
  assert.equal(response.headers["x-ms-continuation"], "7");
  assert.equal(response.json<unknown[]>().length, 1);
  assert.deepEqual(http.only("history.correlated"), ["job:j/1", { afterSequence: 3, limit: 1 }]);
});

test("a filter that makes no sense is refused", async () => {
  await using http = await openHttp();
  const queries = [
    "limit=0",
    "limit=1001",
    "limit=x",
    "after=-1",
    "after=1e3",
    "order=up",
    "from=yesterday",
    "to=2026-13-01",
  ];
  const more = [
    "telemetry=maybe",
    "format=xml",
    "actor=me",
    "actor=module:d",
    "actor=policy:%25",
    "from=seq:x",
    "after=1.x",
    "after=",
    "telemetry=true&from=seq:3",
  ];
  for (const query of [...queries, ...more, "from=2026-01-01T25:00:00Z", `type=${"x".repeat(2000)}`, "from=1&from=2"]) {
    assertRefused(await http.send({ url: `/devices/dev-1/history?${query}` }), 400, "ArgumentInvalid");
  }
});
