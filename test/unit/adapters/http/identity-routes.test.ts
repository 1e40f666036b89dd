import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, deviceView, moduleView, openHttp, refuse } from "./http-fixture.ts";

const context = (requestId: unknown) => ({
  actor: { kind: "policy", policy: "iothubowner" },
  correlationId: requestId,
});

// spec/http-api 2.2
test("PUT creates a device: no If-Match, the whole body as sent, an ETag header in quotes", async () => {
  await using http = await openHttp({ "registry.putDevice": () => deviceView() });
  const payload = { deviceId: "dev-1", unknown: { a: [1] }, authentication: { symmetricKey: { primaryKey: "" } } };
  const response = await http.send({ method: "PUT", url: "/devices/dev-1?api-version=2021-04-12", payload });
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers.etag, '"MQ=="');
  assert.equal(response.json<{ lastActivityTime: string }>().lastActivityTime, "0001-01-01T00:00:00");
  assert.deepEqual(http.only("registry.putDevice"), [
    { ...context(response.headers["x-ms-request-id"]), deviceId: "dev-1", body: payload },
  ]);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryWrite"]);
});

// spec/http-api 1.5
test("If-Match makes a PUT an update, an empty one does not", async () => {
  await using http = await openHttp({ "registry.putDevice": () => deviceView() });
  for (const header of ['"*"', "*", '"MQ=="', '""']) {
    await http.send({ method: "PUT", url: "/devices/dev-1", payload: {}, headers: { "if-match": header } });
  }
  const commands = http.calls.filter(({ name }) => name === "registry.putDevice").map(({ args }) => args[0]);
  assert.deepEqual(
    commands.map((command) => (command as { ifMatch?: string }).ifMatch),
    ["*", "*", "MQ==", undefined],
  );
  const long = { "if-match": "x".repeat(300) };
  assertRefused(
    await http.send({ method: "PUT", url: "/devices/d", payload: {}, headers: long }),
    400,
    "ArgumentInvalid",
  );
});

// spec/http-api 2.2
test("the registry's own refusals come through", async () => {
  await using http = await openHttp({
    "registry.putDevice": refuse("DeviceAlreadyExists", "A device with ID 'dev-1' is already registered."),
    "registry.getDevice": refuse("DeviceNotFound", "dev-1"),
    "registry.deleteDevice": refuse("PreconditionFailed", "Precondition failed: Invalid ETag"),
  });
  const text = assertRefused(
    await http.send({ method: "PUT", url: "/devices/dev-1", payload: {} }),
    409,
    "DeviceAlreadyExists",
  );
  assert.equal(text, "A device with ID 'dev-1' is already registered.");
  assert.equal(assertRefused(await http.send({ url: "/devices/dev-1" }), 404, "DeviceNotFound"), "dev-1");
  assertRefused(await http.send({ method: "DELETE", url: "/devices/dev-1" }), 412, "PreconditionFailed");
});

// spec/http-api 2.2
test("GET answers the device with its ETag, DELETE nothing", async () => {
  await using http = await openHttp({
    "registry.getDevice": () => deviceView(),
    "registry.deleteDevice": () => undefined,
  });
  const get = await http.send({ url: "/devices/dev-1" });
  assert.equal(get.headers.etag, '"MQ=="');
  assert.equal(get.json<{ lastActivityTime: string }>().lastActivityTime, "0001-01-01T00:00:00Z");
  const gone = await http.send({ method: "DELETE", url: "/devices/dev-1", headers: { "if-match": '"*"' } });
  assert.equal(gone.statusCode, 204);
  assert.deepEqual(http.only("registry.deleteDevice"), [
    { ...context(gone.headers["x-ms-request-id"]), deviceId: "dev-1", ifMatch: "*" },
  ]);
});

// spec/http-api 2.2
test("a list takes top from 1 to 1000, anything else is 1000", async () => {
  await using http = await openHttp({ "registry.listDevices": () => [deviceView()] });
  for (const query of ["", "?top=1", "?top=1000", "?top=0", "?top=1001", "?top=-1", "?top=x", "?top=1.5", "?top="]) {
    const response = await http.send({ url: `/devices/${query}` });
    assert.equal(response.json<unknown[]>().length, 1);
    assert.equal(response.headers.etag, undefined);
  }
  const tops = http.calls.filter(({ name }) => name === "registry.listDevices").map(({ args }) => args[0]);
  assert.deepEqual(tops, [1000, 1, 1000, 1000, 1000, 1000, 1000, 1000, 1000]);
});

// spec/http-api 2.3, 1.5
test("modules are created, read, listed and deleted, without an ETag header", async () => {
  await using http = await openHttp({
    "registry.putModule": () => moduleView(),
    "registry.getModule": () => moduleView(),
    "registry.listModules": () => [moduleView()],
    "registry.deleteModule": () => undefined,
  });
  const url = "/devices/dev-1/modules/%24edgeAgent";
  const put = await http.send({
    method: "PUT",
    url,
    payload: { moduleId: "$edgeAgent" },
    headers: { "if-match": "*" },
  });
  assert.equal(put.json<{ lastActivityTime: string }>().lastActivityTime, "0001-01-01T00:00:00");
  const who = { ...context(put.headers["x-ms-request-id"]), deviceId: "dev-1", moduleId: "$edgeAgent", ifMatch: "*" };
  assert.deepEqual(http.only("registry.putModule"), [{ ...who, body: { moduleId: "$edgeAgent" } }]);
  const get = await http.send({ url });
  assert.equal(get.json<{ lastActivityTime: string }>().lastActivityTime, "0001-01-01T00:00:00Z");
  assert.deepEqual(http.only("registry.getModule"), ["dev-1", "$edgeAgent"]);
  assert.equal((await http.send({ url: "/devices/dev-1/modules" })).json<unknown[]>().length, 1);
  assert.equal((await http.send({ method: "DELETE", url })).statusCode, 204);
  for (const response of [put, get]) assert.equal(response.headers.etag, undefined);
});

// spec/identity-and-security 5.4: a device writes its own modules
test("module routes let a device in with its own key", async () => {
  await using http = await openHttp({ "registry.listModules": () => [] });
  const authorization = "SharedAccessSignature sr=x";
  await http.send({ url: "/devices/dev-1/modules?api-version=2021-04-12", headers: { authorization } });
  assert.deepEqual(http.only("serviceAccess.authorizeModules"), [
    { authorization, path: "/devices/dev-1/modules" },
    "dev-1",
    "RegistryRead",
  ]);
});

const failure = { deviceId: "a", errorCode: 409001, errorStatus: "exists", operation: "create" };

// spec/http-api 2.4
test("a bulk call that succeeds answers both arrays", async () => {
  await using http = await openHttp({ "registry.bulk": () => ({ isSuccessful: true, errors: [], warnings: [] }) });
  const payload = [
    { id: "a", importMode: "create" },
    { id: "b", importMode: "Delete", eTag: "*" },
  ];
  const response = await http.send({ method: "POST", url: "/devices/?api-version=2021-04-12", payload });
  assert.equal(response.body, '{"isSuccessful":true,"errors":[],"warnings":[]}');
  assert.deepEqual(http.only("registry.bulk"), [payload, context(response.headers["x-ms-request-id"])]);
});

// spec/http-api 2.4
test("a bulk call that fails is 400 with its result and both headers", async () => {
  await using http = await openHttp({
    "registry.bulk": () => ({ isSuccessful: false, errors: [failure], warnings: [] }),
  });
  const response = await http.send({ method: "POST", url: "/devices", payload: [{ id: "a" }] });
  assert.equal(response.statusCode, 400);
  assert.deepEqual(response.json(), { isSuccessful: false, errors: [failure], warnings: [] });
  assert.equal(response.headers["iothub-errorcode"], "BulkRegistryOperationFailure");
  assert.equal(response.headers.iothuberrorcode, "BulkRegistryOperationFailure");
});

// spec/http-api 2.4, 11.3: 413002
test("a bulk call needs an array of objects, and may be refused as a whole", async () => {
  await using http = await openHttp({ "registry.bulk": refuse("TooManyDevices", "100 at most") });
  const post = (payload: object) => http.send({ method: "POST", url: "/devices", payload });
  assertRefused(await post({}), 400, "IotHubFormatError");
  assertRefused(await post([1]), 400, "ArgumentInvalid");
  assertRefused(await post([{}]), 413, "TooManyDevices");
});

test("a bulk body may be larger than others, with 100 twins in it", async () => {
  await using http = await openHttp({ "registry.bulk": () => ({ isSuccessful: true, errors: [], warnings: [] }) });
  const entry = { id: "a", importMode: "create", tags: { a: "x".repeat(70_000) } };
  const send = (count: number) =>
    http.send({ method: "POST", url: "/devices", payload: Array.from({ length: count }, () => entry) });
  assert.equal((await send(100)).statusCode, 200);
  assertRefused(await send(130), 413, "MessageTooLarge");
});

// spec/identity-and-security 1.3
test("regenerated keys are 200, 207 or 400, by what failed", async () => {
  const rotated = { id: "a", primaryKey: "x", secondaryKey: "" };
  const results = [
    [{ rotatedKeys: [rotated], errors: [] }, 200],
    [{ rotatedKeys: [rotated], errors: [failure] }, 207],
    [{ rotatedKeys: [], errors: [failure] }, 400],
    [{ rotatedKeys: [], errors: [] }, 200],
  ] as const;
  for (const [result, status] of results) {
    await using http = await openHttp({ "registry.regenerateKeys": () => ({ policyKey: "primaryKey", ...result }) });
    const payload = {
      policyKey: "primaryKey",
      devices: [{ id: "a" }, { id: "b", moduleId: "m" }, { id: "c", moduleId: "" }],
    };
    const response = await http.send({ method: "POST", url: "/devices/keys/regenerate", payload });
    assert.equal(response.statusCode, status);
    assert.deepEqual(response.json(), { policyKey: "primaryKey", ...result });
    const reason = status === 400 ? "BulkRegenerateDeviceKeyOperationFailure" : undefined;
    assert.equal(response.headers["iothub-errorcode"], reason);
    const targets = [{ id: "a" }, { id: "b", moduleId: "m" }, { id: "c" }];
    assert.deepEqual(http.only("registry.regenerateKeys").slice(0, 2), ["primaryKey", targets]);
  }
});

// spec/identity-and-security 1.3: 400035
test("a regeneration without its members is refused", async () => {
  await using http = await openHttp();
  const post = (payload: object) => http.send({ method: "POST", url: "/devices/keys/regenerate", payload });
  assertRefused(await post({ devices: [] }), 400, "InvalidPolicyKey");
  assertRefused(await post({ policyKey: "both" }), 400, "ArgumentInvalid");
  assertRefused(await post({ policyKey: "both", devices: [1] }), 400, "ArgumentInvalid");
  assertRefused(await post({ policyKey: "both", devices: [{ id: "a", moduleId: 1 }] }), 400, "ArgumentInvalid");
});

// spec/http-api 2.5
test("statistics come in the service's two documents", async () => {
  const counts = { totalDeviceCount: 3, enabledDeviceCount: 2, disabledDeviceCount: 1, connectedDeviceCount: 1 };
  await using http = await openHttp({ statistics: () => counts });
  const devices = await http.send({ url: "/statistics/devices" });
  assert.equal(devices.body, '{"totalDeviceCount":3,"enabledDeviceCount":2,"disabledDeviceCount":1}');
  assert.equal((await http.send({ url: "/statistics/service" })).body, '{"connectedDeviceCount":1}');
  for (const { name, args } of http.calls) {
    if (name === "serviceAccess.authorize") assert.deepEqual(args.slice(1), ["RegistryRead", "ServiceConnect"]);
  }
});
