import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Registry as ServiceRegistry } from "azure-iothub";
import { Registry } from "../support/azure-sdk.ts";
import { listenToDesired } from "../support/desired-changes.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

type Configuration = Parameters<ServiceRegistry["addConfiguration"]>[0];

/** azure-iothub's Registry and devices of azure-iot-device, over automatic configurations (spec/twins-methods-jobs 12). */
suite("automatic configurations", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;

  before(async () => {
    hub = await startHub(scope, { configurationIntervalSeconds: 1 });
    routeHttpsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
  });

  const twinOf = async (deviceId: string) => (await registry.getTwin(deviceId)).responseBody;
  const tag = (deviceId: string, tags: Record<string, unknown>) => registry.updateTwin(deviceId, { tags }, "*");
  const desiredOf = async (deviceId: string) => {
    const { $metadata: _metadata, $version: _version, ...values } = (await twinOf(deviceId)).properties.desired;
    return values as Record<string, unknown>;
  };
  const configurationsOf = async (deviceId: string): Promise<unknown> =>
    ((await twinOf(deviceId)) as unknown as Record<string, unknown>).configurations;
  const forDevices = (id: string, desired: object, rest: Partial<Configuration> = {}): Configuration => ({
    id,
    schemaVersion: "1.0",
    content: { deviceContent: { "properties.desired": desired } },
    ...rest,
  });

  // azure-iot-sdk-node, e2e tests of configurations; spec/http-api 7
  test("a configuration is added, read, listed, updated and removed", async () => {
    const configuration = {
      id: "crud-1",
      schemaVersion: "",
      labels: { HostPlatform: "SomeValue" },
      content: { deviceContent: { "properties.desired.chiller-water": { temperature: 66, pressure: 28 } } },
      targetCondition: "tags.crud = 'yes'",
      priority: 10,
      metrics: { queries: { on: "select deviceId from devices where tags.crud = 'yes'" } },
    };
    const added = (await registry.addConfiguration(structuredClone(configuration))).responseBody;
    assert.deepEqual(added.content, configuration.content);
    assert.deepEqual([added.id, added.schemaVersion, added.etag], ["crud-1", "1.0", "MQ=="]);
    assert.equal(added.createdTimeUtc, added.lastUpdatedTimeUtc);
    await assert.rejects(registry.addConfiguration(structuredClone(configuration)), {
      name: "DeviceAlreadyExistsError",
      message: /configuration/,
    });

    const read = (await registry.getConfiguration("crud-1")).responseBody;
    assert.deepEqual(
      [read.labels, read.priority, read.targetCondition],
      [configuration.labels, 10, "tags.crud = 'yes'"],
    );
    assert.deepEqual(read.systemMetrics?.queries, {
      targetedCount: "select deviceId from devices where tags.crud = 'yes'",
      appliedCount: "select deviceId from devices where configurations.[[crud-1]].status = 'Applied'",
    });
    const listed = (await registry.getConfigurations()).responseBody as unknown as readonly Configuration[];
    assert.ok(listed.some(({ id }) => id === "crud-1"));

    const updated = (await registry.updateConfiguration({ ...read, priority: 20 })).responseBody;
    assert.deepEqual([updated.priority, updated.etag, updated.content], [20, "Mg==", configuration.content]);
    await assert.rejects(registry.updateConfiguration({ ...read, priority: 30 }), { name: "InvalidEtagError" });
    const forced = (await registry.updateConfiguration({ ...read, priority: 30 }, true)).responseBody;
    assert.equal(forced.priority, 30);
    const other = { deviceContent: { "properties.desired.x": 1 } };
    await assert.rejects(registry.updateConfiguration({ ...read, content: other }, true), { name: "ArgumentError" });
    const absurd = registry.updateConfiguration({ ...read, targetCondition: "tags. =" }, true);
    await assert.rejects(absurd, { name: "ArgumentError" });

    const removed = await registry.removeConfiguration("crud-1");
    assert.equal(removed.httpResponse?.statusCode, 204);
    await assert.rejects(registry.getConfiguration("crud-1"));
    await assert.rejects(registry.removeConfiguration("crud-1"));
  });

  // spec/twins-methods-jobs 12: application, conflict, leaving the target, removal
  test("a device hears of what it is configured with, and of its end", async (t) => {
    const device = await openDevice(t, await registerDevice(hub, "listener"));
    await tag("listener", { ring: "early" });
    const deltas = await listenToDesired(await device.getTwin());
    await registry.addConfiguration(
      forDevices("base", { level: 1, mode: { eco: true } }, { targetCondition: "tags.ring = 'early'" }),
    );
    const first = await waitFor("the configuration", () => deltas.find(({ level }) => level === 1));
    assert.deepEqual(first, { level: 1, mode: { eco: true }, $version: 2 });
    assert.deepEqual(await configurationsOf("listener"), { base: { status: "Applied" } });
    const { level } = (await twinOf("listener")).properties.desired.$metadata as Record<
      string,
      Record<string, unknown>
    >;
    assert.equal(level?.$lastUpdatedBy, "base");
    assert.equal(level?.$lastUpdatedVersion, 2);

    await registry.addConfiguration(
      forDevices("urgent", { level: 2 }, { targetCondition: "tags.ring = 'early'", priority: 5 }),
    );
    await waitFor("the stronger configuration", () => deltas.at(-1)?.level === 2);
    assert.deepEqual(await desiredOf("listener"), { level: 2, mode: { eco: true } });
    const base = (await registry.getConfiguration("base")).responseBody;
    await registry.updateConfiguration({ ...base, priority: 9 });
    await waitFor("the change of priority", () => deltas.at(-1)?.level === 1);
    assert.deepEqual(await configurationsOf("listener"), {
      base: { status: "Applied" },
      urgent: { status: "Targeted" },
    });

    await registry.removeConfiguration("base");
    await waitFor("the removal", () => deltas.at(-1)?.level === 2);
    assert.deepEqual(await desiredOf("listener"), { level: 2 });
    await tag("listener", { ring: "late" });
    await waitFor("the device to leave the target", () => deltas.at(-1)?.level === null);
    assert.deepEqual([await desiredOf("listener"), await configurationsOf("listener")], [{}, undefined]);
    await registry.removeConfiguration("urgent");
  });

  // spec/twins-methods-jobs 12: metrics
  test("metrics are counted, those of the system and one's own", async () => {
    for (const id of ["m1", "m2", "m3"]) {
      await registerDevice(hub, id);
      await tag(id, { measured: id !== "m3" });
    }
    const queries = { all: "SELECT deviceId FROM devices WHERE STARTSWITH(deviceId, 'm')", odd: "select *" };
    const target = { targetCondition: "tags.measured = true", metrics: { queries } };
    await registry.addConfiguration(forDevices("measured", { x: 1 }, target));
    const found = await waitFor("the counts", async () => {
      const { systemMetrics, metrics } = (await registry.getConfiguration("measured")).responseBody;
      return systemMetrics?.results?.appliedCount === 2 && { system: systemMetrics.results, own: metrics?.results };
    });
    assert.deepEqual(found, { system: { targetedCount: 2, appliedCount: 2 }, own: { all: 3 } });
    await registry.removeConfiguration("measured");
  });

  // spec/twins-methods-jobs 12: moduleContent
  test("modules are configured by their own twins", async () => {
    await registerDevice(hub, "with-modules");
    for (const moduleId of ["one", "two"]) await registry.addModule({ deviceId: "with-modules", moduleId });
    await registry.updateModuleTwin("with-modules", "one", { tags: { on: true } }, "*");
    await registry.addConfiguration({
      id: "modules",
      schemaVersion: "1.0",
      content: { moduleContent: { "properties.desired.level": 3 } },
      targetCondition: "FROM devices.modules WHERE tags.on = true",
    });
    const levelOf = async (moduleId: string): Promise<unknown> =>
      (await registry.getModuleTwin("with-modules", moduleId)).responseBody.properties.desired.level;
    await waitFor("the module's configuration", async () => (await levelOf("one")) === 3);
    assert.equal(await levelOf("two"), undefined);
    await registry.removeConfiguration("modules");
    await waitFor("its removal", async () => (await levelOf("one")) === undefined);
  });

  // spec/twins-methods-jobs 12: modulesContent; spec/http-api 7: applyConfigurationContent
  test("deployments reach the modules of IoT Edge devices, and content is applied to one of them", async () => {
    const edge = { capabilities: { iotEdge: true } };
    await registerDevice(hub, "edge-1", edge);
    await registerDevice(hub, "edge-2", edge);
    const contentOf = (image: string) => ({
      modulesContent: {
        $edgeAgent: { "properties.desired": { modules: { m: { image } } } },
        $edgeHub: { "properties.desired": { routes: {} } },
        m: { "properties.desired": { image } },
      },
    });
    const moduleOf = async (deviceId: string, moduleId: string) =>
      (await registry.getModuleTwin(deviceId, moduleId)).responseBody;
    await registry.addConfiguration({
      id: "deployment",
      schemaVersion: "1.0",
      content: contentOf("v1"),
      targetCondition: "deviceId = 'edge-1'",
    });
    const agent = await waitFor("the deployment", async () => {
      const twin = await moduleOf("edge-1", "$edgeAgent");
      return twin.properties.desired.modules?.m.image === "v1" && twin;
    });
    const { configurations } = agent as unknown as Record<string, unknown>;
    assert.deepEqual(configurations, { deployment: { status: "Applied" } });
    assert.equal((await moduleOf("edge-1", "m")).properties.desired.image, "v1");

    const applied = await registry.applyConfigurationContentOnDevice("edge-2", contentOf("v2"));
    assert.equal(applied.httpResponse?.statusCode, 204);
    const modules = (await registry.getModulesOnDevice("edge-2")).responseBody as { moduleId: string }[];
    assert.deepEqual(modules.map(({ moduleId }) => moduleId).toSorted(), ["$edgeAgent", "$edgeHub", "m"]);
    assert.equal((await moduleOf("edge-2", "m")).properties.desired.image, "v2");
    const counts = await waitFor("the counts of the deployment", async () => {
      const { results } = (await registry.getConfiguration("deployment")).responseBody.systemMetrics ?? {};
      return results?.appliedCount === 1 && results;
    });
    assert.deepEqual(counts, { targetedCount: 1, appliedCount: 1, reportedSuccessfulCount: 0, reportedFailedCount: 0 });
    await assert.rejects(registry.applyConfigurationContentOnDevice("edge-2", { deviceContent: {} }), {
      name: "ArgumentError",
    });
    await assert.rejects(registry.applyConfigurationContentOnDevice("nobody", contentOf("v2")), {
      name: "DeviceNotFoundError",
    });
  });
});
