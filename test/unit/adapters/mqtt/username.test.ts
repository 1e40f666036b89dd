import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUsername } from "../../../../adapters/mqtt/username.ts";

const names = { hostName: "hub.example", deviceId: "d" };

// spec/mqtt 2
test("The user names that SDKs send are read", () => {
  const node =
    "hub.example/d/?api-version=2021-04-12&model-id=dtmi:a;1&DeviceClientType=azure-iot-device%2F1.18.4%20(node%20v20)";
  const clientType = "azure-iot-device/1.18.4 (node v20)";
  assert.deepEqual(parseUsername(node), { ...names, modelId: "dtmi:a;1", clientType });
  const dotnet = "hub.example/d/?DeviceClientType=.NET%2F1.42&model-id=dtmi%3Aa%3B1&api-version=2021-04-12";
  assert.deepEqual(parseUsername(dotnet), { ...names, modelId: "dtmi:a;1", clientType: ".NET/1.42" });
  const module = "hub.example/d/m/?api-version=2021-04-12";
  assert.deepEqual(parseUsername(module), { ...names, moduleId: "m" });
});

// spec/mqtt 2, spec/identity-and-security 5.6
test("The older forms, without `?` or without properties, are read", () => {
  assert.deepEqual(parseUsername("hub.example/d/api-version=2016-11-14"), names);
  assert.deepEqual(parseUsername("hub.example/d/DeviceClientType=x&api-version=1"), { ...names, clientType: "x" });
  assert.deepEqual(parseUsername("hub.example/d/m/api-version=2016-11-14"), { ...names, moduleId: "m" });
  for (const text of ["hub.example/d", "hub.example/d/", "hub.example/d/?"])
    assert.deepEqual(parseUsername(text), names);
  for (const text of ["hub.example/d/m", "hub.example/d/m/"]) {
    assert.deepEqual(parseUsername(text), { ...names, moduleId: "m" });
  }
});

// spec/mqtt 2
test("A `?` marks properties only as the first character of the last segment", () => {
  assert.deepEqual(parseUsername("hub.example/a?b/?api-version=1"), { hostName: "hub.example", deviceId: "a?b" });
  const module = { hostName: "hub.example", deviceId: "?d", moduleId: "?m" };
  assert.deepEqual(parseUsername("hub.example/?d/?m/?api-version=1"), module);
  assert.deepEqual(parseUsername("hub.example/?d"), { hostName: "hub.example", deviceId: "?d" });
});

// spec/mqtt 2
test("Of a property that comes twice the first counts, and unknown ones are skipped", () => {
  const text = "hub.example/d/?x=1&model-id=dtmi:a;1&model-id=dtmi:b;1&auth-chain=e&&=&novalue&a=b=c";
  assert.deepEqual(parseUsername(text), { ...names, modelId: "dtmi:a;1" });
});

test("Anything else is no user name", () => {
  const bad = ["", "hub.example", "/d", "hub.example/", "hub.example//?api-version=1", "hub.example/d//?api-version=1"];
  const worse = ["h/a/b/c", "h/a/b/c/?api-version=1", `h/d/?model-id=${"m".repeat(4096)}`];
  for (const text of [...bad, ...worse]) assert.equal(parseUsername(text), undefined, text.slice(0, 40));
});

test("Control characters, encoded or not, make no user name", () => {
  for (const text of ["h/d\n", "h/d/?model-id=a%0D%0Ab", "h/d/?DeviceClientType=a%00", "h/\u0085d"]) {
    assert.equal(parseUsername(text), undefined);
  }
});
