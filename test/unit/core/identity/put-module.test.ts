import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../../support/memory-hub.ts";
import { context, keyA, keyB, registryHub } from "./identity-fixture.ts";

// spec/http-api 2.3, spec/identity-and-security 10
test("a module of a device has keys and an etag of its own", async () => {
  const { put, putModule, registry } = registryHub();
  const { device } = await put("dev-1");
  const { module } = await putModule("dev-1", "m1", { managedBy: "me" });
  assert.equal(module.fields.managedBy, "me");
  assert.equal(module.deviceGenerationId, device.generationId);
  assert.ok(module.fields.authentication.symmetricKey.primaryKey);
  assert.deepEqual(registry.getModule("dev-1", "m1").module, module);
  assert.deepEqual(
    registry.listModules("dev-1").map((view) => view.module),
    [module],
  );
});

test("a module needs its device", async () => {
  const { putModule, registry } = registryHub();
  await assert.rejects(putModule("dev-1", "m1"), refusal("DeviceNotFound", "dev-1"));
  assert.throws(() => registry.listModules("dev-1"), refusal("DeviceNotFound"));
  assert.throws(() => registry.getModule("dev-1", "m1"), refusal("DeviceNotFound"));
});

test("a module is created once, updated with an etag, and deleted", async () => {
  const { put, putModule, registry } = registryHub();
  await put("dev-1");
  await assert.rejects(putModule("dev-1", "m1", {}, "*"), refusal("ModuleNotFound", "m1"));
  const { module } = await putModule("dev-1", "m1", { managedBy: "me" });
  await assert.rejects(putModule("dev-1", "m1"), refusal("ModuleAlreadyExistsOnDevice"));
  const symmetricKey = { primaryKey: keyA, secondaryKey: keyB };
  const updated = (await putModule("dev-1", "m1", { authentication: { symmetricKey } }, module.etag)).module;
  assert.deepEqual(updated.fields.authentication.symmetricKey, symmetricKey);
  assert.equal(updated.fields.managedBy, "me");
  assert.equal((await putModule("dev-1", "m1", { managedBy: null }, "*")).module.fields.managedBy, null);
  const stale = { deviceId: "dev-1", moduleId: "m1", ifMatch: module.etag, ...context };
  await assert.rejects(registry.deleteModule(stale), refusal("PreconditionFailed"));
  await registry.deleteModule({ ...stale, ifMatch: "*" });
  assert.throws(() => registry.getModule("dev-1", "m1"), refusal("ModuleNotFound", "m1"));
  await assert.rejects(registry.deleteModule({ ...stale, ifMatch: "*" }), refusal("ModuleNotFound"));
  assert.ok(await putModule("dev-1", "m1"));
});

// spec/identity-and-security 4
test("the 51st module of a device is refused", async () => {
  const { edge, putModule } = registryHub();
  await edge("edge-1");
  for (let index = 0; index < 50; index += 1) await putModule("edge-1", `m${index}`);
  await assert.rejects(putModule("edge-1", "m50"), refusal("TooManyModulesOnDevice"));
});

// spec/identity-and-security 5.4: IoT Edge creates with `none`, then updates to `sas` with derived keys
test("a module can begin without credentials and get keys later", async () => {
  const { put, putModule } = registryHub();
  await put("dev-1");
  const { module } = await putModule("dev-1", "m1", { authentication: { type: "none" }, managedBy: "iotEdge" });
  assert.equal(module.fields.authentication.symmetricKey.primaryKey, null);
  const authentication = { type: "sas", symmetricKey: { primaryKey: keyA, secondaryKey: keyB } };
  const updated = await putModule("dev-1", "m1", { authentication, managedBy: "iotEdge" }, "*");
  assert.equal(updated.module.fields.authentication.symmetricKey.primaryKey, keyA);
});
