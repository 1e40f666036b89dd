import assert from "node:assert/strict";
import { once } from "node:events";
import { before, suite, test } from "node:test";
import type { Twin } from "azure-iot-device";
import { MqttWs } from "azure-iot-device-mqtt";
import mqtt from "mqtt";
import { Client, Message } from "../support/azure-sdk.ts";
import { registerDevice } from "../support/device.ts";
import { sasToken } from "../support/device-login.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

/** MQTT in WebSockets on the HTTPS port (spec/mqtt 1). */
suite("MQTT over WebSockets", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
  });

  const keyOf = async (deviceId: string) => (await registerDevice(hub, deviceId)).split("SharedAccessKey=")[1] ?? "";

  test("the device SDK sends telemetry, small and large", async (t) => {
    const client = await openDevice(t, "sender");
    const small = Array.from({ length: 100 }, (_, index) => new Message(JSON.stringify({ index })));
    await Promise.all(small.map((message) => client.sendEvent(message)));
    await client.sendEvent(new Message(Buffer.alloc(262_144, 7)));
    const stored = await readTelemetry(hub, "sender");
    assert.equal(stored.length, 101);
    for (const [index, { body }] of stored.slice(0, 100).entries())
      assert.equal(Buffer.from(body).toString(), JSON.stringify({ index }));
    assert.ok(stored[100]?.body.every((byte) => byte === 7));
    assert.equal(stored[100]?.body.length, 262_144);
  });

  test("the device SDK gets its twin, reports, and hears of desired properties", async (t) => {
    const client = await openDevice(t, "twin");
    const key = { deviceId: "twin" };
    const twin: Twin = await client.getTwin();
    const heard = once(twin, "properties.desired.interval");
    await new Promise<void>((resolve, reject) =>
      twin.properties.reported.update({ started: true }, (error: Error | null) => (error ? reject(error) : resolve())),
    );
    assert.equal(hub.node.hub.twins.getProperties(key).reported.values.started, true);
    await waitFor("the subscription", async () =>
      JSON.stringify(await events("twin", "SubscriptionsChanged")).includes("$iothub/twin/PATCH/properties/desired/#"),
    );
    const actor = { kind: "policy", policy: "iothubowner" } as const;
    await hub.node.hub.twins.update({ ...key, desired: { interval: 5 }, actor, correlationId: "test" });
    assert.deepEqual(await heard, [5]);
  });

  test("the hub records the protocol, and the end when the SDK closes", async (t) => {
    const client = await openDevice(t, "recorded");
    const [connected] = await events("recorded", "DeviceConnected");
    assert.ok(connected?.event.type === "DeviceConnected" && connected.event.data.protocol === "mqtt-ws");
    await client.close();
    await waitFor("the disconnect", async () => (await events("recorded", "DeviceDisconnected")).length > 0);
  });

  test("raw mqtt.js publishes over wss", async () => {
    const client = await openRaw("raw");
    await client.publishAsync("devices/raw/messages/events/a=b", "hello", { qos: 1 });
    await client.endAsync();
    const [message] = await readTelemetry(hub, "raw");
    assert.equal(Buffer.from(message?.body ?? []).toString(), "hello");
    assert.equal(message?.properties.application.get("a"), "b");
  });

  test("a device that is cut off comes back, and its second connection ends the first", async () => {
    const first = await openRaw("twice");
    const closed = new Promise<void>((resolve) => first.once("close", resolve));
    const second = await mqtt.connectAsync(...(await login("twice")));
    await closed;
    await second.publishAsync("devices/twice/messages/events/", "still here", { qos: 1 });
    second.stream.destroy();
    await waitFor("the disconnect", () => !hub.node.hub.sessions.get({ deviceId: "twice" }));
    const third = await mqtt.connectAsync(...(await login("twice")));
    await third.endAsync();
  });

  test("a hub with open WebSockets stops", async (t) => {
    const stopped = await startHub(t);
    const connectionString = await registerDevice(stopped, "open");
    const key = connectionString.split("SharedAccessKey=")[1] ?? "";
    const client = await mqtt.connectAsync(`wss://localhost:${stopped.node.ports.https}/$iothub/websocket`, {
      ...credentials("open", key),
      ca: stopped.ca,
    });
    client.on("error", () => {});
    const closed = new Promise<void>((resolve) => client.once("close", resolve));
    await stopped.node[Symbol.asyncDispose]();
    await closed;
  });

  const events = async (deviceId: string, type: string) =>
    (await hub.node.hub.history.page({ deviceId, types: [type], limit: 100 })).events;

  async function openDevice(t: { after(undo: () => unknown): void }, deviceId: string) {
    const connectionString = `HostName=localhost;DeviceId=${deviceId};SharedAccessKey=${await keyOf(deviceId)}`;
    const client = Client.fromConnectionString(connectionString, MqttWs);
    t.after(() => client.close().catch(() => {}));
    await client.open();
    return client;
  }

  async function openRaw(deviceId: string): Promise<mqtt.MqttClient> {
    await registerDevice(hub, deviceId);
    return await mqtt.connectAsync(...(await login(deviceId)));
  }

  async function login(deviceId: string): Promise<[string, mqtt.IClientOptions]> {
    const { device } = hub.node.hub.registry.getDevice(deviceId);
    const options = credentials(deviceId, device.fields.authentication.symmetricKey.primaryKey ?? "");
    return ["wss://localhost/$iothub/websocket?iothub-no-client-cert=true", { ...options, ca: hub.ca }];
  }
});

function credentials(deviceId: string, key: string): mqtt.IClientOptions {
  return {
    clientId: deviceId,
    username: `localhost/${deviceId}/?api-version=2021-04-12`,
    password: sasToken(`localhost/devices/${deviceId}`, key),
    reconnectPeriod: 0,
  };
}
