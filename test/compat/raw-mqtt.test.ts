import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import mqtt from "mqtt";
import { SharedAccessSignature } from "../support/azure-sdk.ts";
import { registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { waitFor } from "../support/wait-for.ts";

/** mqtt.js without an SDK, as hand-written device code uses the hub (spec/mqtt 2 to 8). */
suite("raw mqtt.js", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
  });

  test("retained and last-will messages become telemetry that says so", async () => {
    const client = await open("will", {
      will: { topic: "devices/will/messages/events/", payload: Buffer.from("gone"), qos: 1, retain: false },
    });
    await client.publishAsync("devices/will/messages/events/kind=kept", "kept", { qos: 1, retain: true });
    client.stream.destroy();
    const stored = await waitFor("the will", async () => {
      const messages = await readTelemetry(hub, "will");
      return messages.length === 2 && messages;
    });
    assert.deepEqual(
      stored.map(({ body }) => Buffer.from(body).toString()),
      ["kept", "gone"],
    );
    assert.equal(stored[0]?.properties.application.get("mqtt-retain"), "true");
    assert.equal(stored[1]?.properties.application.get("iothub-MessageType"), "Will");
  });

  test("an orderly disconnect sends no will", async () => {
    const client = await open("orderly", {
      will: { topic: "devices/orderly/messages/events/", payload: Buffer.from("gone"), qos: 1, retain: false },
    });
    await client.publishAsync("devices/orderly/messages/events/", "here", { qos: 0 });
    await client.endAsync();
    await waitFor("the disconnect", () => !hub.node.hub.sessions.get({ deviceId: "orderly" }));
    assert.equal((await readTelemetry(hub, "orderly")).length, 1);
  });

  test("subscriptions outlive a connection with clean session 0", async () => {
    const first = await open("persistent", { clean: false });
    await first.subscribeAsync("$iothub/twin/res/#");
    await first.endAsync();
    const second = await open("persistent", { clean: false });
    const answer = new Promise<string>((resolve) => second.once("message", (topic) => resolve(topic)));
    await second.publishAsync("$iothub/twin/GET/?$rid=7", "");
    assert.equal(await answer, "$iothub/twin/res/200/?$rid=7");
    await second.endAsync();
    const clean = await open("persistent", { clean: true });
    await clean.endAsync();
    assert.deepEqual(hub.node.hub.sessions.get({ deviceId: "persistent" }), undefined);
  });

  test("a second connection of a device ends the first", async () => {
    const first = await open("twice");
    const closed = new Promise<void>((resolve) => first.once("close", resolve));
    const second = await open("twice");
    await closed;
    await second.publishAsync("devices/twice/messages/events/", "still here", { qos: 1 });
    await second.endAsync();
  });

  test("publishing for another device ends the connection and stores nothing", async () => {
    await registerDevice(hub, "victim");
    const client = await open("intruder");
    const closed = new Promise<void>((resolve) => client.once("close", resolve));
    client.publish("devices/victim/messages/events/", "forged", { qos: 1 });
    await closed;
    assert.deepEqual(await readTelemetry(hub, "victim"), []);
  });

  test("QoS 2 and foreign topic filters end the connection", async () => {
    const publisher = await open("qos2");
    const published = new Promise<void>((resolve) => publisher.once("close", resolve));
    publisher.publish("devices/qos2/messages/events/", "twice", { qos: 2 });
    await published;
    const subscriber = await open("filters");
    const subscribed = new Promise<void>((resolve) => subscriber.once("close", resolve));
    subscriber.subscribe("devices/#");
    await subscribed;
  });

  test("bad JSON in a reported patch is answered 400 with an error code", async () => {
    const client = await open("bad-json");
    await client.subscribeAsync("$iothub/twin/res/#");
    const answer = new Promise<[string, string]>((resolve) =>
      client.once("message", (topic, body) => resolve([topic, body.toString()])),
    );
    await client.publishAsync("$iothub/twin/PATCH/properties/reported/?$rid=1", "{no json");
    const [topic, body] = await answer;
    assert.equal(topic, "$iothub/twin/res/400/?$rid=1");
    assert.equal(Math.floor(JSON.parse(body).errorCode / 1000), 400);
    await client.endAsync();
  });

  async function open(deviceId: string, options: mqtt.IClientOptions = {}): Promise<mqtt.MqttClient> {
    const key = await keyOf(deviceId);
    const token = SharedAccessSignature.create(
      `localhost/devices/${deviceId}`,
      "",
      key,
      Math.floor(Date.now() / 1000) + 600,
    );
    const client = await mqtt.connectAsync(`mqtts://localhost:${hub.node.ports.mqtts}`, {
      ca: hub.ca,
      clientId: deviceId,
      username: `localhost/${deviceId}/?api-version=2021-04-12`,
      password: token.toString(),
      reconnectPeriod: 0,
      ...options,
    });
    client.on("error", () => {});
    return client;
  }

  async function keyOf(deviceId: string): Promise<string> {
    try {
      const view = hub.node.hub.registry.getDevice(deviceId);
      return view.device.fields.authentication.symmetricKey.primaryKey ?? "";
    } catch {
      return (await registerDevice(hub, deviceId)).split("SharedAccessKey=")[1] ?? "";
    }
  }
});
