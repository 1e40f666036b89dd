import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../../support/memory-hub.ts";
import { context, keyA, keyB, registryHub, thumbprintA } from "./identity-fixture.ts";

const keysOf = (view: Awaited<ReturnType<ReturnType<typeof registryHub>["put"]>>) =>
  view.device.fields.authentication.symmetricKey;

// spec/identity-and-security 1.1, 1.3
test("a device that says nothing of itself is enabled and has generated keys", async () => {
  const { put, registry } = registryHub();
  const { device, connection, cloudToDeviceMessageCount } = await put("dev-1");
  assert.equal(device.fields.status, "enabled");
  assert.equal(device.fields.statusReason, null);
  assert.deepEqual(device.fields.capabilities, { iotEdge: false });
  assert.deepEqual([device.fields.deviceScope, device.fields.parentScopes], [null, []]);
  assert.equal(device.fields.authentication.type, "sas");
  const { primaryKey, secondaryKey } = device.fields.authentication.symmetricKey;
  assert.notEqual(primaryKey, secondaryKey);
  for (const key of [primaryKey, secondaryKey]) assert.equal(Buffer.from(key ?? "", "base64").length, 32);
  assert.equal(connection.connected, false);
  assert.equal(cloudToDeviceMessageCount, 0);
  assert.deepEqual(registry.getDevice("dev-1").device, device);
});

test("no key is in any event in clear", async () => {
  const { put, hub, registry } = registryHub();
  await put("dev-1", { authentication: { symmetricKey: { primaryKey: keyA, secondaryKey: keyB } } });
  const generated = keysOf(await put("dev-2"));
  const journal = JSON.stringify(hub.events);
  for (const key of [keyA, keyB, generated.primaryKey, generated.secondaryKey])
    assert.ok(!journal.includes(String(key)));
  assert.deepEqual(keysOf(registry.getDevice("dev-1")), { primaryKey: keyA, secondaryKey: keyB });
});

// spec/identity-and-security 1.4
test("without If-Match a PUT only creates", async () => {
  const { put, types } = registryHub();
  await put("dev-1");
  await assert.rejects(put("dev-1"), refusal("DeviceAlreadyExists"));
  await assert.rejects(put("dev-2", {}, "*"), refusal("DeviceNotFound", "dev-2"));
  assert.deepEqual(types(), ["DeviceCreated dev-1"]);
});

test("a document that was read can be sent back, and changes nothing but the etag", async () => {
  const { put, last } = registryHub();
  const { device } = await put("dev-1");
  const echo = await put("dev-1", { ...device.fields, deviceId: "dev-1", etag: device.etag }, device.etag);
  assert.deepEqual(echo.device.fields, device.fields);
  assert.notEqual(echo.device.etag, device.etag);
  const event = last();
  assert.ok(event?.type === "DeviceUpdated");
  assert.deepEqual(event.data.changed, []);
  assert.equal(event.data.credentialsChanged, false);
  await assert.rejects(put("dev-1", {}, device.etag), refusal("PreconditionFailed"));
});

// spec/identity-and-security 1.3
test("exchanging the keys keeps their sealed texts, so that no connection is cut", async () => {
  const { put, last, hub } = registryHub();
  await put("dev-1", { authentication: { symmetricKey: { primaryKey: keyA, secondaryKey: keyB } } });
  const before = hub.readModel.device("dev-1")?.value.fields.authentication.symmetricKey;
  await put("dev-1", { authentication: { symmetricKey: { primaryKey: keyB, secondaryKey: keyA } } }, "*");
  const event = last();
  assert.ok(event?.type === "DeviceUpdated");
  const after = event.data.fields.authentication.symmetricKey;
  assert.deepEqual([after.primaryKey, after.secondaryKey], [before?.secondaryKey, before?.primaryKey]);
  assert.deepEqual(event.data.changed, ["authentication"]);
  assert.equal(event.data.credentialsChanged, false);
});

test("empty keys in an update are generated anew", async () => {
  const { put, last } = registryHub();
  const before = keysOf(await put("dev-1"));
  const body = { authentication: { type: "sas", symmetricKey: { primaryKey: "", secondaryKey: "" } } };
  const after = keysOf(await put("dev-1", body, "*"));
  assert.notEqual(after.primaryKey, before.primaryKey);
  assert.notEqual(after.secondaryKey, before.secondaryKey);
  const event = last();
  assert.ok(event?.type === "DeviceUpdated" && event.data.credentialsChanged);
});

test("what an update leaves out: status, credentials and capabilities stay, the reason goes", async () => {
  const { put } = registryHub();
  const before = await put("dev-1", { status: "disabled", statusReason: "lost" });
  const { fields, statusUpdatedTime } = (await put("dev-1", {}, "*")).device;
  assert.deepEqual(fields, { ...before.device.fields, statusReason: null });
  assert.equal(statusUpdatedTime, null);
});

test("the time of a status change is kept", async () => {
  const { put, hub } = registryHub();
  await put("dev-1");
  hub.clock.nowMs += 1000;
  const { device } = await put("dev-1", { status: "disabled" }, "*");
  assert.equal(device.statusUpdatedTime, "2026-03-01T12:00:01.000Z");
});

test("a device can change from keys to a thumbprint and back", async () => {
  const { put } = registryHub();
  await put("dev-1");
  const { device } = await put(
    "dev-1",
    { authentication: { x509Thumbprint: { primaryThumbprint: thumbprintA } } },
    "*",
  );
  assert.deepEqual(device.fields.authentication, {
    type: "selfSigned",
    symmetricKey: { primaryKey: null, secondaryKey: null },
    x509Thumbprint: { primaryThumbprint: thumbprintA, secondaryThumbprint: null },
  });
  assert.ok(keysOf(await put("dev-1", { authentication: { type: "sas" } }, "*")).primaryKey);
});

test("a deleted device is gone with its modules, and comes back in another generation", async () => {
  const { put, putModule, registry } = registryHub();
  const first = await put("dev-1");
  await putModule("dev-1", "m1");
  await assert.rejects(
    registry.deleteDevice({ deviceId: "dev-1", ifMatch: "bm8=", ...context }),
    refusal("PreconditionFailed"),
  );
  await registry.deleteDevice({ deviceId: "dev-1", ifMatch: first.device.etag, ...context });
  assert.throws(() => registry.getDevice("dev-1"), refusal("DeviceNotFound", "dev-1"));
  await assert.rejects(registry.deleteDevice({ deviceId: "dev-1", ...context }), refusal("DeviceNotFound", "dev-1"));
  const second = await put("dev-1");
  assert.notEqual(second.device.generationId, first.device.generationId);
  assert.deepEqual(registry.listModules("dev-1"), []);
  await putModule("dev-1", "m1");
  assert.equal(registry.listModules("dev-1").length, 1);
});

test("of two who create an id at once one wins, the other is told", async () => {
  const { put, hub, types } = registryHub();
  hub.lagging = true;
  const outcomes = await Promise.allSettled([put("dev-1"), put("dev-1")]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.deepEqual(types(), ["DeviceCreated dev-1"]);
});

// spec/http-api 2.2
test("a list has 1000 devices at most, by id, with their keys", async () => {
  const { put, registry } = registryHub();
  for (const deviceId of ["b", "a", "c"]) await put(deviceId);
  const ids = (top: number) => registry.listDevices(top).map(({ device }) => device.deviceId);
  assert.deepEqual(ids(2), ["a", "b"]);
  for (const top of [0, -1, 1001, 1.5, Number.NaN, 1000]) assert.deepEqual(ids(top), ["a", "b", "c"]);
  assert.deepEqual(registry.listDevices(1), [registry.getDevice("a")]);
});

test("an unknown id that is much too long is not repeated in full", () => {
  const { registry } = registryHub();
  assert.throws(() => registry.getDevice("x".repeat(5000)), refusal("DeviceNotFound", "x".repeat(128)));
});
