import assert from "node:assert/strict";
import { test } from "node:test";
import { generate } from "mqtt-packet";
import { waitFor } from "../../../support/wait-for.ts";
import { publishPacket, startBench, telemetryTopic, timeout } from "./mqtt-client.ts";

test("A full hub is sent nothing more until it is ready, and then the rest in order", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  bench.hub.takesMore = false;
  client.send(...Array.from({ length: 5 }, (_, n) => publishPacket(telemetryTopic, String(n), { messageId: n + 1 })));
  for (let sent = 1; sent <= 5; sent += 1) {
    await waitFor("the hub to be asked when it is ready", () => bench.hub.ready.length === 1);
    assert.equal(bench.hub.sent.length, sent);
    bench.hub.ready.splice(0)[0]?.();
  }
  assert.deepEqual(
    bench.hub.sent.map(({ body }) => Buffer.from(body).toString()),
    ["0", "1", "2", "3", "4"],
  );
  for (let messageId = 1; messageId <= 5; messageId += 1) assert.equal((await client.next()).messageId, messageId);
});

test("While the hub is full the device is not read, and its silence is not held against it", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open({ keepalive: 10 });
  bench.hub.takesMore = false;
  client.send(publishPacket(telemetryTopic));
  await waitFor("the hub to be full", () => bench.hub.ready.length === 1);
  const packets = Array.from({ length: 20 }, (_, n) => publishPacket(telemetryTopic, Buffer.alloc(50_000, n)));
  client.send(...packets);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  assert.ok(client.stream.writableLength > 0, "the stream fills up");
  assert.equal(bench.hub.sent.length, 1);
  bench.pass(3_600_000);
  assert.equal(bench.listener.connectionCount, 1);

  bench.hub.takesMore = true;
  bench.hub.ready.splice(0)[0]?.();
  bench.pass(14_000);
  assert.deepEqual(await client.untilPing(), []);
  assert.deepEqual(
    bench.hub.sent.slice(1).map(({ body }) => body[49_999]),
    Array.from(packets.keys()),
  );
  bench.pass(16_000);
  await client.closed;
  assert.equal(bench.hub.ends[0]?.reason, "KeepAliveExceeded");
});

test("What comes in pieces while the hub is full is not lost", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  bench.hub.takesMore = false;
  const packets = Array.from({ length: 30 }, (_, n) => publishPacket(telemetryTopic, `message ${n}`));
  for (const packet of packets) {
    client.send(packet);
    await new Promise(setImmediate);
  }
  for (let sent = 1; sent <= packets.length; sent += 1) {
    await waitFor("the hub to be asked when it is ready", () => bench.hub.ready.length === 1);
    bench.hub.ready.splice(0)[0]?.();
  }
  assert.deepEqual(
    bench.hub.sent.map(({ body }) => Buffer.from(body).toString()),
    packets.map(({ payload }) => payload),
  );
});

test("A device that goes while the hub is full is let go", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  bench.hub.takesMore = false;
  client.send(publishPacket(telemetryTopic));
  await waitFor("the hub to be full", () => bench.hub.ready.length === 1);
  bench.hub.session.close("DeviceDeleted");
  await client.closed;
  bench.hub.ready.splice(0)[0]?.();
  assert.equal(bench.hub.sent.length, 1);
});

test("A device that does not read what it is sent is closed", { timeout }, async () => {
  await using bench = startBench({ maxOutboundBytes: 1_000 });
  const client = await bench.open();
  client.stream.pause();
  for (let burst = 0; bench.hub.ends.length === 0; burst += 1) {
    assert.ok(burst < 1_000, "never closed");
    client.sendBytes(Buffer.concat(Array.from({ length: 1_000 }, () => generate({ cmd: "pingreq" }))));
    await new Promise(setImmediate);
  }
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["DeviceConnectionClosedRemotely"],
  );
  assert.ok(client.stream.readableLength < 200_000);
});
