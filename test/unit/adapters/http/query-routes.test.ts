import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueryPage } from "../../../../core/queries.ts";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const twins: QueryPage = { itemType: "Twin", rows: ['{"deviceId":"a"}', '{"deviceId":"b"}'], next: "on" };
const post = (payload: string | object | undefined, headers: Record<string, string> = {}) => ({
  method: "POST" as const,
  url: "/devices/query?api-version=2021-04-12",
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  ...(payload !== undefined && { payload }),
});

// spec/http-api 5, spec/query-language 1, spec/identity-and-security 6
test("a page is a bare array, its headers tell what a row is and where the next page begins", async () => {
  await using http = await openHttp({ "queries.page": async () => twins });
  const response = await http.send(post({ query: "SELECT * FROM devices" }));
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers["content-type"], "application/json; charset=utf-8");
  assert.equal(response.headers["x-ms-item-type"], "Twin");
  assert.equal(response.headers["x-ms-continuation"], "on");
  assert.deepEqual(response.json(), [{ deviceId: "a" }, { deviceId: "b" }]);
  assert.deepEqual(http.only("queries.page"), ["SELECT * FROM devices", { limit: 100 }]);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["ServiceConnect", "RegistryRead"]);
});

// An empty header would make the Node SDK ask for ever.
test("the last page has no continuation, and may be empty", async () => {
  await using http = await openHttp({ "queries.page": async () => ({ itemType: "Raw", rows: [], next: undefined }) });
  const response = await http.send(post({ QUERY: "SELECT deviceId FROM devices" }));
  assert.equal(response.body, "[]");
  assert.equal(response.headers["x-ms-item-type"], "Raw");
  assert.ok(!("x-ms-continuation" in response.headers));
});

// spec/query-language 1: an unacceptable page size may be replaced by the service, not rejected
test("a page size that can't be had is replaced; a token is handed on", async () => {
  await using http = await openHttp({ "queries.page": async () => twins });
  const window = async (headers: Record<string, string>): Promise<unknown> => {
    http.calls.length = 0;
    assert.equal((await http.send(post({ query: "q" }, headers))).statusCode, 200);
    return http.only("queries.page")[1];
  };
  for (const [asked, limit] of [
    ["1", 1],
    ["100", 100],
    ["101", 100],
    ["0", 100],
    ["-1", 100],
    ["1e2", 100],
    ["x", 100],
    ["99999999999999", 100],
  ] as const) {
    assert.deepEqual(await window({ "x-ms-max-item-count": asked }), { limit }, asked);
  }
  assert.deepEqual(await window({ "x-ms-continuation": "on" }), { limit: 100, after: "on" });
  assert.deepEqual(await window({ "x-ms-continuation": "" }), { limit: 100 });
});

// spec/query-language 11
test("a body without a query is refused, and what the language refuses keeps its words", async () => {
  await using http = await openHttp({
    "queries.page": refuse("ArgumentInvalid", "Line 1:8 unexpected ',': expected '*'"),
  });
  for (const payload of [{}, { query: null }, { query: "" }]) {
    assert.equal(assertRefused(await http.send(post(payload)), 400, "ArgumentNull"), "BadRequest");
  }
  assertRefused(await http.send(post(undefined)), 400, "ArgumentNull");
  assertRefused(await http.send(post({ query: 1 })), 400, "ArgumentInvalid");
  assertRefused(await http.send(post([])), 400, "IotHubFormatError");
  assertRefused(await http.send(post("{")), 400, "IotHubFormatError");
  const text = assertRefused(await http.send(post({ query: "SELECT ," })), 400, "ArgumentInvalid");
  assert.equal(text, "Line 1:8 unexpected ',': expected '*'");
});
