import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../../../../core/events.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { context, registryHub } from "./identity-fixture.ts";

const scopeOf = async (view: ReturnType<ReturnType<typeof registryHub>["edge"]>): Promise<string> =>
  (await view).device.fields.deviceScope ?? "";

// spec/identity-and-security 1.6
test("an IoT Edge device has a scope of its own, and its system modules were there before it", async () => {
  const { edge, registry, types } = registryHub();
  const { device } = await edge("edge-1");
  assert.equal(device.fields.deviceScope, `ms-azure-iot-edge://edge-1-${device.generationId}`);
  assert.deepEqual(device.fields.parentScopes, []);
  assert.deepEqual(types().toSorted(), [
    "DeviceCreated edge-1",
    "ModuleCreated edge-1/$edgeAgent",
    "ModuleCreated edge-1/$edgeHub",
  ]);
  assert.equal(types().at(-1), "DeviceCreated edge-1");
  const modules = registry.listModules("edge-1").map(({ module }) => module);
  assert.deepEqual(modules.map(({ moduleId }) => moduleId).sort(), ["$edgeAgent", "$edgeHub"]);
  for (const { fields, deviceGenerationId } of modules) {
    assert.equal(fields.managedBy, "IotEdge");
    assert.equal(fields.authentication.type, "sas");
    assert.equal(deviceGenerationId, device.generationId);
  }
});

test("the hub is the actor of the system modules' creation, in the caller's request", async () => {
  const { edge, hub } = registryHub();
  await edge("edge-1");
  const { actor, correlationId } = hub.events[0]?.meta ?? {};
  assert.deepEqual([actor, correlationId], [{ kind: "hub", nodeId: "node-1" }, "request-1"]);
});

test("system modules come and go with the capability", async () => {
  const { put, registry } = registryHub();
  await put("dev-1");
  const edge = await put("dev-1", { capabilities: { iotEdge: true } }, "*");
  assert.equal(registry.listModules("dev-1").length, 2);
  const leaf = await put("dev-1", { ...edge.device.fields, capabilities: { iotEdge: false } }, "*");
  assert.deepEqual([leaf.device.fields.deviceScope, registry.listModules("dev-1")], [null, []]);
  await put("dev-1", { capabilities: { iotEdge: true } }, "*");
  assert.equal(registry.listModules("dev-1").length, 2);
});

test("of two who create an IoT Edge device at once, the winner's has its system modules in the end", async () => {
  const { edge, hub, registry } = registryHub();
  hub.lagging = true;
  const outcomes = await Promise.allSettled([edge("edge-1"), edge("edge-1")]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.equal(registry.listModules("edge-1").length, 2);
});

test("the late loser of a race for an IoT Edge device repairs what it overwrote", async () => {
  const { edge, hub, registry } = registryHub();
  hub.beforeAppend = async (_key, event) => {
    if (event.type !== "ModuleCreated") return;
    hub.beforeAppend = () => {};
    await edge("edge-1");
  };
  await assert.rejects(edge("edge-1"), refusal("DeviceAlreadyExists"));
  assert.equal(registry.listModules("edge-1").length, 2);
});

test("a refused creation leaves no system modules behind", async () => {
  const { edge, types } = registryHub();
  await assert.rejects(edge("edge-1", { parentScopes: ["nowhere"] }), refusal("InvalidDeviceScope"));
  assert.deepEqual(types(), []);
});

test("system modules are protected from back ends, also from their bulk calls and key changes", async () => {
  const { edge, putModule, registry, put, bulk } = registryHub();
  await edge("edge-1");
  await put("dev-1");
  const protectedError = refusal(
    "SystemModuleModifyUnauthorizedAccess",
    "Unauthorized to modify the reserved module $edgeHub",
  );
  await assert.rejects(putModule("edge-1", "$edgeHub", {}, "*"), protectedError);
  await assert.rejects(putModule("dev-1", "$edgeHub"), protectedError);
  await assert.rejects(registry.deleteModule({ deviceId: "edge-1", moduleId: "$edgeHub", ...context }), protectedError);
  const { errors } = await bulk({ id: "edge-1", moduleId: "$edgeHub", importMode: "delete" });
  assert.equal(errors[0]?.errorCode, 401100);
  const regenerated = await registry.regenerateKeys("both", [{ id: "edge-1", moduleId: "$edgeHub" }], context);
  assert.equal(regenerated.errors[0]?.errorCode, 401100);
});

// spec/identity-and-security 5.4: the runtime updates its modules with the device's own token
test("the IoT Edge device itself may update its system modules, but not delete them", async () => {
  const { edge, registry } = registryHub();
  await edge("edge-1");
  const target = { deviceId: "edge-1", moduleId: "$edgeAgent", correlationId: "request-2" };
  const actor: Actor = { kind: "device", deviceId: "edge-1" };
  const body = { authentication: { type: "none" } };
  const { module } = await registry.putModule({ ...target, actor, body, ifMatch: "*" });
  assert.equal(module.fields.authentication.type, "none");
  await assert.rejects(registry.deleteModule({ ...target, actor }), refusal("SystemModuleModifyUnauthorizedAccess"));
  const other: Actor = { kind: "device", deviceId: "edge-2" };
  await assert.rejects(
    registry.putModule({ ...target, actor: other, body, ifMatch: "*" }),
    refusal("SystemModuleModifyUnauthorizedAccess"),
  );
});

test("a leaf device's scope is that of its parent, and is copied to its parent scopes", async () => {
  const { edge, put } = registryHub();
  const scope = await scopeOf(edge("edge-1"));
  const { fields } = (await put("leaf", { deviceScope: scope })).device;
  assert.deepEqual([fields.deviceScope, fields.parentScopes], [scope, [scope]]);
  const byParents = (await put("leaf-2", { parentScopes: [scope] })).device.fields;
  assert.deepEqual([byParents.deviceScope, byParents.parentScopes], [scope, [scope]]);
});

test("a leaf device moves, is taken off its parent by an empty scope, and by leaving the scope out", async () => {
  const { edge, put } = registryHub();
  const [first, second] = [await scopeOf(edge("edge-1")), await scopeOf(edge("edge-2"))];
  await put("leaf", { deviceScope: first });
  const moved = (await put("leaf", { deviceScope: second, parentScopes: [first] }, "*")).device.fields;
  assert.deepEqual([moved.deviceScope, moved.parentScopes], [second, [second]]);
  const cleared = (await put("leaf", { deviceScope: "", parentScopes: [second] }, "*")).device.fields;
  assert.deepEqual([cleared.deviceScope, cleared.parentScopes], [null, []]);
  await put("leaf", { deviceScope: first }, "*");
  assert.deepEqual((await put("leaf", {}, "*")).device.fields.parentScopes, []);
});

test("a scope that is no IoT Edge device's is refused", async () => {
  const { edge, put } = registryHub();
  const scope = await scopeOf(edge("edge-1"));
  const leaf = (await put("leaf", {})).device;
  const bad = [
    "9f5ad9a0-98f4-4be5-8d65-ae1f41f6e1a4",
    `${scope}0`,
    "ms-azure-iot-edge://nobody-1",
    `ms-azure-iot-edge://leaf-${leaf.generationId}0`,
  ];
  for (const deviceScope of bad) {
    await assert.rejects(put("leaf", { deviceScope }, "*"), refusal("InvalidDeviceScope"), deviceScope);
  }
});

test("an IoT Edge device's own scope can not be chosen or changed, only echoed", async () => {
  const { edge, put } = registryHub();
  const scope = await scopeOf(edge("edge-1"));
  await assert.rejects(edge("edge-2", { deviceScope: scope }), refusal("InvalidDeviceScope"));
  await assert.rejects(put("edge-1", { deviceScope: "another" }, "*"), refusal("InvalidDeviceScope"));
  assert.equal((await put("edge-1", { deviceScope: scope }, "*")).device.fields.deviceScope, scope);
  assert.equal((await put("edge-1", {}, "*")).device.fields.deviceScope, scope);
});

test("a leaf device that becomes an IoT Edge device may be sent with its parent's scope", async () => {
  const { edge, put } = registryHub();
  const scope = await scopeOf(edge("edge-1"));
  const leaf = (await put("dev-1", { deviceScope: scope })).device.fields;
  const { fields } = (await put("dev-1", { ...leaf, capabilities: { iotEdge: true } }, "*")).device;
  assert.match(fields.deviceScope ?? "", /^ms-azure-iot-edge:\/\/dev-1-/);
  assert.deepEqual(fields.parentScopes, [scope]);
});

test("IoT Edge devices nest five levels deep, and never in a circle", async () => {
  const { edge, put } = registryHub();
  const scopes = [await scopeOf(edge("edge-0"))];
  for (let level = 1; level <= 5; level += 1) {
    scopes.push(await scopeOf(edge(`edge-${level}`, { parentScopes: [scopes[level - 1] ?? ""] })));
  }
  await assert.rejects(edge("edge-6", { parentScopes: [scopes[5] ?? ""] }), refusal("InvalidDeviceScope"));
  for (const scope of scopes.slice(0, 3)) {
    await assert.rejects(put("edge-0", { parentScopes: [scope] }, "*"), refusal("InvalidDeviceScope"), scope);
  }
});

// spec/identity-and-security 1.4
test("the child of a deleted parent keeps its scope and can still be changed", async () => {
  const { edge, put, registry } = registryHub();
  const scope = await scopeOf(edge("edge-1"));
  await put("leaf", { deviceScope: scope });
  await registry.deleteDevice({ deviceId: "edge-1", ...context });
  const { fields } = (await put("leaf", { deviceScope: scope, status: "disabled" }, "*")).device;
  assert.deepEqual([fields.deviceScope, fields.status], [scope, "disabled"]);
});
