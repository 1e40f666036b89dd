import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, moduleView, openHttp, refuse, twinView } from "./http-fixture.ts";

// spec/http-api 3.1, 3.2
test("GET answers a twin, without an ETag header, to a back end with ServiceConnect", async () => {
  await using http = await openHttp({ "twins.get": () => twinView() });
  const response = await http.send({ url: "/twins/dev-1?api-version=2021-04-12" });
  const twin = response.json<{ etag: string; properties: { desired: unknown } }>();
  assert.equal(twin.etag, "AAAAAAAAAAE=");
  assert.deepEqual(twin.properties.desired, {
    on: true,
    $metadata: { $lastUpdated: "2026-01-01T00:00:00.000Z" },
    $version: 1,
  });
  assert.equal(response.headers.etag, undefined);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["ServiceConnect"]);
});

// spec/http-api 3.1
test("PATCH and PUT of a whole echoed twin pass on tags, desired properties and If-Match", async () => {
  await using http = await openHttp({ "twins.update": () => twinView(), "twins.replace": () => twinView() });
  const payload = {
    deviceId: "other",
    etag: "AAAAAAAAAAE=",
    version: 9,
    status: "disabled",
    tags: { floor: 2, gone: null },
    properties: { desired: { on: false, $version: 4, $metadata: {} }, reported: { x: 1 } },
  };
  for (const [method, name] of [
    ["PATCH", "twins.update"],
    ["PUT", "twins.replace"],
  ] as const) {
    const response = await http.send({
      method,
      url: "/twins/dev-1",
      payload,
      headers: { "if-match": '"AAAAAAAAAAE="' },
    });
    assert.equal(response.statusCode, 200);
    assert.deepEqual(http.only(name), [
      {
        actor: { kind: "policy", policy: "iothubowner" },
        correlationId: response.headers["x-ms-request-id"],
        deviceId: "dev-1",
        ifMatch: "AAAAAAAAAAE=",
        tags: payload.tags,
        desired: payload.properties.desired,
      },
    ]);
  }
});

// spec/http-api 1.2: member names in any case
test("sections that are absent stay absent, null is passed on, names match in any case", async () => {
  await using http = await openHttp({ "twins.update": () => twinView() });
  const sent = [
    {},
    { properties: {} },
    { properties: null },
    { tags: null, properties: { desired: null } },
    { Tags: {}, Properties: { Desired: {} } },
  ];
  for (const payload of sent) await http.send({ method: "PATCH", url: "/twins/dev-1", payload });
  const sections = http.calls
    .filter(({ name }) => name === "twins.update")
    .map(({ args }) => args[0] as Record<string, unknown>)
    .map((write) =>
      Object.fromEntries(["tags", "desired"].filter((key) => key in write).map((key) => [key, write[key]])),
    );
  assert.deepEqual(sections, [{}, {}, {}, { tags: null, desired: null }, { tags: {}, desired: {} }]);
});

// spec/http-api 3.1
test("a section that is no object is refused", async () => {
  await using http = await openHttp();
  for (const payload of [{ tags: 1 }, { tags: [] }, { properties: "x" }, { properties: { desired: [1] } }]) {
    assertRefused(await http.send({ method: "PATCH", url: "/twins/dev-1", payload }), 400, "ArgumentInvalid");
  }
});

// spec/http-api 3.1
test("a twin that is not there, or has another etag, is the hub's to refuse", async () => {
  await using http = await openHttp({
    "twins.get": refuse("ModuleNotFound", "no such module"),
    "twins.update": refuse("PreconditionFailed", "ETag mismatch for device ID 'dev-1'"),
  });
  assertRefused(await http.send({ url: "/twins/dev-1/modules/m" }), 404, "ModuleNotFound");
  assertRefused(await http.send({ method: "PATCH", url: "/twins/dev-1", payload: {} }), 412, "PreconditionFailed");
});

// spec/http-api 3.1
test("module twins have paths of their own", async () => {
  const { module } = moduleView();
  await using http = await openHttp({
    "twins.get": () => twinView(undefined, module),
    "twins.replace": () => twinView(),
  });
  const url = "/twins/dev-1/modules/mod-1";
  assert.equal((await http.send({ url })).json<{ moduleId: string }>().moduleId, "mod-1");
  await http.send({ method: "PUT", url, payload: { tags: {} } });
  const [write] = http.only("twins.replace") as [{ deviceId: string; moduleId: string }];
  assert.deepEqual([write.deviceId, write.moduleId], ["dev-1", "mod-1"]);
});

test("keys of users come back as they are, whatever they are called", async () => {
  const view = twinView();
  const values = JSON.parse('{"constructor":1,"toString":{"a":[]},"":2}') as Record<string, never>;
  await using http = await openHttp({ "twins.get": () => ({ ...view, twin: { ...view.twin, tags: values } }) });
  assert.deepEqual((await http.send({ url: "/twins/dev-1" })).json<{ tags: unknown }>().tags, values);
});
