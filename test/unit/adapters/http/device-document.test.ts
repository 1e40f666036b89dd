import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceDocument, moduleDocument } from "../../../../adapters/http/device-document.ts";
import { type ConnectionState, neverConnected } from "../../../../core/connection/connection.ts";
import { deviceView, moduleView } from "./http-fixture.ts";

// spec/http-api 2.1, spec/identity-and-security 1.1
test("a fresh device has every member in the service's order, in a PUT without Z", () => {
  assert.equal(
    JSON.stringify(deviceDocument(deviceView(), "written")),
    '{"deviceId":"dev-1","generationId":"637612875240648717","etag":"MQ==","connectionState":"Disconnected",' +
      '"status":"enabled","statusReason":null,"connectionStateUpdatedTime":"0001-01-01T00:00:00",' +
      '"statusUpdatedTime":"0001-01-01T00:00:00","lastActivityTime":"0001-01-01T00:00:00","cloudToDeviceMessageCount":0,' +
      '"authentication":{"symmetricKey":{"primaryKey":"cHJpbWFyeQ==","secondaryKey":"c2Vjb25kYXJ5"},' +
      '"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"},"capabilities":{"iotEdge":false}}',
  );
});

// spec/http-api 2.1
test("a GET writes times that never came with Z", () => {
  const document = deviceDocument(deviceView(), "read");
  assert.equal(document.lastActivityTime, "0001-01-01T00:00:00Z");
  assert.equal(document.statusUpdatedTime, "0001-01-01T00:00:00Z");
  assert.equal(document.connectionStateUpdatedTime, "0001-01-01T00:00:00Z");
});

const connected = (generationId: string): ConnectionState => ({
  ...neverConnected,
  generationId,
  connected: true,
  connectionStateUpdatedTime: "2026-01-02T00:00:00.000Z",
  lastActivityTime: "2026-01-03T00:00:00.000Z",
});

test("a connection shows, but not one of an earlier device of the same id", () => {
  const now = deviceDocument(deviceView({}, connected("637612875240648717")), "read");
  assert.equal(now.connectionState, "Connected");
  assert.equal(now.connectionStateUpdatedTime, "2026-01-02T00:00:00.000Z");
  assert.equal(now.lastActivityTime, "2026-01-03T00:00:00.000Z");
  const before = deviceDocument(deviceView({}, connected("1")), "read");
  assert.equal(before.connectionState, "Disconnected");
  assert.equal(before.lastActivityTime, "0001-01-01T00:00:00Z");
});

// spec/identity-and-security 1.6
test("scopes show where there are any, parentScopes of an IoT Edge device always", () => {
  const edge = deviceDocument(
    deviceView({ capabilities: { iotEdge: true }, deviceScope: "ms-azure-iot-edge://e-1" }),
    "read",
  );
  assert.equal(edge.deviceScope, "ms-azure-iot-edge://e-1");
  assert.deepEqual(edge.parentScopes, []);
  const child = deviceDocument(deviceView({ parentScopes: ["ms-azure-iot-edge://e-1"] }), "read");
  assert.deepEqual(child.parentScopes, ["ms-azure-iot-edge://e-1"]);
  assert.ok(!("deviceScope" in child));
});

// spec/http-api 2.3
test("a module has its members in the service's order, without status and capabilities", () => {
  assert.deepEqual(Object.keys(moduleDocument(moduleView(), "read")), [
    "moduleId",
    "managedBy",
    "deviceId",
    "generationId",
    "etag",
    "connectionState",
    "connectionStateUpdatedTime",
    "lastActivityTime",
    "cloudToDeviceMessageCount",
    "authentication",
  ]);
});
