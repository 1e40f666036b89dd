import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { RawAmqpClient } from "../support/amqp-client.ts";
import { AmqpDevice } from "../support/amqp-device.ts";
import { registerDevice } from "../support/device.ts";
import { sasToken } from "../support/device-login.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readAllTelemetry } from "../support/telemetry.ts";
import { keyIn } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";

const connectionCount = 10;
const devicesEach = 100;
const messagesEach = 3;
const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;

/** Ten connections of a hundred devices each; the devices of every other connection have sessions of their own (spec/amqp 3 to 7). */
suite("1,000 devices over 10 AMQP connections", () => {
  const scope = suiteScope();
  const clients: RawAmqpClient[] = [];
  const keys = new Map<string, string>();
  let hub: TestHub;
  let devices: readonly AmqpDevice[] = [];

  before(async () => {
    hub = await startHub(scope);
    const ids = Array.from({ length: connectionCount * devicesEach }, (_, index) => `meter-${index}`);
    await Promise.all(ids.map((deviceId) => register(deviceId)));
    clients.push(...Array.from({ length: connectionCount }, () => new RawAmqpClient(scope, hub)));
    devices = await Promise.all(
      ids.map(async (deviceId, index) => {
        const place = Math.floor(index / devicesEach);
        assert.equal(await put(clientAt(place), deviceId), 200);
        return new AmqpDevice(clientAt(place), deviceId, place % 2 === 0 ? "shared" : "own");
      }),
    );
  });

  test("the telemetry of all is stored once, in order, under its own device", async () => {
    const numbers = Array.from({ length: messagesEach }, (_, number) => String(number));
    const sent = devices.flatMap((device) => numbers.map((number) => device.send(`${device.deviceId} ${number}`)));
    for (const { outcome } of await Promise.all(sent)) assert.equal(outcome, "accepted");
    const stored = Map.groupBy(
      await readAllTelemetry(hub.node.variables.get("NATS_URL") ?? ""),
      ({ stamp }) => stamp.deviceId,
    );
    assert.equal(stored.size, devices.length);
    for (const { deviceId } of devices) {
      assert.deepEqual(
        stored.get(deviceId)?.map(({ body }) => Buffer.from(body).toString()),
        numbers.map((number) => `${deviceId} ${number}`),
      );
    }
    assert.equal(hub.node.hub.sessions.size, devices.length);
  });

  test("every device gets its twin, and reports into its own", async () => {
    for (const { status, body } of await Promise.all(devices.map((device) => device.getTwin()))) {
      assert.equal(status, 200);
      assert.deepEqual(body, { desired: { $version: 1 }, reported: { $version: 1 } });
    }
    const reports = await Promise.all(devices.map((device) => device.report({ iAm: device.deviceId })));
    for (const { status, version } of reports) assert.deepEqual([status, version], [204, 2]);
    for (const { deviceId } of devices) {
      const { reported } = hub.node.hub.twins.getProperties({ deviceId });
      assert.equal(reported.values.iAm, deviceId);
    }
  });

  test("a change of desired properties reaches the one device that it is for", async () => {
    const chosen = clients.map((_, place) => deviceAt(place, 7));
    await Promise.all(devices.map((device) => device.subscribe()));
    await Promise.all(
      chosen.map(({ deviceId }) => hub.node.hub.twins.update({ deviceId, desired: { for: deviceId }, ...context })),
    );
    await waitFor("the changes", () => chosen.every(({ changes }) => changes.length > 0));
    for (const { deviceId, changes } of chosen) assert.deepEqual(changes, [{ for: deviceId, $version: 2 }]);
    const others = devices.filter((device) => !chosen.includes(device));
    assert.ok(others.every(({ changes }) => changes.length === 0));
  });

  test("a device's bad token gets it no links, and harms no other", async () => {
    await register("stranger");
    for (const client of clients) {
      const bad = sasToken("localhost/devices/stranger", Buffer.alloc(32).toString("base64"));
      assert.equal((await client.putToken("localhost/devices/stranger", bad)).code, 401);
      const expired = sasToken("localhost/devices/stranger", keys.get("stranger") ?? "", -3600);
      assert.equal((await client.putToken("localhost/devices/stranger", expired)).code, 401);
      await assert.rejects(client.openSender("/devices/stranger/messages/events"), {
        message: /^amqp:unauthorized-access/,
      });
    }
    await assertAllSend(devices);
    assert.equal(hub.node.hub.sessions.get({ deviceId: "stranger" }), undefined);
  });

  test("a device that is deleted loses its links, its neighbours keep theirs", async () => {
    const gone = [deviceAt(0, 50), deviceAt(1, 50)];
    for (const { deviceId } of gone) await hub.node.hub.registry.deleteDevice({ deviceId, ...context });
    for (const [place, { links }] of gone.entries()) {
      for (const link of links) assert.equal((await clientAt(place).endOf(link)).condition, "amqp:not-found");
    }
    devices = devices.filter((device) => !gone.includes(device));
    await assertAllSend(devices);
    assert.equal(hub.node.hub.sessions.size, devices.length);
  });

  test("a token that expires ends its device's links only, unless it is put again in time", async (t) => {
    // The hub honours a token for five minutes after its expiry: these have one left (spec/identity-and-security 5.3).
    const [expiring, renewed] = await Promise.all([brief("expiring"), brief("renewed")]);
    assert.equal(await put(clientAt(2), "renewed"), 200);
    const now = Date.now;
    t.mock.method(Date, "now", () => now() + 61_000);
    for (const link of expiring.links) {
      assert.equal((await clientAt(2).endOf(link)).condition, "amqp:unauthorized-access");
    }
    await assertAllSend([...devices, renewed]);
  });

  test("a connection that ends takes its own devices along, and no other", async () => {
    const lost = devices.filter((_, index) => index >= devices.length - devicesEach);
    const before = hub.node.hub.sessions.size;
    clientAt(9).connection.close();
    await waitFor("the end of its devices", () => hub.node.hub.sessions.size === before - lost.length);
    for (const { deviceId } of lost) assert.equal(hub.node.hub.sessions.get({ deviceId }), undefined);
    await assertAllSend(devices.filter((device) => !lost.includes(device)));
  });

  /** A device on the connection of others whose token ends soon, and which is connected. */
  async function brief(deviceId: string): Promise<AmqpDevice> {
    await register(deviceId);
    assert.equal(await put(clientAt(2), deviceId, -240), 200);
    const device = new AmqpDevice(clientAt(2), deviceId, "shared");
    await assertAllSend([device]);
    return device;
  }

  async function register(deviceId: string): Promise<void> {
    keys.set(deviceId, keyIn(await registerDevice(hub, deviceId)));
  }

  /** Puts a token for a device; returns the hub's code. */
  async function put(client: RawAmqpClient, deviceId: string, lifetimeSeconds?: number): Promise<unknown> {
    const resource = `localhost/devices/${deviceId}`;
    return (await client.putToken(resource, sasToken(resource, keys.get(deviceId) ?? "", lifetimeSeconds))).code;
  }

  async function assertAllSend(senders: readonly AmqpDevice[]): Promise<void> {
    const outcomes = await Promise.all(senders.map((device) => device.send("still here")));
    assert.ok(outcomes.every(({ outcome }) => outcome === "accepted"));
  }

  function clientAt(place: number): RawAmqpClient {
    const client = clients[place];
    assert.ok(client);
    return client;
  }

  function deviceAt(place: number, number: number): AmqpDevice {
    const device = devices.find(({ deviceId }) => deviceId === `meter-${place * devicesEach + number}`);
    assert.ok(device);
    return device;
  }
});
