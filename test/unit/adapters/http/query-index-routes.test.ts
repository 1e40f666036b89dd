import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const done = { "queryIndexes.create": async () => {}, "queryIndexes.delete": async () => {} };

test("an index is created and deleted by its path as it stands in queries", async () => {
  await using http = await openHttp(done);
  for (const [method, name] of [
    ["PUT", "create"],
    ["DELETE", "delete"],
  ] as const) {
    http.calls.length = 0;
    const path = encodeURIComponent("Devices.Tags.[[group]].[[a/b]]");
    assert.equal((await http.send({ method, url: `/queryIndexes/${path}` })).statusCode, 204);
    const [{ collection, path: steps }] = http.only(`queryIndexes.${name}`) as [{ collection: string; path: string[] }];
    assert.deepEqual([collection, steps], ["devices", ["tags", "group", "a/b"]]);
    assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["RegistryWrite"]);
  }
  http.calls.length = 0;
  await http.send({ method: "PUT", url: "/queryIndexes/properties.reported.x?collection=devices.modules" });
  assert.equal((http.only("queryIndexes.create")[0] as { collection: string }).collection, "devices.modules");
});

test("what is no path, and an index too many, is refused", async () => {
  await using http = await openHttp({ "queryIndexes.create": refuse("IotHubQuotaExceeded", "16 at most") });
  for (const path of ["tags.group", "tags.", "COUNT()", "devices", "tags.a = 1"]) {
    const url = `/queryIndexes/${encodeURIComponent(path)}`;
    assert.match(assertRefused(await http.send({ method: "PUT", url }), 400, "ArgumentInvalid"), /^Line 1:\d+ /, path);
  }
  assertRefused(await http.send({ method: "PUT", url: "/queryIndexes/tags.a" }), 403, "IotHubQuotaExceeded");
  assertRefused(
    await http.send({ method: "PUT", url: "/queryIndexes/tags.a?collection=jobs" }),
    400,
    "ArgumentInvalid",
  );
});

test("the list has paths as queries have them", async () => {
  const index = { collection: "devices", path: ["tags", "group", "a-b"], origin: "use", isReady: false };
  await using http = await openHttp({ "queryIndexes.list": () => [index] });
  const response = await http.send({ url: "/queryIndexes" });
  assert.deepEqual(response.json(), [{ ...index, path: "tags.[[group]].[[a-b]]" }]);
});
