import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Twin } from "azure-iot-device";
import type { Registry as ServiceRegistry } from "azure-iothub";
import { Registry } from "../support/azure-sdk.ts";
import { listenToDesired } from "../support/desired-changes.ts";
import { registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { connectedTransports, sdkDevices } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

/** azure-iothub's Twin and azure-iot-device's Twin, both ends of the same hub (spec/twins-methods-jobs 1 to 6). */
suite("twins", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;

  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
  });

  suite("with the service SDK", () => {
    test("a fresh twin has the first versions and no properties", async () => {
      await registerDevice(hub, "fresh");
      const twin = (await registry.getTwin("fresh")).responseBody;
      assert.equal(twin.etag, "AAAAAAAAAAE=");
      assert.equal((twin as unknown as { version: number }).version, 2);
      assert.equal(twin.properties.desired.$version, 1);
      assert.equal(twin.properties.reported.$version, 1);
    });

    test("a stale etag is refused", async () => {
      await registerDevice(hub, "stale");
      const update = registry.updateTwin("stale", { tags: { a: 1 } }, "abc");
      await assert.rejects(update, { name: "InvalidEtagError" });
    });

    test("a patch with a bad key is refused as a whole", async () => {
      await registerDevice(hub, "bad-key");
      const update = registry.updateTwin("bad-key", { properties: { desired: { good: 1, $bad: 2 } } }, "*");
      await assert.rejects(update, { name: "ArgumentError" });
      assert.equal((await registry.getTwin("bad-key")).responseBody.properties.desired.good, undefined);
    });
  });

  for (const transport of connectedTransports) {
    // spec/mqtt 8, spec/amqp 7
    suite(`between the service SDK and the device SDK over ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      test("desired properties reach the device, reported ones the back end, with versions and metadata", async (t) => {
        const deviceId = idOf("round-trip");
        const device = await devices.open(t, await devices.register(deviceId));
        const deviceTwin = await device.getTwin();
        assert.deepEqual(deviceTwin.properties.desired, { $version: 1 });
        const seen = await listenToDesired(deviceTwin);

        const serviceTwin = (await registry.getTwin(deviceId)).responseBody;
        const updated = (
          await registry.updateTwin(
            deviceId,
            { tags: { site: "A" }, properties: { desired: { color: "red" } } },
            serviceTwin.etag,
          )
        ).responseBody;
        assert.equal(updated.etag, "AAAAAAAAAAI=");
        assert.equal(updated.properties.desired.$version, 2);
        assert.equal(updated.properties.desired.$metadata.color.$lastUpdatedVersion, 2);
        await waitFor("the desired change", () => seen.some(({ color }) => color === "red"));
        assert.deepEqual(seen.at(-1), { color: "red", $version: 2 });

        await report(deviceTwin, { color: "red", nested: { a: [1, 2] } });
        const after = (await registry.getTwin(deviceId)).responseBody;
        assert.deepEqual(after.tags, { site: "A" });
        assert.equal(after.properties.reported.color, "red");
        assert.deepEqual(after.properties.reported.nested, { a: [1, 2] });
        assert.equal(after.properties.reported.$version, 2);
        assert.ok(after.properties.reported.$metadata.nested.a.$lastUpdated);
        assert.equal((after as unknown as { version: number }).version, 4);
        assert.equal(after.etag, "AAAAAAAAAAI=");

        const { desired, reported } = (await device.getTwin()).properties;
        assert.deepEqual(desired, { color: "red", $version: 2 });
        assert.equal(reported.color, "red");
        assert.equal(reported.$version, 2);
      });

      test("null removes a property and the device hears of it", async (t) => {
        const deviceId = idOf("removal");
        const device = await devices.open(t, await devices.register(deviceId));
        await registry.updateTwin(deviceId, { properties: { desired: { keep: 1, drop: { deep: true } } } }, "*");
        const deltas = await listenToDesired(await device.getTwin());
        await registry.updateTwin(deviceId, { properties: { desired: { drop: null } } }, "*");
        const last = await waitFor("the removal", () => deltas.find(({ drop }) => drop === null));
        assert.deepEqual(last, { drop: null, $version: 3 });
        const { desired } = (await registry.getTwin(deviceId)).responseBody.properties;
        assert.deepEqual([desired.keep, desired.drop], [1, undefined]);
      });

      test("a device removes what it reported", async (t) => {
        const deviceId = idOf("unreported");
        const device = await devices.open(t, await devices.register(deviceId));
        const twin = await device.getTwin();
        await report(twin, { keep: 1, drop: 2 });
        await report(twin, { drop: null });
        const { reported } = (await registry.getTwin(deviceId)).responseBody.properties;
        assert.deepEqual([reported.keep, reported.drop, reported.$version], [1, undefined, 3]);
      });

      test("a patch that removes and adds tells the device both", async (t) => {
        const deviceId = idOf("replaced");
        const device = await devices.open(t, await devices.register(deviceId));
        await registry.updateTwin(deviceId, { properties: { desired: { a: 1, b: 2 } } }, "*");
        const deltas = await listenToDesired(await device.getTwin());
        await registry.updateTwin(deviceId, { properties: { desired: { b: null, c: 3 } } }, "*");
        const delta = await waitFor("the change", () => deltas.find(({ c }) => c === 3));
        assert.deepEqual(delta, { b: null, c: 3, $version: 3 });
      });

      test("many changes arrive in their order, each once", async (t) => {
        const deviceId = idOf("many");
        const device = await devices.open(t, await devices.register(deviceId));
        const deltas = await listenToDesired(await device.getTwin());
        const before = deltas.length;
        const values = Array.from({ length: 50 }, (_, index) => index);
        for (const value of values) await registry.updateTwin(deviceId, { properties: { desired: { value } } }, "*");
        await waitFor("the last change", () => deltas.at(-1)?.value === 49);
        assert.deepEqual(
          deltas.slice(before),
          values.map((value) => ({ value, $version: value + 2 })),
        );
      });

      test("reported properties that break the rules are refused, and the twin stays usable", async (t) => {
        const deviceId = idOf("bad-report");
        const device = await devices.open(t, await devices.register(deviceId));
        const twin = await device.getTwin();
        await assert.rejects(report(twin, { good: 1, $bad: 2 }));
        await report(twin, { good: 2 });
        const { reported } = (await registry.getTwin(deviceId)).responseBody.properties;
        assert.deepEqual([reported.good, reported.$version], [2, 2]);
      });

      test("module twins work as device twins do", async (t) => {
        const deviceId = idOf("with-module");
        await devices.register(deviceId);
        await registry.addModule({ deviceId, moduleId: "m" });
        const key = (await registry.getModule(deviceId, "m")).responseBody.authentication?.symmetricKey?.primaryKey;
        const identity = `DeviceId=${deviceId};ModuleId=m;SharedAccessKey=${key}`;
        const client = await devices.open(t, `HostName=${transport.hostName(hub)};${identity}`);
        const twin = await client.getTwin();
        await report(twin, { ok: true });
        const deltas = await listenToDesired(twin);
        const read = (await registry.getModuleTwin(deviceId, "m")).responseBody;
        assert.equal(read.properties.reported.ok, true);
        await registry.updateModuleTwin(deviceId, "m", { properties: { desired: { x: 1 } } }, "*");
        const delta = await waitFor("the module's desired change", () => deltas.find(({ x }) => x === 1));
        assert.deepEqual(delta, { x: 1, $version: 2 });
        assert.equal((await registry.getTwin(deviceId)).responseBody.properties.desired.x, undefined);
      });

      test("what changed while the device was away is there when it returns", async (t) => {
        const deviceId = idOf("away");
        const connectionString = await devices.register(deviceId);
        const first = await devices.open(t, connectionString);
        await first.getTwin();
        await first.close();
        await registry.updateTwin(deviceId, { properties: { desired: { missed: true } } }, "*");
        const second = await devices.open(t, connectionString);
        const twin = await second.getTwin();
        assert.equal(twin.properties.desired.missed, true);
      });

      // spec/mqtt 3: a topic filter outlives its connection; a link of AMQP does not.
      test("the history tells what a device has subscribed to, where that outlives its connection", async (t) => {
        const deviceId = idOf("subscriber");
        const device = await devices.open(t, await devices.register(deviceId));
        await listenToDesired(await device.getTwin());
        const { events } = await hub.node.hub.history.page({ deviceId, types: ["SubscriptionsChanged"], limit: 100 });
        const noted = JSON.stringify(events).includes("$iothub/twin/PATCH/properties/desired/#");
        assert.equal(noted, transport.protocol.startsWith("mqtt"));
      });
    });
  }
});

const report = (twin: Twin, patch: Record<string, unknown>): Promise<void> =>
  new Promise((resolve, reject) =>
    twin.properties.reported.update(patch, (error: Error | null) => (error ? reject(error) : resolve())),
  );
