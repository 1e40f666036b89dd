import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Registry as ServiceRegistry } from "azure-iothub";
import { Registry } from "../support/azure-sdk.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

/** azure-iothub's Twin and azure-iot-device's Twin over MQTT, both ends of the same hub (spec/twins-methods-jobs 1 to 6). */
suite("twins between the service SDK and the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;

  before(async () => {
    hub = await startHub(scope);
    routeHttpsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
  });

  test("a fresh twin has the first versions and no properties", async () => {
    await registerDevice(hub, "fresh");
    const twin = (await registry.getTwin("fresh")).responseBody;
    assert.equal(twin.etag, "AAAAAAAAAAE=");
    assert.equal((twin as unknown as { version: number }).version, 2);
    assert.equal(twin.properties.desired.$version, 1);
    assert.equal(twin.properties.reported.$version, 1);
  });

  test("desired properties reach the device, reported ones the back end, with versions and metadata", async (t) => {
    const device = await openDevice(t, await registerDevice(hub, "round-trip"));
    const deviceTwin = await device.getTwin();
    const seen: unknown[] = [];
    deviceTwin.on("properties.desired", (delta: unknown) => seen.push(delta));

    await untilSubscribed("round-trip");
    const serviceTwin = (await registry.getTwin("round-trip")).responseBody;
    const updated = (
      await registry.updateTwin(
        "round-trip",
        { tags: { site: "A" }, properties: { desired: { color: "red" } } },
        serviceTwin.etag,
      )
    ).responseBody;
    assert.equal(updated.etag, "AAAAAAAAAAI=");
    assert.equal(updated.properties.desired.$version, 2);
    assert.equal(updated.properties.desired.$metadata.color.$lastUpdatedVersion, 2);
    await waitFor("the desired change", () => seen.some((delta) => (delta as { color?: string }).color === "red"));
    assert.deepEqual(seen.at(-1), { color: "red", $version: 2 });

    await new Promise<void>((resolve, reject) =>
      deviceTwin.properties.reported.update({ color: "red", nested: { a: [1, 2] } }, (error: Error | null) =>
        error ? reject(error) : resolve(),
      ),
    );
    const after = (await registry.getTwin("round-trip")).responseBody;
    assert.deepEqual(after.tags, { site: "A" });
    assert.equal(after.properties.reported.color, "red");
    assert.deepEqual(after.properties.reported.nested, { a: [1, 2] });
    assert.equal(after.properties.reported.$version, 2);
    assert.ok(after.properties.reported.$metadata.nested.a.$lastUpdated);
    assert.equal((after as unknown as { version: number }).version, 4);
    assert.equal(after.etag, "AAAAAAAAAAI=");
  });

  test("a stale etag is refused", async () => {
    await registerDevice(hub, "stale");
    const update = registry.updateTwin("stale", { tags: { a: 1 } }, "abc");
    await assert.rejects(update, { name: "InvalidEtagError" });
  });

  test("null removes a property and the device hears of it", async (t) => {
    const device = await openDevice(t, await registerDevice(hub, "removal"));
    await registry.updateTwin("removal", { properties: { desired: { keep: 1, drop: { deep: true } } } }, "*");
    const twin = await device.getTwin();
    const deltas: Record<string, unknown>[] = [];
    twin.on("properties.desired", (delta: Record<string, unknown>) => deltas.push(delta));
    await untilSubscribed("removal");
    await registry.updateTwin("removal", { properties: { desired: { drop: null } } }, "*");
    const last = await waitFor("the removal", () => deltas.find((delta) => delta.drop === null));
    assert.deepEqual(last, { drop: null, $version: 3 });
    const { desired } = (await registry.getTwin("removal")).responseBody.properties;
    assert.deepEqual([desired.keep, desired.drop], [1, undefined]);
  });

  test("a patch with a bad key is refused as a whole", async () => {
    await registerDevice(hub, "bad-key");
    const update = registry.updateTwin("bad-key", { properties: { desired: { good: 1, $bad: 2 } } }, "*");
    await assert.rejects(update, { name: "ArgumentError" });
    assert.equal((await registry.getTwin("bad-key")).responseBody.properties.desired.good, undefined);
  });

  test("a patch that removes and adds tells the device both", async (t) => {
    const device = await openDevice(t, await registerDevice(hub, "replaced"));
    await registry.updateTwin("replaced", { properties: { desired: { a: 1, b: 2 } } }, "*");
    const twin = await device.getTwin();
    const deltas: Record<string, unknown>[] = [];
    twin.on("properties.desired", (delta: Record<string, unknown>) => deltas.push(delta));
    await untilSubscribed("replaced");
    await registry.updateTwin("replaced", { properties: { desired: { b: null, c: 3 } } }, "*");
    await waitFor("the change", () => deltas.some((delta) => delta.c === 3));
  });

  test("module twins work as device twins do", async (t) => {
    const deviceId = "with-module";
    await registerDevice(hub, deviceId);
    await registry.addModule({ deviceId, moduleId: "m" });
    const module = (await registry.getModule(deviceId, "m")).responseBody;
    const key = module.authentication?.symmetricKey?.primaryKey;
    const connectionString = `HostName=${hub.deviceHostName};DeviceId=${deviceId};ModuleId=m;SharedAccessKey=${key}`;
    const client = await openDevice(t, connectionString);
    const twin = await client.getTwin();
    await new Promise<void>((resolve, reject) =>
      twin.properties.reported.update({ ok: true }, (error: Error | null) => (error ? reject(error) : resolve())),
    );
    const deltas: Record<string, unknown>[] = [];
    twin.on("properties.desired", (delta: Record<string, unknown>) => deltas.push(delta));
    await untilSubscribed(deviceId);
    const read = (await registry.getModuleTwin(deviceId, "m")).responseBody;
    assert.equal(read.properties.reported.ok, true);
    await registry.updateModuleTwin(deviceId, "m", { properties: { desired: { x: 1 } } }, "*");
    await waitFor("the module's desired change", () => deltas.some((delta) => delta.x === 1));
  });

  test("what changed while the device was away is there when it returns", async (t) => {
    const connectionString = await registerDevice(hub, "away");
    const first = await openDevice(t, connectionString);
    await first.getTwin();
    await first.close();
    await registry.updateTwin("away", { properties: { desired: { missed: true } } }, "*");
    const second = await openDevice(t, connectionString);
    const twin = await second.getTwin();
    assert.equal(twin.properties.desired.missed, true);
  });

  /** The SDK subscribes in the background once a handler is attached; a change before that is not told to the device. */
  async function untilSubscribed(deviceId: string): Promise<void> {
    await waitFor("the subscription to desired properties", async () => {
      const { events } = await hub.node.hub.history.page({ deviceId, types: ["SubscriptionsChanged"], limit: 100 });
      return JSON.stringify(events).includes("$iothub/twin/PATCH/properties/desired/#");
    });
  }
});
