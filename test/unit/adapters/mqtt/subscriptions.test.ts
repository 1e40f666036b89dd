import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { unavailable } from "../../../support/scripted-hub.ts";
import { published, publishPacket, startBench, timeout } from "./mqtt-client.ts";

const desired = "$iothub/twin/PATCH/properties/desired/#";
const responses = "$iothub/twin/res/#";
const methods = "$iothub/methods/POST/#";
const c2d = "devices/dev-1/messages/devicebound/#";

// spec/mqtt 3, 4
test("Subscriptions are kept by the hub before SUBACK, and QoS 2 is granted as 1", { timeout }, async () => {
  await using bench = startBench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onSubscribe = () => promise;
  const client = await bench.open();
  const subscribing = client.subscribe(
    { topic: c2d, qos: 2 },
    { topic: methods, qos: 0 },
    { topic: responses, qos: 1 },
  );
  await new Promise(setImmediate);
  const kept = [
    { filter: c2d, qos: 1 },
    { filter: methods, qos: 0 },
    { filter: responses, qos: 1 },
  ];
  assert.deepEqual(bench.hub.subscribed, [kept]);
  resolve();
  const suback = await subscribing;
  assert.deepEqual(suback.cmd === "suback" && suback.granted, [1, 0, 1]);
  assert.equal(suback.messageId, 1);
});

// [MQTT-3.8.4-3]
test("A filter again takes the new QoS; UNSUBSCRIBE removes", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  await client.subscribe({ topic: c2d, qos: 1 }, methods);
  await client.subscribe({ topic: c2d, qos: 0 });
  client.send({ cmd: "unsubscribe", messageId: 77, unsubscriptions: [methods, "never/subscribed"] });
  const unsuback = await client.next();
  assert.deepEqual([unsuback.cmd, unsuback.messageId], ["unsuback", 77]);
  assert.deepEqual(bench.hub.subscribed.slice(1), [
    [
      { filter: c2d, qos: 0 },
      { filter: methods, qos: 0 },
    ],
    [{ filter: c2d, qos: 0 }],
  ]);
});

// spec/mqtt 3
test("Subscriptions that survived are in force without a SUBSCRIBE", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.connected = {
    sessionPresent: true,
    subscriptions: [
      { filter: desired, qos: 0 },
      { filter: responses, qos: 0 },
    ],
  };
  const client = await bench.open();
  bench.hub.session.desiredChanged({ a: 1 }, 2);
  assert.equal(published(await client.next()).topic, "$iothub/twin/PATCH/properties/desired/?$version=2");
  client.send(publishPacket("$iothub/twin/GET/?$rid=1"));
  assert.equal(published(await client.next()).topic, "$iothub/twin/res/200/?$rid=1");
  await client.subscribe(methods);
  assert.equal(bench.hub.subscribed[0]?.length, 3);
});

// spec/mqtt 8
test("A twin request sent right behind a SUBSCRIBE is answered", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  const subscriptions = [{ topic: responses, qos: 0 as const }];
  client.send({ cmd: "subscribe", messageId: 3, subscriptions }, publishPacket("$iothub/twin/GET/?$rid=1"));
  assert.equal((await client.next()).cmd, "suback");
  assert.equal(published(await client.next()).topic, "$iothub/twin/res/200/?$rid=1");
});

// spec/mqtt 3, 5
test("A filter that is not offered, or one too many, ends the connection", { timeout }, async () => {
  const many = Array.from({ length: 11 }, (_, n) => `$iothub/methods/POST/m${n}/#`);
  for (const filters of [["#"], [c2d, "devices/dev-2/messages/devicebound/#"], ["devices/dev-1/modules/m/#"], many]) {
    await using bench = startBench();
    const client = await bench.open();
    await assert.rejects(client.subscribe(...filters), /closed/);
    assert.deepEqual(bench.hub.subscribed, []);
    assert.deepEqual(
      bench.hub.ends.map(({ reason }) => reason),
      ["ProtocolViolation"],
    );
  }
});

// [MQTT-3.8.3-3], [MQTT-2.3.1-1], [MQTT-1.5.3-1], [MQTT-3-8.3-4]
test("Malformed SUBSCRIBE and UNSUBSCRIBE end the connection", { timeout }, async () => {
  const subscribe = generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "ab", qos: 0 }] });
  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(subscribe);
    bytes[at] = byte;
    return bytes;
  };
  const invalidUtf8 = (bytes: Buffer) => Buffer.from(bytes.toString("latin1").replace("?", "\xff"), "latin1");
  const method = "$iothub/methods/POST/?/#";
  const notUtf8 = [
    invalidUtf8(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: method, qos: 0 }] })),
    invalidUtf8(generate({ cmd: "unsubscribe", messageId: 1, unsubscriptions: [method] })),
  ];
  const noFilters = [Buffer.of(0x82, 2, 0, 1), Buffer.of(0xa2, 2, 0, 1), Buffer.of(0x82, 0), Buffer.of(0xa2, 1, 0)];
  for (const bytes of [
    changed(3, 0),
    changed(6, 0xff),
    changed(8, 3),
    changed(8, 4),
    changed(5, 9),
    ...noFilters,
    ...notUtf8,
  ]) {
    await using bench = startBench();
    const client = await bench.open();
    client.sendBytes(bytes);
    assert.deepEqual(await client.closed, []);
    assert.deepEqual(
      bench.hub.ends.map(({ reason }) => reason),
      ["ProtocolViolation"],
    );
  }
});

test("Subscriptions that the hub can't keep end the connection without SUBACK", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.onSubscribe = () => {
    throw unavailable();
  };
  const client = await bench.open();
  await assert.rejects(client.subscribe(c2d), /closed/);
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["ServerError"],
  );
});
