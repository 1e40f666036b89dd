import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Registry as ServiceRegistry } from "azure-iothub";
import { Registry } from "../support/azure-sdk.ts";
import { routeHttpsTo, startHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";

/** azure-iothub's Registry against the hub (spec/http-api 2). */
suite("azure-iothub Registry", () => {
  const scope = suiteScope();
  let registry: ServiceRegistry;

  before(async () => {
    const hub = await startHub(scope);
    routeHttpsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
  });

  test("a device is created with keys, read, updated and deleted", async () => {
    const created = (await registry.create({ deviceId: "dev.1" })).responseBody;
    assert.equal(created.deviceId, "dev.1");
    assert.equal(created.status, "enabled");
    assert.match(created.authentication?.symmetricKey?.primaryKey ?? "", /^[A-Za-z0-9+/]{43}=$/);

    const read = (await registry.get("dev.1")).responseBody;
    assert.deepEqual(read.authentication, created.authentication);
    assert.equal((read as { etag?: string }).etag, (created as { etag?: string }).etag);

    const updated = (
      await registry.update(Object.assign(read, { status: "disabled" as const, statusReason: "stolen" }))
    ).responseBody;
    assert.equal(updated.status, "disabled");
    assert.equal(updated.statusReason, "stolen");
    assert.deepEqual(updated.authentication, created.authentication);

    const { httpResponse } = await registry.delete("dev.1");
    assert.equal(httpResponse?.statusCode, 204);
    await assert.rejects(registry.get("dev.1"), { name: "DeviceNotFoundError" });
  });

  test("creating a device twice is refused", async () => {
    await registry.create({ deviceId: "twice" });
    await assert.rejects(registry.create({ deviceId: "twice" }), { name: "DeviceAlreadyExistsError" });
  });

  test("a bad device id is refused", async () => {
    await assert.rejects(registry.create({ deviceId: "with space" }), { name: "ArgumentError" });
  });

  test("ids with special characters survive", async () => {
    const deviceId = "a#b+c%d'(x)!*.$";
    await registry.create({ deviceId });
    assert.equal((await registry.get(deviceId)).responseBody.deviceId, deviceId);
    const ids = (await registry.list()).responseBody.map((device) => device.deviceId);
    assert.ok(ids.includes(deviceId));
  });

  test("a module lives and dies with its device", async () => {
    await registry.create({ deviceId: "host" });
    const created = (await registry.addModule({ deviceId: "host", moduleId: "m1", managedBy: "me" })).responseBody;
    assert.equal(created.moduleId, "m1");
    const read = (await registry.getModule("host", "m1")).responseBody;
    assert.equal(read.managedBy, "me");
    const listed = (await registry.getModulesOnDevice("host")).responseBody;
    assert.deepEqual(
      listed.map((module: { moduleId: string }) => module.moduleId),
      ["m1"],
    );
    await assert.rejects(registry.addModule({ deviceId: "host", moduleId: "m1" }));
    await registry.updateModule({ ...read, managedBy: "you" });
    assert.equal((await registry.getModule("host", "m1")).responseBody.managedBy, "you");
    await registry.removeModule("host", "m1");
    await assert.rejects(registry.getModule("host", "m1"));
    await registry.addModule({ deviceId: "host", moduleId: "m2" });
    await registry.delete("host");
    await assert.rejects(registry.getModulesOnDevice("host"), { name: "DeviceNotFoundError" });
  });

  test("an update with a stale etag is refused, forced ones go through", async () => {
    const created = (await registry.addModule({ deviceId: await fresh("etags"), moduleId: "m" })).responseBody;
    await registry.updateModule({ ...created, managedBy: "first" });
    await assert.rejects(registry.updateModule({ ...created, managedBy: "second" }), {
      name: "InvalidEtagError",
    });
    await registry.updateModule({ ...created, managedBy: "third" }, true);
    assert.equal((await registry.getModule("etags", "m")).responseBody.managedBy, "third");
  });

  test("devices are added, updated and removed in bulk", async () => {
    const devices = Array.from({ length: 100 }, (_, index) => ({
      deviceId: `bulk-${index}`,
      status: "enabled" as const,
    }));
    const added = (await registry.addDevices(devices)).responseBody;
    assert.deepEqual(added, { isSuccessful: true, errors: [], warnings: [] });
    const disabled = devices.map((device) => ({ ...device, status: "disabled" as const }));
    assert.equal((await registry.updateDevices(disabled, true)).responseBody.isSuccessful, true);
    assert.equal((await registry.get("bulk-99")).responseBody.status, "disabled");
    assert.equal((await registry.removeDevices(devices, true)).responseBody.isSuccessful, true);
    await assert.rejects(registry.get("bulk-0"), { name: "DeviceNotFoundError" });
    await assert.rejects(registry.addDevices([...devices, { deviceId: "one-more" }]));
  });

  test("an IoT Edge device brings its system modules and gives its children a scope", async () => {
    const edge = (await registry.create({ deviceId: "edge", capabilities: { iotEdge: true } })).responseBody as {
      deviceScope?: string;
      generationId?: string;
    };
    assert.match(edge.deviceScope ?? "", /^ms-azure-iot-edge:\/\/edge-\d+$/);
    const modules = (await registry.getModulesOnDevice("edge")).responseBody as { moduleId: string }[];
    assert.deepEqual(modules.map(({ moduleId }) => moduleId).toSorted(), ["$edgeAgent", "$edgeHub"]);
    const leaf = (await registry.create({ deviceId: "leaf", deviceScope: edge.deviceScope })).responseBody as {
      parentScopes?: string[];
    };
    assert.deepEqual(leaf.parentScopes, [edge.deviceScope]);
  });

  test("statistics count devices", async () => {
    const before = (await registry.getRegistryStatistics()).responseBody;
    await registry.create({ deviceId: "counted", status: "disabled" });
    const after = (await registry.getRegistryStatistics()).responseBody;
    assert.equal(after.totalDeviceCount, before.totalDeviceCount + 1);
    assert.equal(after.disabledDeviceCount, before.disabledDeviceCount + 1);
  });

  async function fresh(deviceId: string): Promise<string> {
    await registry.create({ deviceId });
    return deviceId;
  }
});
