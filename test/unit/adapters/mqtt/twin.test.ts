import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError } from "../../../../core/hub-error.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type Bench, published, publishPacket, startBench, type TestClient, timeout } from "./mqtt-client.ts";

const responses = "$iothub/twin/res/#";
const desired = "$iothub/twin/PATCH/properties/desired/#";
const get = (rid: string | number) => publishPacket(`$iothub/twin/GET/?$rid=${rid}`, " ");
const patch = (rid: string | number, body: string | Buffer) =>
  publishPacket(`$iothub/twin/PATCH/properties/reported/?$rid=${rid}`, body);

async function openSubscribed(bench: Bench, qos: 0 | 1 = 0): Promise<TestClient> {
  const client = await bench.open();
  await client.subscribe({ topic: responses, qos }, { topic: desired, qos });
  return client;
}

// spec/mqtt 8
test("A get is answered with both sections and their versions, whatever its body", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.desired = { values: { a: { b: 1 } }, metadata: { x: 1 }, version: 4 };
  bench.hub.reported = { values: { c: "d" }, metadata: {}, version: 9 };
  const client = await openSubscribed(bench);
  client.send(get("6f3c-%41"));
  const { topic, text } = published(await client.next());
  assert.equal(topic, "$iothub/twin/res/200/?$rid=6f3c-%41");
  assert.deepEqual(JSON.parse(text), { desired: { a: { b: 1 }, $version: 4 }, reported: { c: "d", $version: 9 } });
});

// spec/mqtt 8
test("A reported patch is answered 204 with the new version and an empty body", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.onPatch = () => 17;
  const client = await openSubscribed(bench);
  client.send(patch(1, '{"a":{"b":null},"__proto__":1}'));
  assert.deepEqual(published(await client.next()), { topic: "$iothub/twin/res/204/?$rid=1&$version=17", text: "" });
  const [{ reported, ...rest } = assert.fail()] = bench.hub.patches;
  assert.equal(JSON.stringify(reported), '{"a":{"b":null},"__proto__":1}');
  const actor = { kind: "device", deviceId: "dev-1" };
  assert.deepEqual(rest, { deviceId: "dev-1", actor, correlationId: bench.hub.session.connectionId });
});

// spec/mqtt 8
test("What is not a JSON object is answered 400 with an error code and a message", { timeout }, async () => {
  await using bench = startBench();
  const client = await openSubscribed(bench);
  for (const body of ["", "{no json", "[]", "null", "7", '"text"', Buffer.from('{"a":"\xff"}', "latin1")]) {
    client.send(patch("r", body));
    const { topic, text } = published(await client.next());
    assert.equal(topic, "$iothub/twin/res/400/?$rid=r");
    const { errorCode, message, trackingId, timestampUtc } = JSON.parse(text);
    assert.equal(errorCode, 400_004);
    assert.ok(message.length > 0 && trackingId.length > 0);
    assert.equal(timestampUtc, "2026-01-01T00:00:00.000Z");
  }
  assert.deepEqual(bench.hub.patches, []);
});

// spec/mqtt 8
test("An error of the hub comes with its status; a bug tells the device nothing", { timeout }, async () => {
  await using bench = startBench();
  const client = await openSubscribed(bench);
  const cases = [
    [new HubError("ThrottlingException", "slow down"), 429, 429_001, "slow down"],
    [new HubError("ServiceUnavailable", "later"), 503, 503_001, "later"],
    [new TypeError("secret internals"), 500, 500_001, "The hub failed to answer."],
    [new RangeError("Maximum call stack size exceeded"), 500, 500_001, "The hub failed to answer."],
  ] as const;
  for (const [error, status, code, message] of cases) {
    bench.hub.onPatch = () => Promise.reject(error);
    client.send(patch(2, "{}"));
    const { topic, text } = published(await client.next());
    assert.equal(topic, `$iothub/twin/res/${status}/?$rid=2`);
    const body = JSON.parse(text);
    assert.deepEqual([body.errorCode, body.message], [code, message]);
  }
  bench.hub.onGet = () => {
    throw new HubError("DeviceNotFound", "gone");
  };
  client.send(get(3));
  assert.equal(published(await client.next()).topic, "$iothub/twin/res/404/?$rid=3");
});

test("Requests are carried out one after the other, in order", { timeout }, async () => {
  await using bench = startBench();
  const client = await openSubscribed(bench);
  const waiting: ((version: number) => void)[] = [];
  bench.hub.onPatch = () => new Promise((resolve) => waiting.push(resolve));
  client.send(patch(1, '{"n":1}'), patch(2, '{"n":2}'), get(3));
  await waitFor("the first patch", () => waiting.length === 1);
  assert.deepEqual(await client.untilPing(), []);
  assert.equal(bench.hub.patches.length, 1);
  waiting[0]?.(2);
  await waitFor("the second patch", () => waiting.length === 2);
  bench.hub.reported = { values: { n: 2 }, metadata: {}, version: 3 };
  waiting[1]?.(3);
  const answers = [await client.next(), await client.next(), await client.next()].map(published);
  const topics = [
    "$iothub/twin/res/204/?$rid=1&$version=2",
    "$iothub/twin/res/204/?$rid=2&$version=3",
    "$iothub/twin/res/200/?$rid=3",
  ];
  assert.deepEqual(
    answers.map(({ topic }) => topic),
    topics,
  );
  assert.equal(JSON.parse(answers[2]?.text ?? "").reported.n, 2);
});

test("A device that asks too much at once is read no further until it is answered", { timeout }, async () => {
  await using bench = startBench({ maxTwinRequests: 3 });
  const client = await openSubscribed(bench);
  const waiting: ((version: number) => void)[] = [];
  bench.hub.onPatch = () => new Promise((resolve) => waiting.push(resolve));
  client.send(patch(1, "{}"), patch(2, "{}"), patch(3, "{}"), publishPacket("devices/dev-1/messages/events/"));
  await waitFor("the first patch", () => waiting.length === 1);
  await new Promise(setImmediate);
  assert.equal(bench.hub.sent.length, 0);
  waiting[0]?.(2);
  await waitFor("the telemetry behind it", () => bench.hub.sent.length === 1);
  await waitFor("the second patch", () => waiting.length === 2);
  waiting[1]?.(3);
  await waitFor("the third patch", () => waiting.length === 3);
  waiting[2]?.(4);
});

// spec/mqtt 8
test("Without a subscription to answers the request is carried out and the answer dropped", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(patch(1, "{}"), get(2));
  await waitFor("the patch", () => bench.hub.patches.length === 1);
  assert.deepEqual(await client.untilPing(), []);
});

// [MQTT-4.6.0-2]
test("A patch with QoS 1 is acknowledged when it is stored, in its turn among telemetry", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  const { promise, resolve } = Promise.withResolvers<number>();
  bench.hub.onPatch = () => promise;
  const topic = "$iothub/twin/PATCH/properties/reported/?$rid=1";
  client.send(
    publishPacket(topic, "{}", { messageId: 5 }),
    publishPacket("devices/dev-1/messages/events/", "", { messageId: 6 }),
  );
  await waitFor("the telemetry", () => bench.hub.sent.length === 1);
  assert.deepEqual(await client.untilPing(), []);
  resolve(2);
  assert.deepEqual([(await client.next()).messageId, (await client.next()).messageId], [5, 6]);
});

test("A request is carried out though its device has gone, and the hub's stop waits for it", { timeout }, async () => {
  await using bench = startBench();
  const client = await openSubscribed(bench);
  const waiting: ((version: number) => void)[] = [];
  bench.hub.onPatch = () => new Promise((resolve) => waiting.push(resolve));
  client.send(patch(1, "{}"), patch(2, "{}"), { cmd: "disconnect" });
  await client.closed;
  let stopped = false;
  const stopping = bench.listener.close().then(() => {
    stopped = true;
  });
  waiting[0]?.(2);
  await waitFor("the second patch", () => waiting.length === 2);
  assert.equal(stopped, false);
  waiting[1]?.(3);
  await stopping;
  assert.equal(bench.hub.patches.length, 2);
});

// spec/mqtt 8
test("A change of desired properties is told with its version, with the QoS granted", { timeout }, async () => {
  for (const qos of [0, 1] as const) {
    await using bench = startBench();
    const client = await openSubscribed(bench, qos);
    bench.hub.session.desiredChanged({ a: null, b: { c: 1 } }, 5);
    bench.hub.session.desiredChanged({ a: 2 }, 6);
    const [first, second] = [await client.next(), await client.next()];
    assert.equal(published(first).topic, "$iothub/twin/PATCH/properties/desired/?$version=5");
    assert.deepEqual(JSON.parse(published(first).text), { a: null, b: { c: 1 }, $version: 5 });
    assert.equal(published(second).topic, "$iothub/twin/PATCH/properties/desired/?$version=6");
    assert.deepEqual(
      [first, second].map((packet) => packet.cmd === "publish" && packet.qos),
      [qos, qos],
    );
    if (qos === 0) continue;
    assert.deepEqual([first.messageId, second.messageId], [1, 2]);
    client.send({ cmd: "puback", messageId: 1 }, { cmd: "puback", messageId: 1 }, { cmd: "puback", messageId: 999 });
    assert.deepEqual(await client.untilPing(), []);
  }
});

// spec/mqtt 8
test("A device that has not subscribed to desired properties is not told", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  bench.hub.session.desiredChanged({ a: 1 }, 2);
  assert.deepEqual(await client.untilPing(), []);
});

// spec/mqtt 3
test("A change that comes while the hub records the connection is told behind the CONNACK", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.connected = { sessionPresent: true, subscriptions: [{ filter: desired, qos: 0 }] };
  bench.hub.onConnect = ({ session }) => session.desiredChanged({ a: 1 }, 8);
  const client = await bench.open();
  assert.equal(published(await client.next()).topic, "$iothub/twin/PATCH/properties/desired/?$version=8");
});

// spec/mqtt 8
test("A get behind a notification is never older than it", { timeout }, async () => {
  await using bench = startBench();
  const client = await openSubscribed(bench);
  for (let version = 2; version < 40; version += 1) {
    client.send(get(version));
    if (version % 2 === 0) await new Promise(setImmediate);
    bench.hub.desired = { ...bench.hub.desired, version };
    bench.hub.session.desiredChanged({ version }, version);
  }
  let told = 0;
  for (const packet of await client.untilPing()) {
    const { topic, text } = published(packet);
    const version = topic.startsWith("$iothub/twin/res/")
      ? JSON.parse(text).desired.$version
      : JSON.parse(text).$version;
    assert.ok(version >= told, `${version} after ${told}`);
    told = version;
  }
  assert.equal(told, 39);
});
