import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceReply, LiveCall } from "../../../../core/method/live-call.ts";
import type { MethodListener } from "../../../../core/method/methods.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type Bench, connectPacket, published, publishPacket, startBench, timeout } from "./mqtt-client.ts";

const filter = "$iothub/methods/POST/#";

function onlyListener(bench: Bench): MethodListener {
  const [listener, ...others] = bench.hub.listeners;
  assert.ok(listener !== undefined && others.length === 0);
  return listener;
}

const callOf = (change: Partial<LiveCall> = {}): LiveCall => ({
  requestId: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  generationId: "1",
  methodName: "reboot",
  payload: null,
  correlationId: "request-1",
  callEventId: "event-1",
  ...change,
});

const invoke = async (bench: Bench, change: Partial<LiveCall> = {}, signal = new AbortController().signal) =>
  await onlyListener(bench).deliver(callOf(change), signal);

// spec/mqtt 9
test("A call is published with QoS 0 and its payload alone, the answer comes back with its request id", {
  timeout,
}, async () => {
  await using bench = startBench();
  const client = await bench.open();
  await client.subscribe({ topic: filter, qos: 1 });
  const replies: DeviceReply[] = [];
  for (const payload of [null, "", "foo", {}, { a: [1] }]) {
    const reply = invoke(bench, { payload });
    const packet = await client.next();
    assert.equal(packet.cmd === "publish" && packet.qos, 0);
    const { topic, text } = published(packet);
    const [, rid] = /^\$iothub\/methods\/POST\/reboot\/\?\$rid=(\w+)$/.exec(topic) ?? [];
    assert.equal(text, JSON.stringify(payload));
    client.send(publishPacket(`$iothub/methods/res/400/?$rid=${rid}`, text));
    replies.push(await reply);
  }
  const answered = { kind: "answered", status: 400 };
  assert.deepEqual(
    replies,
    [null, "", "foo", {}, { a: [1] }].map((payload) => ({ ...answered, payload })),
  );
  const { key, connectionId } = onlyListener(bench);
  assert.deepEqual(key, { deviceId: "dev-1" });
  assert.equal(connectionId, bench.hub.session.connectionId);
});

// spec/twins-methods-jobs 10
test("A device takes calls while it has subscribed to them", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  assert.equal(bench.hub.listeners.size, 0);
  await client.subscribe("$iothub/twin/res/#");
  assert.equal(bench.hub.listeners.size, 0);
  await client.subscribe(filter, filter);
  const listener = onlyListener(bench);
  await client.subscribe(filter);
  assert.equal(onlyListener(bench), listener);
  client.send({ cmd: "unsubscribe", messageId: 2, unsubscriptions: [filter] });
  assert.equal((await client.next()).cmd, "unsuback");
  assert.equal(bench.hub.listeners.size, 0);
});

test("SUBACK comes once callers reach the device", { timeout }, async () => {
  await using bench = startBench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onListen = () => promise;
  const client = await bench.open();
  const subscribing = client.subscribe(filter);
  await waitFor("the hub's word", () => bench.hub.listeners.size === 1);
  client.send({ cmd: "pingreq" });
  resolve();
  assert.equal((await subscribing).cmd, "suback");
  assert.equal((await client.next()).cmd, "pingresp");
});

// spec/mqtt 3, 9: the Node SDK renews its token without subscribing again
test("A subscription that survived counts from the first moment", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.connected = { subscriptions: [{ filter, qos: 0 }], sessionPresent: true };
  const client = await bench.open();
  const reply = invoke(bench);
  const { topic } = published(await client.next());
  client.send(publishPacket(topic.replace("POST/reboot", "res/200"), "{}"));
  assert.deepEqual(await reply, { kind: "answered", status: 200, payload: {} });
});

// spec/mqtt 5
test("A device that has subscribed to single methods is online for those", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  await client.subscribe("$iothub/methods/POST/re%62oot/#");
  assert.deepEqual(await invoke(bench, { methodName: "other" }), { kind: "notOnline" });
  const reply = invoke(bench);
  assert.match(published(await client.next()).topic, /POST\/reboot/);
  client.stream.destroy();
  assert.equal((await reply).kind, "closed");
});

// spec/mqtt 9
test("Late, unknown and repeated answers are ignored, with or without QoS 1", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  await client.subscribe(filter);
  const ended = new AbortController();
  const late = invoke(bench, {}, ended.signal);
  const { topic } = published(await client.next());
  ended.abort();
  assert.deepEqual(await late, { kind: "timedOut" });
  client.send(publishPacket(topic.replace("POST/reboot", "res/200"), "{}"));
  client.send(publishPacket("$iothub/methods/res/200/?$rid=nobody", "{", { messageId: 5 }));
  const acknowledged = await client.next();
  assert.ok(acknowledged.cmd === "puback" && acknowledged.messageId === 5);
  assert.deepEqual(await client.untilPing(), []);
});

// spec/mqtt 9
test("An answer that is no JSON is malformed; one without a status ends the connection", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  await client.subscribe(filter);
  const broken = invoke(bench);
  const { topic } = published(await client.next());
  client.send(publishPacket(topic.replace("POST/reboot", "res/200"), "{no"));
  assert.deepEqual(await broken, { kind: "malformed" });
  const unanswered = invoke(bench);
  client.send(publishPacket("$iothub/methods/res/ok/?$rid=2", "{}"));
  assert.deepEqual(await unanswered, { kind: "closed", reason: "ProtocolViolation" });
  assert.equal(bench.hub.listeners.size, 0);
});

// spec/twins-methods-jobs 10
test("The end of the connection is the end of its calls, with the reason", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  await client.subscribe(filter);
  const listener = onlyListener(bench);
  const calls = [invoke(bench), invoke(bench)];
  bench.hub.session.close("ConnectionForcefullyClosedOnNewConnection");
  const closed = { kind: "closed", reason: "ConnectionForcefullyClosedOnNewConnection" };
  assert.deepEqual(await Promise.all(calls), [closed, closed]);
  assert.equal(bench.hub.listeners.size, 0);
  assert.deepEqual(await listener.deliver(callOf(), new AbortController().signal), { kind: "notOnline" });
});

test("A device that does not read is spared further calls rather than disconnected", { timeout }, async () => {
  await using bench = startBench({ maxOutboundBytes: 100_000 });
  const client = await bench.open();
  await client.subscribe(filter);
  client.stream.pause();
  const payload = "x".repeat(40_000);
  const replies = [invoke(bench, { payload }), invoke(bench, { payload }), invoke(bench, { payload })];
  assert.deepEqual(await replies[2], { kind: "busy" });
  client.stream.resume();
  for (const _ of [1, 2]) {
    const { topic } = published(await client.next());
    client.send(publishPacket(topic.replace("POST/reboot", "res/200"), ""));
  }
  assert.deepEqual(
    (await Promise.all(replies)).map(({ kind }) => kind),
    ["answered", "answered", "busy"],
  );
});

test("A module's methods are its own", { timeout }, async () => {
  await using bench = startBench();
  const username = "hub.example/dev-1/mod-1/?api-version=2021-04-12";
  const client = await bench.open(connectPacket({ clientId: "dev-1/mod-1", username }));
  await client.subscribe(filter);
  assert.deepEqual(onlyListener(bench).key, { deviceId: "dev-1", moduleId: "mod-1" });
});
