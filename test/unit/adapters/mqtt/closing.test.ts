import assert from "node:assert/strict";
import { test } from "node:test";
import { longestSilence } from "../../../../adapters/mqtt/keep-alive.ts";
import type { DisconnectReason } from "../../../../core/connection/connection.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { connectPacket, publishPacket, startBench, telemetryTopic, timeout } from "./mqtt-client.ts";

const willPacket = { topic: `${telemetryTopic}k=v`, payload: Buffer.from("gone"), qos: 1, retain: false } as const;

// spec/mqtt 3
test("Silence is granted for 1.5 times the keep-alive, 1,767 seconds at most", () => {
  assert.deepEqual(
    [10, 240, 1_177, 1_178, 1_179, 65_535, 0].map(longestSilence),
    [15_000, 360_000, 1_765_500, 1_767_000, 1_767_000, 1_767_000, 1_767_000],
  );
});

// spec/mqtt 3
test("A silent device is closed; any packet counts, a part of one does not", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open({ keepalive: 10 });
  bench.pass(15_000);
  assert.deepEqual(await client.untilPing(), []);
  bench.pass(15_000);
  client.send(publishPacket(telemetryTopic));
  await waitFor("the message", () => bench.hub.sent.length === 1);
  const lastActivity = bench.clock.now();
  bench.pass(10_000);
  client.sendBytes(Buffer.of(0x30));
  await new Promise(setImmediate);
  bench.pass(5_001);
  await client.closed;
  await waitFor("the disconnect", () => bench.hub.ends.length === 1);
  assert.deepEqual(bench.hub.ends, [
    { connectionId: bench.hub.session.connectionId, reason: "KeepAliveExceeded", lastActivity },
  ]);
});

// spec/mqtt 3, spec/identity-and-security 5.7
test("A connection ends when its token does", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.validUntil = bench.clock.now() + 60_000;
  const client = await bench.open();
  bench.pass(59_999);
  assert.deepEqual(await client.untilPing(), []);
  bench.pass(1);
  await client.closed;
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["TokenExpired"],
  );
});

// spec/mqtt 3, spec/identity-and-security 2
test("The hub ends a connection with its own reason, once", { timeout }, async () => {
  const reasons: DisconnectReason[] = [
    "ConnectionForcefullyClosedOnNewConnection",
    "DeviceDisabled",
    "DeviceDeleted",
    "CredentialsChanged",
  ];
  for (const reason of reasons) {
    await using bench = startBench();
    const client = await bench.open();
    bench.hub.session.close(reason);
    bench.hub.session.close("ServerError");
    bench.hub.session.desiredChanged({ a: 1 }, 2);
    assert.deepEqual(await client.closed, []);
    await bench.listener.close();
    assert.deepEqual(
      bench.hub.ends.map((end) => end.reason),
      [reason],
    );
  }
});

// [MQTT-3.14.4-1]
test("DISCONNECT, the end of the stream and a broken stream each end the connection once", { timeout }, async () => {
  const ways = [
    ["ClientDisconnected", (client) => client.send({ cmd: "disconnect" })],
    ["DeviceConnectionClosedRemotely", (client) => client.stream.end()],
    ["DeviceConnectionClosedRemotely", (client) => client.stream.destroy(new Error("reset"))],
  ] as const satisfies [string, (client: Awaited<ReturnType<ReturnType<typeof startBench>["open"]>>) => void][];
  for (const [reason, leave] of ways) {
    await using bench = startBench();
    const client = await bench.open();
    leave(client);
    await waitFor("the listener to let go", () => bench.listener.connectionCount === 0 || bench.hub.ends.length > 0);
    await bench.listener.close();
    assert.deepEqual(
      bench.hub.ends.map((end) => end.reason),
      [reason],
    );
  }
});

test("Messages sent just before a DISCONNECT still reach the hub; packets behind it don't", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(
    publishPacket(telemetryTopic, "a", { messageId: 1 }),
    { cmd: "disconnect" },
    publishPacket(telemetryTopic, "b"),
  );
  await client.closed;
  assert.equal(bench.hub.sent.length, 1);
});

test("A device that leaves its side open is let go after a while", { timeout }, async () => {
  await using bench = startBench({ lingerMs: 5_000 });
  const client = bench.stranger();
  client.send(connectPacket({ clientId: "wrong" }));
  await client.closed;
  assert.equal(bench.listener.connectionCount, 1);
  bench.pass(5_000);
  await waitFor("the listener to let go", () => bench.listener.connectionCount === 0);
});

test("A hub that stops ends all connections and waits until that is recorded", { timeout }, async () => {
  await using bench = startBench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onDisconnect = () => promise;
  const clients = [await bench.open(), await bench.open(), bench.stranger()];
  let closed = false;
  const closing = bench.listener.close().then(() => {
    closed = true;
  });
  await waitFor("both disconnects", () => bench.hub.ends.length === 2);
  assert.equal(closed, false);
  resolve();
  await closing;
  await Promise.all(clients.map((client) => client.closed));
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["HubStopped", "HubStopped"],
  );
  await bench.stranger().closed;
});

// spec/mqtt 4, [MQTT-3.1.2-8]
test("The will is sent as telemetry when a connection ends without DISCONNECT", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open({ will: { ...willPacket, retain: true } });
  client.stream.destroy();
  await waitFor("the will", () => bench.hub.sent.length === 1);
  const [{ body, properties } = assert.fail()] = bench.hub.sent;
  assert.equal(Buffer.from(body).toString(), "gone");
  const expected = [
    ["k", "v"],
    ["iothub-MessageType", "Will"],
    ["mqtt-retain", "true"],
  ];
  assert.deepEqual([...properties.application], expected);
});

// spec/mqtt 4, [MQTT-3.1.2-10]
test("The will is sent on takeover, not after DISCONNECT and not for an identity that lost its access", {
  timeout,
}, async () => {
  const cases = [
    ["ConnectionForcefullyClosedOnNewConnection", 1],
    ["HubStopped", 1],
    ["DeviceDisabled", 0],
    ["DeviceDeleted", 0],
  ] as const;
  for (const [reason, wills] of cases) {
    await using bench = startBench();
    const client = await bench.open({ will: willPacket });
    bench.hub.session.close(reason);
    await client.closed;
    await bench.listener.close();
    assert.equal(bench.hub.sent.length, wills, reason);
  }
  await using bench = startBench();
  const client = await bench.open({ will: willPacket });
  client.send({ cmd: "disconnect" });
  await client.closed;
  await bench.listener.close();
  assert.equal(bench.hub.sent.length, 0);
});

// spec/mqtt 4
test("A will that is not the identity's own telemetry is refused", { timeout }, async () => {
  await using bench = startBench();
  for (const topic of ["devices/dev-2/messages/events/", "$iothub/twin/GET/?$rid=1", "x", `${telemetryTopic}+`]) {
    const client = bench.stranger();
    client.send(connectPacket({ will: { ...willPacket, topic } }));
    const [connack] = await client.closed;
    assert.equal(connack?.cmd === "connack" && connack.returnCode, 5, topic);
  }
  const client = bench.stranger();
  client.send(connectPacket({ will: { ...willPacket, qos: 2 } }));
  assert.deepEqual(await client.closed, []);
  assert.deepEqual(bench.hub.connects, []);
});
