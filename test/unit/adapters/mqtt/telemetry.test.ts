import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { HubError } from "../../../../core/hub-error.ts";
import { unavailable } from "../../../support/scripted-hub.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { publishPacket, startBench, telemetryTopic, timeout } from "./mqtt-client.ts";

const packetIds = (packets: readonly { cmd: string; messageId?: number }[]) =>
  packets.map(({ cmd, messageId }) => (cmd === "puback" ? messageId : cmd));

// spec/mqtt 5, 6
test("A message reaches the hub with its properties, its bytes and its connection", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open({ username: "hub.example/dev-1/?api-version=1&model-id=dtmi:a;1" });
  client.send(publishPacket(`${telemetryTopic}%24.mid=m-1&k=v`, Buffer.of(0, 255, 10), { messageId: 9 }));
  assert.deepEqual(packetIds([await client.next()]), [9]);
  const [{ properties, body, source } = assert.fail()] = bench.hub.sent;
  assert.deepEqual(properties, { system: { "message-id": "m-1" }, application: new Map([["k", "v"]]) });
  assert.deepEqual(Buffer.from(body), Buffer.of(0, 255, 10));
  assert.equal(source.modelId, "dtmi:a;1");
  assert.equal(source.connectionId, bench.hub.session.connectionId);
});

test("PUBACK comes only after the hub has stored, in order, and leaves with those of its tick", {
  timeout,
}, async () => {
  await using bench = startBench();
  bench.hub.storesAtOnce = false;
  const client = await bench.open();
  client.send(
    ...Array.from({ length: 50 }, (_, n) => publishPacket(telemetryTopic, String(n), { messageId: 100 - n })),
  );
  assert.deepEqual(await client.untilPing(), []);
  const chunks: Buffer[] = [];
  client.stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  bench.hub.store(3);
  assert.deepEqual(packetIds(await client.untilPing()), [100, 99, 98]);
  bench.hub.store(47);
  assert.deepEqual(
    packetIds(await client.untilPing()),
    Array.from({ length: 47 }, (_, n) => 97 - n),
  );
  assert.ok(
    chunks.some(({ length }) => length >= 47 * 4),
    "47 PUBACKs in one write",
  );
});

test("QoS 0 goes to the hub too and gets no PUBACK", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.storesAtOnce = false;
  const client = await bench.open();
  client.send(
    publishPacket(telemetryTopic, "a"),
    publishPacket(telemetryTopic, "b", { messageId: 2 }),
    publishPacket(telemetryTopic, "c"),
  );
  await waitFor("three messages", () => bench.hub.sent.length === 3);
  bench.hub.store(3);
  assert.deepEqual(packetIds(await client.untilPing()), [2]);
});

test("A message that is not stored gets no PUBACK, nor do those after it: the connection ends", {
  timeout,
}, async () => {
  await using bench = startBench();
  bench.hub.storesAtOnce = false;
  const client = await bench.open();
  client.send(...[1, 2, 3].map((messageId) => publishPacket(telemetryTopic, "", { messageId })));
  await waitFor("three messages", () => bench.hub.sent.length === 3);
  bench.hub.store(1);
  bench.hub.store(1, unavailable());
  bench.hub.store(1);
  assert.deepEqual(packetIds(await client.closed), [1]);
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["ServerError"],
  );
});

test("A topic that repeats gives the hub the same properties object", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  const topic = `${telemetryTopic}k=v`;
  client.send(
    publishPacket(topic),
    publishPacket(topic),
    publishPacket(topic, "", { retain: true }),
    publishPacket(topic, "", { retain: true }),
  );
  await client.untilPing();
  const [first, second, third, fourth] = bench.hub.sent.map(({ properties }) => properties);
  assert.equal(first, second);
  assert.equal(third, fourth);
  assert.deepEqual(first?.application, new Map([["k", "v"]]));
});

// spec/mqtt 4
test("RETAIN=1 becomes the property mqtt-retain", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(publishPacket(`${telemetryTopic}mqtt-retain=mine`, "", { retain: true }));
  await client.untilPing();
  assert.equal(bench.hub.sent[0]?.properties.application.get("mqtt-retain"), "true");
});

// spec/mqtt 3
test("A PUBLISH against the rules ends the connection", { timeout }, async () => {
  const bad = [
    generate({ ...publishPacket(telemetryTopic), qos: 2, messageId: 1 }),
    generate(publishPacket("devices/dev-2/messages/events/", "", { messageId: 1 })),
    generate(publishPacket("devices/dev-1/messages/elsewhere/")),
    generate(publishPacket(`${telemetryTopic}#`)),
    generate(publishPacket(telemetryTopic, "", { messageId: 0 })),
    Buffer.of(0x30, 1, 0),
    Buffer.of(0x32, 4, 0, 2, 97, 98),
    Buffer.of(0x30, 4, 0, 9, 97, 98),
    Buffer.of(0x30, 0),
    generate(publishPacket(telemetryTopic, Buffer.alloc(400_000))),
  ];
  for (const [index, bytes] of bad.entries()) {
    await using bench = startBench();
    const client = await bench.open();
    client.sendBytes(bytes);
    assert.deepEqual(await client.closed, [], `case ${index}`);
    assert.deepEqual(
      bench.hub.ends.map(({ reason }) => reason),
      ["ProtocolViolation"],
      `case ${index}`,
    );
    assert.equal(bench.hub.sent.length, 0);
  }
});

// spec/mqtt 3, 4
test("A message that the hub finds too large ends the connection", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.onSend = () => {
    throw new HubError("MessageTooLarge", "too large");
  };
  const client = await bench.open();
  client.send(publishPacket(telemetryTopic, Buffer.alloc(262_145), { messageId: 1 }));
  assert.deepEqual(await client.closed, []);
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["ProtocolViolation"],
  );
});

// spec/mqtt 4
test("The largest message and the empty one arrive whole", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(
    publishPacket(telemetryTopic, Buffer.alloc(262_144, 7), { messageId: 1 }),
    publishPacket(telemetryTopic, "", { messageId: 2 }),
  );
  assert.deepEqual(packetIds([await client.next(), await client.next()]), [1, 2]);
  assert.deepEqual(
    bench.hub.sent.map(({ body }) => body.byteLength),
    [262_144, 0],
  );
  assert.ok(bench.hub.sent[0]?.body.every((byte) => byte === 7));
});

// spec/mqtt 9
test("A method response and a certificate request that nobody awaits are acknowledged and forgotten", {
  timeout,
}, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(
    publishPacket("$iothub/methods/res/200/?$rid=1", "{}"),
    publishPacket("$iothub/methods/res/200/?$rid=1", "{}", { messageId: 5 }),
    publishPacket("$iothub/credentials/POST/issueCertificate/?$rid=1", "{}", { messageId: 6 }),
  );
  assert.deepEqual(packetIds(await client.untilPing()), [5, 6]);
  assert.equal(bench.hub.sent.length, 0);
});
