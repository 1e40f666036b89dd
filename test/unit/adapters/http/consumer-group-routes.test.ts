import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsumerGroup } from "../../../../core/consumer-group/consumer-group.ts";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const path = "/subscriptions/sub 1/resourceGroups/rg/providers/Microsoft.Devices/IotHubs/hub-1";
const groups = `${path.replace(" ", "%20")}/eventHubEndpoints/events/ConsumerGroups`;
const version = "?api-version=2023-06-30";

const archive: ConsumerGroup = { name: "Archive", etag: "MQ==", createdTime: "2026-03-01T12:00:00.000Z" };
const always: ConsumerGroup = { name: "$Default", etag: "MA==", createdTime: null };
const type = "Microsoft.Devices/IotHubs/EventHubEndpoints/ConsumerGroups";
const properties = { created: "Sun, 01 Mar 2026 12:00:00 GMT" };
const archiveDocument = { id: `${groups}/Archive`, name: "Archive", type, etag: "MQ==", properties };

const script = {
  "consumerGroups.list": () => [always, archive],
  "consumerGroups.get": () => archive,
  "consumerGroups.create": () => archive,
  "consumerGroups.delete": () => undefined,
};
const body = (name: unknown) => ({ properties: { name } });

// spec/messaging 3
test("groups are listed on one page, each with its path", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ url: groups + version });
  assert.equal(response.statusCode, 200);
  const first = { id: `${groups}/%24Default`, name: "$Default", type, etag: "MA==", properties: {} };
  assert.deepEqual(response.json(), { value: [first, archiveDocument] });
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryRead", "ServiceConnect"]);
});

// spec/messaging 3
test("a group is read by its name", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ url: `${groups}/%24Default${version}` });
  assert.deepEqual(response.json(), archiveDocument);
  assert.deepEqual(http.only("consumerGroups.get"), ["$Default"]);
  await using none = await openHttp({ "consumerGroups.get": refuse("GenericNotFound", "none") });
  assertRefused(await none.send({ url: `${groups}/x${version}` }), 404, "GenericNotFound");
});

// spec/messaging 3
test("a group is created by the name in path and body", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ method: "PUT", url: `${groups}/Archive${version}`, payload: body("archive") });
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), archiveDocument);
  const [write] = http.only("consumerGroups.create") as [Record<string, unknown>];
  assert.equal(write.name, "Archive");
  assert.deepEqual(write.actor, { kind: "policy", policy: "iothubowner" });
  assert.equal(write.correlationId, response.headers["x-ms-request-id"]);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryWrite"]);
});

// spec/messaging 3
test("a body without the name, or with another one, creates nothing", async () => {
  await using http = await openHttp(script);
  const put = (payload?: object) =>
    http.send({ method: "PUT", url: `${groups}/archive`, ...(payload !== undefined && { payload }) });
  for (const payload of [undefined, {}, { properties: null }, { properties: {} }, body(null), body("")])
    assertRefused(await put(payload), 400, "ArgumentNull");
  for (const payload of [body("other"), body(1), body(["archive"]), { properties: "archive" }])
    assertRefused(await put(payload), 400, "ArgumentInvalid");
  assertRefused(await put([]), 400, "IotHubFormatError");
  assert.deepEqual(
    http.calls.filter(({ name }) => name === "consumerGroups.create"),
    [],
  );
});

// spec/messaging 3: Azure Resource Manager answers 200 without a body.
test("a group is deleted", async () => {
  await using http = await openHttp(script);
  const response = await http.send({ method: "DELETE", url: `${groups}/archive${version}` });
  assert.deepEqual([response.statusCode, response.body, response.headers["content-length"]], [200, "", "0"]);
  assert.equal((http.only("consumerGroups.delete") as [Record<string, unknown>])[0].name, "archive");
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryWrite"]);
});

// spec/http-api 1.2
test("the hub's name and all that is literal may be written in any case", async () => {
  await using http = await openHttp(script);
  const url = `${groups.toUpperCase()}/Live/${version}`;
  assert.equal((await http.send({ url })).statusCode, 200);
  assert.deepEqual(http.only("consumerGroups.get"), ["Live"]);
});

test("another hub, another endpoint and a name of any length are not found", async () => {
  await using http = await openHttp(script);
  const elsewhere = [groups.replace("hub-1", "hub-2"), groups.replace("/events/", "/operationsMonitoringEvents/")];
  for (const url of elsewhere) assertRefused(await http.send({ url }), 404, "GenericNotFound");
  for (const method of ["PUT", "DELETE"] as const)
    assertRefused(
      await http.send({ method, url: `${elsewhere[0]}/a`, ...(method === "PUT" && { payload: body("a") }) }),
      404,
      "GenericNotFound",
    );
  assertRefused(await http.send({ url: `${groups}/${"x".repeat(129)}` }), 400, "ArgumentInvalid");
});

// spec/http-api 1.1: 400001; management has api-versions of its own.
test("the api-versions of Azure Resource Manager are taken, those of the data plane are not", async () => {
  await using http = await openHttp(script);
  for (const known of ["2023-06-30", "2021-07-02", "2021-03-31", "2022-04-30-preview"])
    assert.equal((await http.send({ url: `${groups}?api-version=${known}` })).statusCode, 200, known);
  assert.equal((await http.send({ url: groups })).statusCode, 200);
  for (const unknown of ["2021-04-12", "2018-04-01", "9999-01-01", ""])
    assertRefused(await http.send({ url: `${groups}?api-version=${unknown}` }), 400, "InvalidProtocolVersion");
  assertRefused(await http.send({ url: `/devices${version}` }), 400, "InvalidProtocolVersion");
});
