import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, deviceView, openHttp, refuse, twinView } from "./http-fixture.ts";

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

// spec/http-api 1.6
test("an answer carries the headers that clients know", async () => {
  await using http = await openHttp({ "registry.getDevice": () => deviceView() });
  const response = await http.send({ url: "/devices/dev-1" });
  assert.equal(response.headers["content-type"], "application/json; charset=utf-8");
  assert.equal(response.headers["content-length"], String(Buffer.byteLength(response.body)));
  assert.equal(response.headers.vary, "Origin");
  assert.equal(response.headers.server, "Twinstream");
  assert.match(String(response.headers["x-ms-request-id"]), guid);
  assert.equal(response.headers["iothub-errorcode"], undefined);
});

// spec/http-api 1.6
test("an answer without a body says so", async () => {
  await using http = await openHttp({ "registry.deleteDevice": () => undefined });
  const response = await http.send({ method: "DELETE", url: "/devices/dev-1" });
  assert.equal(response.statusCode, 204);
  assert.equal(response.headers["content-length"], "0");
  assert.equal(response.headers["content-type"], undefined);
});

// spec/http-api 1.1
test("every api-version in use is taken, also none at all", async () => {
  await using http = await openHttp({ "registry.getDevice": () => deviceView() });
  const versions = ["2021-04-12", "2020-09-30", "2016-11-14", "2019-10-01", "2024-03-31", "2020-03-13", "2018-06-30"];
  for (const version of [...versions, "2016-09-30-preview"]) {
    const response = await http.send({ url: `/devices/dev-1?top=5&api-version=${version}` });
    assert.equal(response.statusCode, 200, version);
  }
  assert.equal((await http.send({ url: "/devices/dev-1" })).statusCode, 200);
});

// spec/http-api 1.1: 400001
test("another api-version is refused", async () => {
  await using http = await openHttp();
  for (const query of ["api-version=2099-01-01", "api-version=", "api-version=2021-04-12&api-version=2021-04-12"]) {
    assertRefused(await http.send({ url: `/devices/dev-1?${query}` }), 400, "InvalidProtocolVersion");
    assertRefused(
      await http.send({ method: "POST", url: `/devices/dev-1/messages/events?${query}` }),
      400,
      "InvalidProtocolVersion",
    );
  }
});

// spec/http-api 1.2
test("literal segments match in any case, a slash at the end is ignored, ids keep their case", async () => {
  await using http = await openHttp({ "twins.get": () => twinView() });
  const response = await http.send({ url: "/TWINS/Dev-A/Modules/Mod-B/?api-version=2021-04-12" });
  assert.equal(response.statusCode, 200);
  assert.deepEqual({ ...(http.only("twins.get")[0] as object) }, { deviceId: "Dev-A", moduleId: "Mod-B" });
});

// spec/http-api 1.2
test("ids are percent-decoded once, a plus stays a plus", async () => {
  await using http = await openHttp({ "registry.getDevice": () => deviceView() });
  const ids = ["a#b+c%d'(x)!*", "a%23", "a:b;c=d@e,f?g$h", "%", "a b"];
  for (const id of ids) await http.send({ url: `/devices/${encodeURIComponent(id)}` });
  await http.send({ url: "/devices/raw+plus'(x)!*;$" });
  const asked = http.calls.filter(({ name }) => name === "registry.getDevice").map(({ args }) => args[0]);
  assert.deepEqual(asked, [...ids, "raw+plus'(x)!*;$"]);
});

// spec/http-api 1.4
test("access is judged by the path as it was sent", async () => {
  await using http = await openHttp({ "registry.getDevice": () => deviceView() });
  const headers = { authorization: "SharedAccessSignature sr=x" };
  await http.send({ url: "/Devices/dev%2B1/?api-version=2021-04-12", headers });
  const [request, ...rights] = http.only("serviceAccess.authorize");
  assert.deepEqual(request, { authorization: headers.authorization, path: "/Devices/dev%2B1/" });
  assert.deepEqual(rights, ["RegistryRead"]);
});

test("a path whose lower case is longer names nothing", async () => {
  await using http = await openHttp();
  assertRefused(await http.send({ url: "/devices/%C4%B0x/modules/m" }), 404, "GenericNotFound");
  assert.deepEqual(http.calls, []);
});

test("an id over 128 characters is refused, however long", async () => {
  await using http = await openHttp();
  assertRefused(await http.send({ url: `/devices/${"x".repeat(129)}` }), 400, "ArgumentInvalid");
  assertRefused(await http.send({ url: `/devices/${"x".repeat(9000)}` }), 400, "GenericBadRequest");
});

// spec/http-api 1.3
test("a POST that overrides its method is a PATCH", async () => {
  await using http = await openHttp({ "twins.update": () => twinView() });
  const request = { method: "POST", url: "/twins/dev-1", payload: { tags: { a: 1 } } } as const;
  const response = await http.send({ ...request, headers: { "x-http-method-override": "PATCH" } });
  assert.equal(response.statusCode, 200);
  http.only("twins.update");
  assertRefused(await http.send(request), 405, "GenericMethodNotAllowed");
  assertRefused(
    await http.send({ ...request, headers: { "x-http-method-override": "PUT" } }),
    405,
    "GenericMethodNotAllowed",
  );
});

// spec/http-api 11.3: 404000
test("an unknown path is not found, whatever its body", async () => {
  await using http = await openHttp();
  const broken = { payload: "{", headers: { "content-type": "application/json" } };
  assertRefused(await http.send({ url: "/" }), 404, "GenericNotFound");
  assertRefused(await http.send({ method: "POST", url: "/nothing/here", ...broken }), 404, "GenericNotFound");
  assert.deepEqual(http.calls, []);
});

// spec/http-api 11.3: 405000
test("a wrong method is told the right ones, OPTIONS without an error", async () => {
  await using http = await openHttp();
  const wrong = await http.send({ method: "PATCH", url: "/Devices/dev-1/", payload: "x" });
  assertRefused(wrong, 405, "GenericMethodNotAllowed");
  assert.equal(wrong.headers.allow, "DELETE, GET, HEAD, PUT, OPTIONS");
  const options = await http.send({ method: "OPTIONS", url: "/devices/dev-1" });
  assert.equal(options.statusCode, 204);
  assert.equal(options.headers.allow, "DELETE, GET, HEAD, PUT, OPTIONS");
  assert.equal((await http.send({ method: "HEAD", url: "/devices/dev-1/messages/events" })).statusCode, 405);
});

test("HEAD is a GET without the body", async () => {
  await using http = await openHttp({ "registry.getDevice": () => deviceView() });
  const [get, head] = [
    await http.send({ url: "/devices/dev-1" }),
    await http.send({ method: "HEAD", url: "/devices/dev-1" }),
  ];
  assert.equal(head.statusCode, 200);
  assert.equal(head.body, "");
  assert.equal(head.headers["content-length"], get.headers["content-length"]);
});

test("a path that is no path is a bad request", async () => {
  await using http = await openHttp();
  const response = await http.send({ url: "/devices/%zz" });
  assertRefused(response, 400, "GenericBadRequest");
  assert.match(String(response.headers["x-ms-request-id"]), guid);
});

// spec/http-api 11.3: 415000
test("a body of another type is refused where JSON is read", async () => {
  await using http = await openHttp();
  const send = (type: string) =>
    http.send({ method: "PUT", url: "/devices/d", payload: "<a/>", headers: { "content-type": type } });
  for (const type of ["text/xml", "application/x-www-form-urlencoded", "application/octet-stream", "json", ";"]) {
    assertRefused(await send(type), 415, "GenericUnsupportedMediaType");
  }
});

// spec/http-api 1.3
test("JSON goes by several types, or by none", async () => {
  await using http = await openHttp({ "registry.putDevice": () => deviceView() });
  const send = (headers: Record<string, string>) =>
    http.send({ method: "PUT", url: "/devices/d", payload: Buffer.from("{}"), headers });
  for (const type of [
    "application/json",
    "Application/JSON; charset=UTF-8",
    "text/json",
    "application/merge-patch+json",
  ]) {
    assert.equal((await send({ "content-type": type })).statusCode, 200, type);
  }
  assert.equal((await send({})).statusCode, 200);
});

// spec/http-api 1.3: the Java SDK names a type on a request without a body
test("a content type without a body is no fault", async () => {
  await using http = await openHttp({
    "registry.getDevice": () => deviceView(),
    "registry.deleteDevice": () => undefined,
  });
  const headers = { "content-type": "application/json; charset=utf-8", "content-length": "0" };
  assert.equal((await http.send({ url: "/devices/d", headers })).statusCode, 200);
  assert.equal((await http.send({ method: "DELETE", url: "/devices/d", headers })).statusCode, 204);
});

// spec/http-api 11.3: 400005, 400006
test("a body that is missing, broken or of the wrong shape is refused", async () => {
  await using http = await openHttp();
  const put = (payload?: string) =>
    http.send({
      method: "PUT",
      url: "/devices/d",
      headers: { "content-type": "application/json" },
      ...(payload !== undefined && { payload }),
    });
  assertRefused(await put(), 400, "ArgumentNull");
  assertRefused(await put("null"), 400, "ArgumentNull");
  assertRefused(await put("{"), 400, "IotHubFormatError");
  assertRefused(await put("[]"), 400, "IotHubFormatError");
  assertRefused(await put('"text"'), 400, "IotHubFormatError");
  assertRefused(await put('{"__proto__":1}'), 400, "ArgumentInvalid");
  assertRefused(await put("[".repeat(100_000)), 400, "IotHubFormatError");
  assertRefused(await put(JSON.stringify({ a: "x".repeat(1_048_576) })), 413, "MessageTooLarge");
});

test("a stranger is turned away before the body is read", async () => {
  const no = refuse("IotHubUnauthorizedAccess", "the key does not match");
  await using http = await openHttp({
    "serviceAccess.authorize": no,
    "serviceAccess.authorizeModules": no,
    "deviceAccess.authenticate": no,
  });
  const broken = { payload: "{", headers: { "content-type": "application/json" } } as const;
  const requests = [
    { method: "PUT", url: "/devices/d" },
    { method: "PUT", url: "/devices/d/modules/m" },
    { method: "POST", url: "/devices/d/messages/events" },
  ] as const;
  for (const request of requests) {
    const response = await http.send({ ...request, ...broken });
    assert.equal(assertRefused(response, 401, "IotHubUnauthorizedAccess"), "Unauthorized");
  }
});

test("every route but the operator's asks who is there", async () => {
  const no = refuse("IotHubUnauthorizedAccess", "no");
  await using http = await openHttp({
    "serviceAccess.authorize": no,
    "serviceAccess.authorizeModules": no,
    "deviceAccess.authenticate": no,
  });
  type Operation = { readonly security?: readonly unknown[] };
  const { paths } = (await http.send({ url: "/openapi.json" })).json<{
    paths: Record<string, Record<string, Operation>>;
  }>();
  let guarded = 0;
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(operations)) {
      if (security?.length === 0) continue;
      guarded += 1;
      const url = path.replaceAll(/\{\w+\}/g, "x");
      assertRefused(await http.send({ method: method.toUpperCase(), url }), 401, "IotHubUnauthorizedAccess");
    }
  }
  assert.equal(guarded, 65);
});

test("a fault of the hub is a 500 that shows nothing and is logged with its cause", async () => {
  await using http = await openHttp({
    "registry.getDevice": () => {
      throw new TypeError("undefined is not a secret");
    },
  });
  const response = await http.send({ url: "/devices/dev-1" });
  assertRefused(response, 500, "ServerError");
  assert.doesNotMatch(response.body, /secret|TypeError|\.ts/);
  const [line] = http.lines.filter(({ level }) => level === 50);
  assert.equal(line?.requestId, response.headers["x-ms-request-id"]);
  assert.match(JSON.stringify(line?.err), /undefined is not a secret/);
});

// spec/http-api 11.3: 503001
test("a hub out of reach of its journal is logged as a warning", async () => {
  await using http = await openHttp({
    "registry.getDevice": refuse("ServiceUnavailable", "The journal is out of reach"),
  });
  assertRefused(await http.send({ url: "/devices/dev-1" }), 503, "ServiceUnavailable");
  assert.deepEqual(
    http.lines.map(({ level, reason, msg }) => ({ level, reason, msg })),
    [{ level: 40, reason: "ServiceUnavailable", msg: "request failed" }],
  );
});

test("a request is one line of log, without query and credentials", async () => {
  await using http = await openHttp({ "registry.getDevice": () => deviceView() });
  const authorization = "SharedAccessSignature sr=x&sig=c2VjcmV0&se=1";
  await http.send({ url: "/devices/dev-1?sig=c2VjcmV0", headers: { authorization } });
  const [line, ...others] = http.lines;
  assert.deepEqual(others, []);
  assert.equal(line?.level, 20);
  assert.equal(line?.path, "/devices/dev-1");
  assert.equal(line?.status, 200);
  assert.equal(line?.policy, "iothubowner");
  assert.doesNotMatch(JSON.stringify(line), /c2VjcmV0/);
});

test("the Authorization of an error that carries a request is not logged", async () => {
  const err = Object.assign(new Error("upstream"), { request: { headers: { authorization: "c2VjcmV0" } } });
  await using http = await openHttp({ "registry.putDevice": () => Promise.reject(err) });
  assertRefused(await http.send({ method: "PUT", url: "/devices/dev-1", payload: {} }), 500, "ServerError");
  assert.match(JSON.stringify(http.lines), /upstream/);
  assert.doesNotMatch(JSON.stringify(http.lines), /c2VjcmV0/);
});
