import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordedEvent } from "../../../../core/events.ts";
import type { HistoryFilter } from "../../../../core/ports.ts";
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
  for (const query of [...queries, "from=2026-01-01T25:00:00Z", `type=${"x".repeat(2000)}`, "from=1&from=2"]) {
    assertRefused(await http.send({ url: `/devices/dev-1/history?${query}` }), 400, "ArgumentInvalid");
  }
});
