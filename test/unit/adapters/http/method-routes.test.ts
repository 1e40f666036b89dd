import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const body = { methodName: "reboot", payload: null, responseTimeoutInSeconds: 30, connectTimeoutInSeconds: 0 };
const url = "/twins/dev-1/methods?api-version=2021-04-12";

type Invocation = Readonly<Record<string, unknown>>;

// spec/http-api 4
test("A call goes to the hub with its caller and body, and 200 brings the device's status whatever it is", async () => {
  await using http = await openHttp({ "methods.invoke": () => ({ status: 501, payload: null }) });
  const response = await http.send({ method: "POST", url, payload: body });
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers["content-type"], "application/json; charset=utf-8");
  assert.equal(response.body, '{"status":501,"payload":null}');
  const [{ signal, ...invocation }] = http.only("methods.invoke") as [Invocation];
  assert.deepEqual(invocation, {
    deviceId: "dev-1",
    actor: { kind: "policy", policy: "iothubowner" },
    correlationId: response.headers["x-ms-request-id"],
    body,
  });
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["ServiceConnect"]);
});

// spec/http-api 1.2, 4
test("A module has a path of its own; literal segments in any case, ids percent-encoded", async () => {
  await using http = await openHttp({ "methods.invoke": () => ({ status: 200, payload: { __a: [1] } }) });
  const response = await http.send({ method: "POST", url: "/Twins/a%23b/Modules/m%2B1/METHODS/", payload: body });
  assert.deepEqual(response.json(), { status: 200, payload: { __a: [1] } });
  const [{ deviceId, moduleId }] = http.only("methods.invoke") as [Invocation];
  assert.deepEqual([deviceId, moduleId], ["a#b", "m+1"]);
});

// spec/http-api 4, 11.3
test("A call that fails is form A, with IoT Hub's name of the error", async () => {
  const cases = [
    ["DeviceNotOnline", 404],
    ["GatewayTimeout", 504],
    ["DeviceMaximumInflightMethodExceeded", 403],
    ["GenericBadGateway", 502],
    ["ConnectionForcefullyClosedOnNewConnection", 400],
    ["DeviceConnectionClosedRemotely", 404],
  ] as const;
  for (const [reason, status] of cases) {
    await using http = await openHttp({ "methods.invoke": refuse(reason, "why") });
    assert.equal(assertRefused(await http.send({ method: "POST", url, payload: body }), status, reason), "why");
  }
});

test("A body that is no JSON object is refused", async () => {
  await using http = await openHttp();
  assertRefused(await http.send({ method: "POST", url, payload: [] }), 400, "IotHubFormatError");
  assertRefused(await http.send({ method: "POST", url }), 400, "ArgumentNull");
});

// spec/http-api 4.1
test("A module calls with its own key, without an api-version, when a header says who it is", async () => {
  await using http = await openHttp({ "methods.invoke": () => ({ status: 200, payload: null }) });
  const headers = { "x-ms-edge-moduleId": "edge-1/caller", authorization: "SharedAccessSignature sr=x&sig=y&se=1" };
  const response = await http.send({ method: "POST", url: "/twins/dev-1/methods", payload: body, headers });
  assert.equal(response.statusCode, 200);
  const identity = { deviceId: "edge-1", moduleId: "caller" };
  assert.deepEqual(http.only("deviceAccess.authenticate"), [{ ...identity, token: headers.authorization }]);
  const [{ actor }] = http.only("methods.invoke") as [Invocation];
  assert.deepEqual(actor, { kind: "device", ...identity });
  assert.equal(http.calls.filter(({ name }) => name === "serviceAccess.authorize").length, 0);
});

// spec/http-api 4.1
test("A header that names no module is refused, as is a module with a wrong key", async () => {
  await using http = await openHttp({ "deviceAccess.authenticate": refuse("IotHubUnauthorizedAccess", "no") });
  for (const caller of ["", "edge-1", "edge-1/", "/caller", "a/b/c", `${"x".repeat(129)}/m`]) {
    const headers = { "x-ms-edge-moduleid": caller };
    assertRefused(await http.send({ method: "POST", url, payload: body, headers }), 400, "ArgumentInvalid");
  }
  const headers = { "x-ms-edge-moduleid": "edge-1/caller" };
  assertRefused(await http.send({ method: "POST", url, payload: body, headers }), 401, "IotHubUnauthorizedAccess");
});
