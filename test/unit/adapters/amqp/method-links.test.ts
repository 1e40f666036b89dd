import assert from "node:assert/strict";
import { test } from "node:test";
import rhea, { type Message, type Receiver, type Sender } from "rhea";
import type { LiveCall } from "../../../../core/method/live-call.ts";
import type { MethodListener } from "../../../../core/method/methods.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type AmqpClient, type Bench, once, settle, startBench, timeout } from "./amqp-client.ts";

const address = "/devices/dev-1/methods/deviceBound";
const requestId = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

type Pair = { readonly sender: Sender; readonly receiver: Receiver };

async function openPair(client: AmqpClient, at = address): Promise<Pair> {
  const properties = { "com.microsoft:channel-correlation-id": "methods:1" };
  const sender = await client.attachSender(at, { properties });
  const receiver = await client.attachReceiver(at, { properties });
  return { sender: sender.link, receiver: receiver.link };
}

async function onlyListener(bench: Bench): Promise<MethodListener> {
  await waitFor("a listener", () => bench.hub.listeners.size > 0);
  const [listener, ...others] = bench.hub.listeners;
  assert.ok(listener !== undefined && others.length === 0);
  return listener;
}

const callOf = (change: Partial<LiveCall> = {}): LiveCall => ({
  requestId,
  generationId: "1",
  methodName: "comp*reboot",
  payload: null,
  correlationId: "request-1",
  callEventId: "event-1",
  ...change,
});

async function invoke(bench: Bench, change: Partial<LiveCall> = {}) {
  const listener = await onlyListener(bench);
  return { reply: listener.deliver(callOf(change), new AbortController().signal) };
}

const answerOf = (id: Message["correlation_id"], status: unknown, body: string): Message => ({
  ...(id === undefined ? {} : { correlation_id: id }),
  application_properties: { "IoThub-status": status },
  body: rhea.message.data_section(Buffer.from(body)),
});

async function received({ receiver }: Pair): Promise<Message> {
  const { message } = await once(receiver, "message");
  if (message === undefined) throw new Error("no message");
  return message;
}

// spec/amqp 7
test("A call comes with a uuid, its name and its payload; the answer brings the uuid back, as such or as text", {
  timeout,
}, async () => {
  await using bench = startBench();
  const pair = await openPair(await bench.proved("dev-1"));
  const uuid = Buffer.from(requestId.replaceAll("-", ""), "hex");
  for (const [id, payload] of [
    [requestId, null],
    [uuid, { a: "b" }],
    [requestId.toUpperCase(), ""],
  ] as const) {
    const coming = received(pair);
    const { reply } = await invoke(bench, { payload });
    const message = await coming;
    assert.deepEqual(message.correlation_id, uuid);
    assert.deepEqual(message.application_properties, { "IoThub-methodname": "comp*reboot" });
    assert.equal(String((message.body as { readonly content: Buffer }).content), JSON.stringify(payload));
    const answer = answerOf(id, rhea.types.wrap_int(400), JSON.stringify(payload));
    assert.equal((await settle(pair.sender, answer)).outcome, "accepted");
    assert.deepEqual(await reply, { kind: "answered", status: 400, payload });
  }
});

// spec/twins-methods-jobs 10
test("A device takes calls from the attach of the link that it receives on to its detach", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const sender = await client.attachSender(address);
  assert.equal(bench.hub.listeners.size, 0);
  const receiver = await client.attachReceiver(address);
  const { key, connectionId } = await onlyListener(bench);
  assert.deepEqual([key, connectionId], [{ deviceId: "dev-1" }, bench.hub.session.connectionId]);
  receiver.link.close();
  await waitFor("the end", () => bench.hub.listeners.size === 0);
  assert.ok(sender.link.is_open());
});

test("No call comes before the hub has recorded the connection", { timeout }, async () => {
  await using bench = startBench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onConnect = () => promise;
  const client = await bench.proved("dev-1");
  await client.attachReceiver(address);
  assert.equal(bench.hub.listeners.size, 0);
  resolve();
  await onlyListener(bench);
});

test("Of several links the newest gets the calls, and its detach leaves the others", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  const [one, two] = [await openPair(client), await openPair(client)];
  const first = received(two);
  await invoke(bench);
  await first;
  two.receiver.close();
  const listener = await onlyListener(bench);
  await once(two.receiver, "receiver_close");
  const second = received(one);
  const reply = listener.deliver(callOf(), new AbortController().signal);
  await second;
  one.sender.send(answerOf(requestId, rhea.types.wrap_int(200), ""));
  assert.deepEqual(await reply, { kind: "answered", status: 200, payload: null });
});

// spec/twins-methods-jobs 10
test("An answer without a status or with broken JSON is malformed, an unknown one is ignored; all are accepted", {
  timeout,
}, async () => {
  await using bench = startBench();
  const pair = await openPair(await bench.proved("dev-1"));
  for (const answer of [answerOf(requestId, undefined, "{}"), answerOf(requestId, rhea.types.wrap_int(200), "{no")]) {
    const { reply } = await invoke(bench);
    assert.equal((await settle(pair.sender, answerOf("unknown", rhea.types.wrap_int(1), ""))).outcome, "accepted");
    assert.equal((await settle(pair.sender, answerOf(undefined, rhea.types.wrap_int(1), ""))).outcome, "accepted");
    assert.equal((await settle(pair.sender, answer)).outcome, "accepted");
    assert.deepEqual(await reply, { kind: "malformed" });
  }
});

// spec/twins-methods-jobs 10
test("The end of the session is the end of its calls, with the reason", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  await openPair(client);
  const { reply } = await invoke(bench);
  bench.hub.session.close("ConnectionForcefullyClosedOnNewConnection");
  assert.deepEqual(await reply, { kind: "closed", reason: "ConnectionForcefullyClosedOnNewConnection" });
  assert.equal(bench.hub.listeners.size, 0);
});

test("A broken network is the end of a call too", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1");
  await openPair(client);
  const { reply } = await invoke(bench);
  client.stream.end();
  assert.equal((await reply).kind, "closed");
});

// spec/amqp 5
test("A module's methods are its own", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.proved("dev-1/modules/mod-1");
  await openPair(client, "/devices/dev-1/modules/mod-1/methods/devicebound");
  assert.deepEqual((await onlyListener(bench)).key, { deviceId: "dev-1", moduleId: "mod-1" });
});
