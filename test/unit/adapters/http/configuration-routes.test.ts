import assert from "node:assert/strict";
import { test } from "node:test";
import type { Configuration } from "../../../../core/configuration/configuration.ts";
import { assertRefused, openHttp, refuse, type Script, twinView } from "./http-fixture.ts";

const created = "2026-03-01T12:00:00.000Z";
const configuration: Configuration = {
  id: "my-config",
  schemaVersion: null,
  labels: { a: "b" },
  content: { kind: "deviceContent", members: { "properties.desired.x": { y: [1] } } },
  contentType: null,
  targetCondition: "tags.a = 1",
  priority: 2,
  metrics: { m: "select * from devices" },
  digest: "digest",
  etag: "MQ==",
  createdTime: created,
  lastUpdatedTime: created,
  measured: { system: { targetedCount: 3 }, custom: { m: 4 } },
};
const document = {
  id: "my-config",
  schemaVersion: null,
  labels: { a: "b" },
  content: { deviceContent: { "properties.desired.x": { y: [1] } } },
  targetCondition: "tags.a = 1",
  createdTimeUtc: created,
  lastUpdatedTimeUtc: created,
  priority: 2,
  systemMetrics: {
    results: { targetedCount: 3 },
    queries: {
      targetedCount: "select deviceId from devices where tags.a = 1",
      appliedCount: "select deviceId from devices where configurations.[[my-config]].status = 'Applied'",
    },
  },
  metrics: { results: { m: 4 }, queries: { m: "select * from devices" } },
  etag: "MQ==",
};
const script: Script = {
  "configurations.get": () => configuration,
  "configurations.list": () => [configuration],
  "configurations.put": () => configuration,
  "configurations.delete": () => undefined,
  "configurations.testQueries": () => ({ targetConditionError: "", customMetricQueryErrors: { m: "bad" } }),
  "configurations.applyContent": () => undefined,
};
const version = "?api-version=2021-04-12";
const argument = (args: readonly unknown[]) => args[0] as Record<string, unknown>;

// spec/http-api 7
test("a configuration is read with its etag, which is a header too", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ url: `/configurations/my-config${version}` });
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), document);
  assert.deepEqual(Object.keys(response.json<object>()), Object.keys(document));
  assert.equal(response.headers.etag, '"MQ=="');
  assert.deepEqual(http.only("configurations.get"), ["my-config"]);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryRead", "ServiceConnect"]);
  await using none = await openHttp({ "configurations.get": refuse("ConfigurationNotFound", "none") });
  assertRefused(await none.send({ url: `/configurations/x${version}` }), 404, "ConfigurationNotFound");
});

// spec/http-api 1.2, 7
test("configurations are listed, with a slash at the end and a limit", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ url: `/configurations/${version}&top=20` });
  assert.deepEqual(response.json(), [document]);
  assert.deepEqual(http.only("configurations.list"), [20]);
});

// spec/http-api 7: an etag in the body is no precondition
test("a configuration is created without If-Match, and updated with it", async () => {
  await using http = await openHttp(script);
  const payload = { ...document, etag: "*" };
  const put = { method: "PUT", url: `/configurations/my-config${version}`, payload } as const;
  const response = await http.send(put);
  assert.deepEqual([response.statusCode, response.headers.etag], [200, '"MQ=="']);
  assert.deepEqual(response.json(), document);
  const write = argument(http.only("configurations.put"));
  assert.deepEqual([write.id, write.ifMatch, write.body], ["my-config", undefined, payload]);
  assert.deepEqual(write.actor, { kind: "policy", policy: "iothubowner" });
  for (const [header, ifMatch] of [
    ['"MQ=="', "MQ=="],
    ['"*"', "*"],
    ["*", "*"],
  ] as const) {
    await using update = await openHttp(script);
    await update.send({ ...put, headers: { "if-match": header } });
    assert.equal(argument(update.only("configurations.put")).ifMatch, ifMatch);
  }
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryWrite", "ServiceConnect"]);
});

// spec/http-api 7, 11.3
test("each refusal has its code and status", async () => {
  for (const [reason, status] of [
    ["ConfigurationAlreadyExists", 409],
    ["InvalidConfigurationTargetCondition", 400],
    ["InvalidConfigurationContent", 400],
    ["InvalidConfigurationCustomMetricsQuery", 400],
    ["CannotModifyImmutableConfigurationContent", 400],
    ["ConfigurationNotFound", 404],
    ["PreconditionFailed", 412],
    ["ConfigurationCountLimitExceeded", 413],
  ] as const) {
    await using http = await openHttp({ "configurations.put": refuse(reason, "no") });
    const put = { method: "PUT", url: `/configurations/c${version}`, payload: {} } as const;
    assertRefused(await http.send(put), status, reason);
  }
});

test("a configuration needs a JSON object", async () => {
  await using http = await openHttp(script);
  const url = `/configurations/c${version}`;
  assertRefused(await http.send({ method: "PUT", url }), 400, "ArgumentNull");
  assertRefused(await http.send({ method: "PUT", url, payload: [] }), 400, "IotHubFormatError");
});

// spec/http-api 7
test("a configuration is deleted with a precondition or without", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ method: "DELETE", url: `/configurations/my%2Bconfig${version}` });
  assert.deepEqual([response.statusCode, response.body, response.headers["content-length"]], [204, "", "0"]);
  const { id, ifMatch } = argument(http.only("configurations.delete"));
  assert.deepEqual([id, ifMatch], ["my+config", undefined]);
});

// spec/http-api 7: testQueries
test("queries are tested, under a path in any case", async () => {
  await using http = await openHttp(script);
  const payload = { targetCondition: "*", customMetricQueries: { m: "x" } };
  const response = await http.send({ method: "POST", url: `/Configurations/testqueries${version}`, payload });
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { targetConditionError: "", customMetricQueryErrors: { m: "bad" } });
  assert.deepEqual(http.only("configurations.testQueries"), [payload]);
});

// spec/http-api 7: applyConfigurationContent
test("content is applied to a device", async () => {
  await using http = await openHttp(script);
  const payload = { modulesContent: {} };
  const url = `/devices/dev%231/applyConfigurationContent${version}`;
  const response = await http.send({ method: "POST", url, payload });
  assert.deepEqual([response.statusCode, response.body], [204, ""]);
  const { deviceId, body } = argument(http.only("configurations.applyContent"));
  assert.deepEqual([deviceId, body], ["dev#1", payload]);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryWrite", "ServiceConnect"]);
});

// spec/http-api 3.2
test("a twin shows the configurations that target it", async () => {
  const view = twinView();
  const configurations = { c: { status: "Applied" } } as const;
  await using http = await openHttp({ "twins.get": () => ({ ...view, twin: { ...view.twin, configurations } }) });
  const twin = (await http.send({ url: `/twins/dev-1${version}` })).json<Record<string, unknown>>();
  assert.deepEqual(twin.configurations, configurations);
  await using without = await openHttp({ "twins.get": () => view });
  assert.equal("configurations" in (await without.send({ url: `/twins/dev-1${version}` })).json<object>(), false);
});
