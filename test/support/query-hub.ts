import type { Registry as ServiceRegistry } from "azure-iothub";
import { connectNats } from "../../adapters/nats/connect.ts";
import { createJournal } from "../../adapters/nats/journal.ts";
import type { IdentityKey } from "../../core/events.ts";
import { systemModuleIds } from "../../core/identity/system-module.ts";
import type { JsonObject } from "../../core/json.ts";
import { JobClient, Registry } from "./azure-sdk.ts";
import { openDevice } from "./device.ts";
import { connected, disconnected, type Fact, reportedPatched } from "./events.ts";
import type { TestHub } from "./hub.ts";
import { silentLog } from "./nats.ts";
import { type DeviceFixture, deviceFixtures, type ModuleFixture, moduleFixtures } from "./query-fixtures.ts";
import { waitFor } from "./wait-for.ts";

/** What of the fixtures is not the same on each hub. */
export type FixtureFacts = {
  /** The scope of the IoT Edge device `edge-01`, which has its generation in it, and of `edge-02`. */
  readonly scopes: ReadonlyMap<string, string>;
  /** When the desired properties of `lora-05` were written: after those of all others. */
  readonly desiredUpdated: string;
};

type Fixture = DeviceFixture | ModuleFixture;

/**
 * Makes the fixtures of spec/query-language A on a hub: identities, tags, desired properties, configurations and jobs as back
 * ends do, with azure-iothub; what devices do at times of their own, which no SDK can tell a hub, as events of its journal.
 * HTTPS must be led to the hub.
 */
export async function makeFixtures(hub: TestHub): Promise<FixtureFacts> {
  const registry = Registry.fromConnectionString(hub.connectionString);
  await registry.delete("device-1");
  const scopes = await registerAll(registry);
  await configure(registry);
  await runJobs(hub, registry);
  await writeDesired(
    registry,
    deviceFixtures.filter(({ deviceId }) => deviceId === "lora-05"),
  );
  await tellEvents(hub);
  const { responseBody: lora } = await registry.getTwin("lora-05");
  return { scopes, desiredUpdated: String(lora.properties.desired.$metadata.$lastUpdated) };
}

async function registerAll(registry: ServiceRegistry): Promise<ReadonlyMap<string, string>> {
  const scopes = new Map<string, string>();
  for (const { deviceId, status = "enabled", iotEdge = false, parent, tags } of deviceFixtures) {
    const parentScopes = parent === undefined ? [] : [scopes.get(parent)];
    // A disabled device's twin takes no tags.
    const device = { deviceId, status: tags ? "enabled" : status, capabilities: { iotEdge }, parentScopes } as never;
    const { deviceScope } = (await registry.create(device)).responseBody as { deviceScope?: string };
    if (iotEdge && deviceScope !== undefined) scopes.set(deviceId, deviceScope);
  }
  for (const { deviceId, moduleId } of moduleFixtures) {
    if (!systemModuleIds.some((id) => id === moduleId)) await registry.addModule({ deviceId, moduleId });
  }
  const others = deviceFixtures.filter(({ deviceId }) => deviceId !== "lora-05");
  await writeTags(registry, [...deviceFixtures, ...moduleFixtures]);
  await writeDesired(registry, [...others, ...moduleFixtures]);
  for (const { deviceId, status, tags } of deviceFixtures) {
    if (status === "disabled" && tags) await registry.update({ deviceId, status });
  }
  return scopes;
}

async function writeTags(registry: ServiceRegistry, fixtures: readonly Fixture[]): Promise<void> {
  for (const fixture of fixtures) if (fixture.tags) await update(registry, fixture, { tags: fixture.tags });
}

async function writeDesired(registry: ServiceRegistry, fixtures: readonly Fixture[]): Promise<void> {
  for (const fixture of fixtures) {
    if (fixture.desired) await update(registry, fixture, { properties: { desired: fixture.desired } });
  }
}

async function update(registry: ServiceRegistry, key: IdentityKey, patch: JsonObject): Promise<void> {
  const { deviceId, moduleId } = key;
  if (moduleId === undefined) await registry.updateTwin(deviceId, patch, "*");
  else await registry.updateModuleTwin(deviceId, moduleId, patch, "*");
}

/** `my_config` is applied to dev-01, and outdone on edge-01; `deployment1` is on every IoT Edge device. */
async function configure(registry: ServiceRegistry): Promise<void> {
  const forDevices = (id: string, targetCondition: string, priority: number) => ({
    id,
    schemaVersion: "1.0",
    content: { deviceContent: { "properties.desired.interval": priority } },
    targetCondition,
    priority,
  });
  await registry.addConfiguration(forDevices("other", "deviceId = 'edge-01'", 2));
  await registry.addConfiguration(forDevices("my_config", "deviceId IN ['dev-01', 'edge-01']", 1));
  const modulesContent = { $edgeAgent: { "properties.desired": { schemaVersion: "1.1" } } };
  await registry.addConfiguration({
    id: "deployment1",
    schemaVersion: "1.0",
    content: { modulesContent },
    targetCondition: "capabilities.iotEdge = true",
    priority: 1,
  });
  await waitFor("the configurations", async () => {
    const twins = [
      (await registry.getTwin("dev-01")).responseBody,
      (await registry.getTwin("edge-01")).responseBody,
      (await registry.getModuleTwin("edge-01", "$edgeAgent")).responseBody,
      (await registry.getModuleTwin("edge-02", "$edgeAgent")).responseBody,
    ];
    return twins.every((twin) => "configurations" in twin);
  });
}

/** `j1` is too much for the tags of dev-02; `j2` calls dev-01. */
async function runJobs(hub: TestHub, registry: ServiceRegistry): Promise<void> {
  const jobs = JobClient.fromConnectionString(hub.connectionString);
  const ended = (jobId: string): Promise<boolean> =>
    waitFor(`the end of ${jobId}`, async () => {
      const { status } = (await jobs.getJob(jobId)).jobStatus as { status: string };
      return status === "completed" || status === "failed";
    });
  const ballast = (letter: string) => Object.fromEntries(["a", "b"].map((name) => [letter + name, "x".repeat(2_500)]));
  await update(registry, { deviceId: "dev-02" }, { tags: { ballast: ballast("x") } });
  const patch = { etag: "*", tags: { ballast: ballast("y") } };
  await jobs.scheduleTwinUpdate("j1", "deviceId IN ['dev-01', 'dev-02']", patch, new Date(), 60);
  await ended("j1");
  for (const deviceId of ["dev-01", "dev-02"]) await update(registry, { deviceId }, { tags: { ballast: null } });

  await using closing = new AsyncDisposableStack();
  const key = (await registry.get("dev-01")).responseBody.authentication?.symmetricKey?.primaryKey;
  const connectionString = `HostName=${hub.deviceHostName};DeviceId=dev-01;SharedAccessKey=${key}`;
  const device = await openDevice(
    { after: (undo) => closing.defer(async () => void (await undo())) },
    connectionString,
  );
  device.onDeviceMethod("reboot", (_request, response) => response.send(200, {}, () => {}));
  const call = { methodName: "reboot", payload: null, connectTimeoutInSeconds: 10, responseTimeoutInSeconds: 10 };
  await jobs.scheduleDeviceMethod("j2", "deviceId = 'dev-01'", call, new Date(), 60);
  await ended("j2");
  await device.close();
  await waitFor("the end of the connection", async () => {
    const { connectionState } = (await registry.getTwin("dev-01")).responseBody as { connectionState?: string };
    return connectionState === "Disconnected";
  });
}

/** Reported properties, and connections at their times. */
async function tellEvents(hub: TestHub): Promise<void> {
  const nc = await connectNats({ url: hub.node.variables.get("NATS_URL") ?? "", name: "fixtures", log: silentLog });
  using journal = createJournal({ nc, hub: "twinstream", log: silentLog });
  const { twins } = hub.node.hub;
  const facts = [...deviceFixtures, ...moduleFixtures].flatMap((fixture) => factsOf(hub, fixture));
  for (const [index, { key, event }] of facts.entries()) {
    const meta = { id: `fixture-${index}`, time: new Date().toISOString(), actor: fixtures, correlationId: "fixtures" };
    await journal.append(key, { event, meta });
  }
  const { deviceId, moduleId } = moduleFixtures.at(-1) ?? {};
  await waitFor("the fixtures", () => twins.get({ deviceId, moduleId } as IdentityKey).twin.reported.version > 1);
  await nc.close();
}

const fixtures = { kind: "hub", nodeId: "fixtures" } as const;

function factsOf(hub: TestHub, fixture: Fixture): readonly Fact[] {
  const { deviceId } = fixture;
  const key = "moduleId" in fixture ? { deviceId, moduleId: fixture.moduleId } : { deviceId };
  const { generationId, version, etag, desired, reported } = hub.node.hub.twins.get(key).twin;
  const before = { version, etag, desiredVersion: desired.version, reportedVersion: reported.version };
  const facts: Fact[] = [];
  if (fixture.connected === true || fixture.lastActivityTime !== undefined) {
    const at = new Date(fixture.lastActivityTime ?? Date.now()).toISOString();
    const of = { generationId, connectionId: "fixture", at };
    facts.push(connected(key, { ...of, nodeId: "elsewhere" }));
    if (fixture.connected !== true) facts.push(disconnected(key, of));
  }
  if (fixture.reported) {
    const values = reportedOf(fixture.reported, desired.version);
    facts.push(reportedPatched(key, values, { generationId, before, at: new Date().toISOString() }));
  }
  return facts;
}

/** IoT Edge reports which version of the desired properties it has reached. */
const reportedOf = (reported: JsonObject, version: number): JsonObject =>
  "lastDesiredVersion" in reported ? { ...reported, lastDesiredVersion: version } : reported;
