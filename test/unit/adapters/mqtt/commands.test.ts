import assert from "node:assert/strict";
import { test } from "node:test";
import type { IPublishPacket } from "mqtt-packet";
import { commandTopic } from "../../../../adapters/mqtt/command-topic.ts";
import { lockTokenOf, receivedCommand } from "../../../support/commands.ts";
import { unavailable } from "../../../support/scripted-hub.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type Bench, startBench, type TestClient } from "./mqtt-client.ts";

const filter = "devices/dev-1/messages/devicebound/#";
const survived = { subscriptions: [{ filter, qos: 1 }], sessionPresent: true } as const;

async function subscribed(bench: Bench, qos: 0 | 1 = 1): Promise<TestClient> {
  const client = await bench.open();
  client.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos }] });
  assert.equal((await client.next()).cmd, "suback");
  return client;
}

async function nextPublish(client: TestClient): Promise<IPublishPacket> {
  const packet = await client.next();
  assert.ok(packet.cmd === "publish", packet.cmd);
  return packet;
}

const settledIn = ({ hub }: Bench) => hub.settled.map(({ lockToken, settlement }) => [lockToken, settlement]);

// spec/mqtt 7
test("the topic has all system properties under their names, escaped so that every SDK reads them", () => {
  const message = receivedCommand(1, {
    messageId: "a/b",
    correlationId: "c&d",
    userId: "u",
    ack: "full",
    contentType: "text/plain; charset=utf-8",
    contentEncoding: "utf-8",
    properties: { "a-name": "ü = /+%", empty: "" },
  });
  assert.equal(
    commandTopic("dev-1", message),
    [
      "devices/dev-1/messages/devicebound/%24.mid=a%2Fb",
      "%24.cid=c%26d",
      "%24.uid=u",
      "%24.to=%2Fdevices%2Fdev-1%2Fmessages%2Fdevicebound",
      "%24.exp=2026-01-02T03%3A04%3A05.6780000Z",
      "%24.ct=text%2Fplain%3B%20charset%3Dutf-8",
      "%24.ce=utf-8",
      "iothub-ack=full",
      "a-name=%C3%BC%20%3D%20%2F%2B%25",
      "empty=",
    ].join("&"),
  );
});

// spec/mqtt 7
test("a message is published to who has subscribed, and its PUBACK completes it", async () => {
  await using bench = startBench();
  bench.hub.commands.push(receivedCommand(1));
  const client = await subscribed(bench);
  const packet = await nextPublish(client);
  assert.ok(packet.topic.startsWith("devices/dev-1/messages/devicebound/%24.mid=m1&"), packet.topic);
  assert.equal(String(packet.payload), "body 1");
  assert.deepEqual([packet.qos, packet.dup, packet.retain, packet.messageId], [1, false, false, 1]);
  assert.deepEqual(settledIn(bench), []);
  client.send({ cmd: "puback", messageId: 1 });
  await waitFor("the completion", () => bench.hub.settled.length === 1);
  assert.deepEqual(settledIn(bench), [[lockTokenOf(1), "complete"]]);
  const [asked] = bench.hub.received;
  assert.deepEqual(
    [asked?.deviceId, asked?.protocol, asked?.connectionId],
    ["dev-1", "mqtt", bench.hub.session.connectionId],
  );
});

test("a connection that has not subscribed asks for nothing", async () => {
  await using bench = startBench();
  bench.hub.commands.push(receivedCommand(1));
  await bench.open();
  bench.hub.session.commandReady();
  bench.pass(1_000);
  assert.equal(bench.hub.received.length, 0);
});

// spec/mqtt 3, 7; [MQTT-4.4.0-1]
test("after a reconnect an unacknowledged message comes at once, as a duplicate with the packet id that it had", async () => {
  await using bench = startBench();
  bench.hub.connected = survived;
  bench.hub.commands.push(receivedCommand(70_000, { redelivered: true }));
  const packet = await nextPublish(await bench.open());
  assert.deepEqual([packet.dup, packet.messageId], [true, 70_000 - 65_535]);
});

test("a message that comes later is pushed when the hub says so", async () => {
  await using bench = startBench();
  bench.hub.connected = survived;
  const client = await bench.open();
  bench.hub.commands.push(receivedCommand(1), receivedCommand(2));
  bench.hub.session.commandReady();
  assert.deepEqual([(await nextPublish(client)).messageId, (await nextPublish(client)).messageId], [1, 2]);
});

// spec/mqtt 7: unconfirmed
test("with QoS 0 a message is completed when it is sent", async () => {
  await using bench = startBench();
  bench.hub.commands.push(receivedCommand(1, { redelivered: true }));
  const packet = await nextPublish(await subscribed(bench, 0));
  assert.deepEqual([packet.qos, packet.dup], [0, false]);
  await waitFor("the completion", () => bench.hub.settled.length === 1);
  assert.deepEqual(settledIn(bench), [[lockTokenOf(1), "complete"]]);
});

// spec/mqtt 7
test("when a lock has run out the queue is asked again, and the message has the same packet id", async () => {
  await using bench = startBench();
  bench.hub.connected = survived;
  bench.hub.commands.push(receivedCommand(5));
  bench.hub.nextUnlock = new Date(bench.clock.now() + 60_000).toISOString();
  const client = await bench.open();
  assert.equal((await nextPublish(client)).messageId, 5);
  await waitFor("the empty queue", () => bench.hub.received.length === 2);
  bench.pass(59_999);
  assert.equal(bench.hub.received.length, 2);
  const again = "00112233-4455-4677-8899-999999999999";
  bench.hub.commands.push(receivedCommand(5, { redelivered: true, lockToken: again }));
  bench.pass(1);
  const packet = await nextPublish(client);
  assert.deepEqual([packet.messageId, packet.dup], [5, true]);
  client.send({ cmd: "puback", messageId: 5 });
  await waitFor("the completion", () => bench.hub.settled.length === 1);
  assert.deepEqual(settledIn(bench), [[again, "complete"]]);
});

test("a device that acknowledges nothing has 16 messages at most, until their locks have run out", async () => {
  await using bench = startBench();
  bench.hub.connected = survived;
  bench.hub.commands.push(...Array.from({ length: 20 }, (_, index) => receivedCommand(index + 1)));
  const client = await bench.open();
  for (let number = 1; number <= 16; number += 1) assert.equal((await nextPublish(client)).messageId, number);
  assert.equal(bench.hub.commands.length, 4);
  client.send({ cmd: "puback", messageId: 3 });
  assert.equal((await nextPublish(client)).messageId, 17);
  bench.hub.nextUnlock = new Date(bench.clock.now() + 60_000).toISOString();
  bench.hub.session.commandReady();
  bench.pass(60_000);
  assert.equal((await nextPublish(client)).messageId, 18);
});

test("while much waits for the device to read, it is sent no more", async () => {
  await using bench = startBench({ maxOutboundBytes: 1_000 });
  bench.hub.connected = survived;
  const body = Buffer.alloc(400).toString("base64");
  bench.hub.commands.push(...[1, 2, 3].map((number) => receivedCommand(number, { body })));
  const client = await bench.open();
  for (const number of [1, 2, 3]) {
    assert.equal((await nextPublish(client)).messageId, number);
    bench.pass(1_000);
  }
});

test("a message whose properties exceed a topic is rejected", async () => {
  await using bench = startBench();
  bench.hub.commands.push(receivedCommand(1, { properties: { a: "ü".repeat(15_000) } }));
  await subscribed(bench);
  await waitFor("the rejection", () => bench.hub.settled.length === 1);
  assert.deepEqual(settledIn(bench), [[lockTokenOf(1), "reject"]]);
});

test("a queue that is out of reach is asked again a second later", async () => {
  await using bench = startBench();
  bench.hub.connected = survived;
  bench.hub.onReceive = () => {
    throw unavailable();
  };
  const client = await bench.open();
  await waitFor("the failure", () => bench.log.some((line) => line.includes("message not delivered")));
  bench.hub.onReceive = () => {};
  bench.hub.commands.push(receivedCommand(1));
  bench.pass(1_000);
  assert.equal((await nextPublish(client)).messageId, 1);
});

test("what the device acknowledged before it went is recorded before the hub stops", async () => {
  const bench = startBench();
  bench.hub.connected = survived;
  bench.hub.commands.push(receivedCommand(1));
  const client = await bench.open();
  await nextPublish(client);
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onSettle = () => promise;
  client.send({ cmd: "puback", messageId: 1 });
  await waitFor("the completion", () => bench.hub.settled.length === 1);
  let isClosed = false;
  const closed = bench.listener.close().then(() => {
    isClosed = true;
  });
  await new Promise((turn) => setImmediate(turn));
  assert.equal(isClosed, false);
  resolve();
  await closed;
});
