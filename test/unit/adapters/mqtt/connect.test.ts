import assert from "node:assert/strict";
import { test } from "node:test";
import { generate, type IConnectPacket } from "mqtt-packet";
import { HubError } from "../../../../core/hub-error.ts";
import { unavailable } from "../../../support/scripted-hub.ts";
import { connectPacket, publishPacket, startBench, telemetryTopic, timeout } from "./mqtt-client.ts";

const unauthorized = () => new HubError("IotHubUnauthorizedAccess", "Unauthorized");

/** The return code that a CONNECT gets before its connection is closed; undefined when it is closed without one. */
async function refusalOf(
  connect: Partial<IConnectPacket>,
  prepare: (bench: ReturnType<typeof startBench>) => void = () => {},
) {
  await using bench = startBench();
  prepare(bench);
  const client = bench.stranger();
  client.send(connectPacket(connect));
  const [connack] = await client.closed;
  assert.deepEqual(bench.hub.ends, []);
  return connack?.cmd === "connack" ? connack.returnCode : undefined;
}

// spec/mqtt 2
test("A CONNECT is handed to the hub with all it says", { timeout }, async () => {
  await using bench = startBench();
  const list = "?api-version=2021-04-12&model-id=dtmi:a;1&DeviceClientType=azure-iot-device%2F1.18.4";
  await bench.open({ username: `hub.example/dev-1/${list}`, clean: true });
  assert.deepEqual(bench.hub.credentials, [
    { deviceId: "dev-1", hostName: "hub.example", token: "SharedAccessSignature sr=x&sig=y&se=1" },
  ]);
  const [{ session, principal, ...request } = assert.fail()] = bench.hub.connects;
  const texts = { modelId: "dtmi:a;1", clientType: "azure-iot-device/1.18.4" };
  assert.deepEqual(request, { protocol: "mqtt", cleanSession: true, ...texts });
  assert.deepEqual(session.key, { deviceId: "dev-1" });
  assert.match(session.connectionId, /^[0-9a-f-]{36}$/);
  assert.equal(principal.deviceId, "dev-1");
});

// spec/mqtt 2
test("A module connects with its own user name and client id", { timeout }, async () => {
  await using bench = startBench();
  await bench.open({ username: "hub.example/dev-1/m/?api-version=2021-04-12", clientId: "dev-1/m" });
  assert.deepEqual(bench.hub.session.key, { deviceId: "dev-1", moduleId: "m" });
  assert.equal(bench.hub.credentials[0]?.moduleId, "m");
});

// [MQTT-3.2.2-2], spec/mqtt 2
test("CONNACK tells whether a session survived", { timeout }, async () => {
  for (const sessionPresent of [true, false]) {
    await using bench = startBench();
    bench.hub.connected = { subscriptions: [], sessionPresent };
    const client = bench.stranger();
    client.send(connectPacket());
    const connack = await client.next();
    assert.deepEqual(connack.cmd === "connack" && [connack.returnCode, connack.sessionPresent], [0, sessionPresent]);
  }
});

// spec/mqtt 2, spec/identity-and-security 5.3
test("Whatever is wrong with the credentials, the code is 5", { timeout }, async () => {
  const refuse = (bench: ReturnType<typeof startBench>) => {
    bench.hub.onAuthenticate = () => {
      throw unauthorized();
    };
  };
  assert.equal(await refusalOf({}, refuse), 5);
  assert.equal(await refusalOf({ username: "nonsense" }), 5);
  assert.equal(await refusalOf({ password: Buffer.of(0xff, 0xfe) }), 5);
  assert.equal(await refusalOf({ password: Buffer.alloc(5_000, "a") }), 5);
});

// spec/mqtt 2, [MQTT-3.1.3-8]
test("A client id that is not the identity's gets code 2", { timeout }, async () => {
  for (const clientId of ["dev-2", "DEV-1", "dev-1/m", ""]) assert.equal(await refusalOf({ clientId, clean: true }), 2);
  const username = "hub.example/dev-1/m/?api-version=2021-04-12";
  for (const clientId of ["dev-1", "m", "dev-1/n"]) assert.equal(await refusalOf({ clientId, username }), 2);
});

// spec/mqtt 2
test("A hub that can't look or can't record gets the device code 3", { timeout }, async () => {
  const failing = (error: unknown) => (bench: ReturnType<typeof startBench>) => {
    bench.hub.onConnect = () => {
      throw error;
    };
  };
  assert.equal(await refusalOf({}, failing(unavailable())), 3);
  assert.equal(await refusalOf({}, failing(new TypeError("a bug"))), 3);
  assert.equal(await refusalOf({}, failing(unauthorized())), 5);
  const blind = (bench: ReturnType<typeof startBench>) => {
    bench.hub.onAuthenticate = () => {
      throw unavailable();
    };
  };
  assert.equal(await refusalOf({}, blind), 3);
});

// [MQTT-3.1.2-2]
test("Another protocol level gets code 1, in MQTT 5 its own form", { timeout }, async () => {
  assert.equal(await refusalOf({ protocolId: "MQIsdp", protocolVersion: 3 }), 1);
  await using bench = startBench();
  const bytes = generate(connectPacket());
  for (const level of [0, 6, 0x84]) {
    const client = bench.stranger();
    const changed = Buffer.from(bytes);
    changed[8] = level;
    client.sendBytes(changed);
    const [connack] = await client.closed;
    assert.equal(connack?.cmd === "connack" && connack.returnCode, 1, `level ${level}`);
  }
  const client = bench.stranger();
  const received: Buffer[] = [];
  client.stream.on("data", (chunk: Buffer) => received.push(chunk));
  client.sendBytes(generate(connectPacket({ protocolVersion: 5 })));
  await client.closed;
  assert.deepEqual(Buffer.concat(received), Buffer.of(0x20, 3, 0, 0x84, 0));
});

// [MQTT-3.1.2-1], [MQTT-3.1.2-3], [MQTT-1.5.3-1]
test("What is no CONNECT is closed without a word", { timeout }, async () => {
  await using bench = startBench();
  const good = generate(connectPacket());
  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(good);
    bytes[at] = byte;
    return bytes;
  };
  const truncated = Buffer.concat([Buffer.of(0x10, 10), good.subarray(3, 13)]);
  const bad = [
    changed(4, 0x58),
    changed(9, good[9] === undefined ? 0 : good[9] | 1),
    changed(14, 0xff),
    truncated,
    Buffer.of(0x10, 0),
    generate({ cmd: "pingreq" }),
  ];
  for (const [index, bytes] of bad.entries()) {
    const client = bench.stranger();
    client.sendBytes(bytes);
    assert.deepEqual(await client.closed, [], `case ${index}`);
  }
  assert.deepEqual(bench.hub.credentials, []);
});

// [MQTT-3.1.0-2]
test("A second CONNECT ends the connection", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(connectPacket());
  await client.closed;
  assert.deepEqual(
    bench.hub.ends.map(({ reason }) => reason),
    ["ProtocolViolation"],
  );
});

// spec/mqtt 1
test("A peer that sends no whole CONNECT is closed after 30 seconds", { timeout }, async () => {
  await using bench = startBench();
  const silent = bench.stranger();
  const slow = bench.stranger();
  const packet = generate(connectPacket());
  for (let second = 0; second < 30; second += 1) {
    slow.sendBytes(packet.subarray(second, second + 1));
    bench.pass(999);
  }
  assert.equal(bench.listener.connectionCount, 2);
  bench.pass(30);
  assert.deepEqual(await Promise.all([silent.closed, slow.closed]), [[], []]);
});

test("Packets that come before the CONNACK wait for it", { timeout }, async () => {
  await using bench = startBench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onConnect = () => promise;
  const client = bench.stranger();
  client.send(connectPacket(), publishPacket(telemetryTopic, "early", { messageId: 1 }), { cmd: "pingreq" });
  await new Promise(setImmediate);
  assert.equal(bench.hub.connects.length, 1);
  assert.equal(bench.hub.sent.length, 0);
  resolve();
  const order = [await client.next(), await client.next(), await client.next()].map(({ cmd }) => cmd);
  assert.deepEqual(order.toSorted(), ["connack", "pingresp", "puback"]);
  assert.equal(order[0], "connack");
});

test("A device that goes while the hub records its connection is disconnected once", { timeout }, async () => {
  await using bench = startBench();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.hub.onConnect = () => promise;
  const client = bench.stranger();
  client.send(connectPacket());
  await new Promise(setImmediate);
  client.stream.destroy();
  bench.hub.session.close("ConnectionForcefullyClosedOnNewConnection");
  resolve();
  await bench.listener.close();
  assert.equal(bench.hub.ends.length, 1);
});

test("A device that goes while the hub fails to record its connection is not disconnected", { timeout }, async () => {
  await using bench = startBench();
  const { promise, reject } = Promise.withResolvers<void>();
  bench.hub.onConnect = () => promise;
  const client = bench.stranger();
  client.send(connectPacket());
  await new Promise(setImmediate);
  client.stream.destroy();
  bench.hub.session.close("DeviceDeleted");
  reject(unavailable());
  await bench.listener.close();
  assert.deepEqual(bench.hub.ends, []);
});

test("Strangers over the limit are turned away, and room comes back", { timeout }, async () => {
  await using bench = startBench({ maxHalfOpen: 2 });
  const device = await bench.open();
  const first = bench.stranger();
  bench.stranger();
  await bench.stranger().closed;
  first.stream.end();
  await first.closed;
  await new Promise(setImmediate);
  await bench.open({ clientId: "dev-2", username: "hub.example/dev-2/?api-version=2021-04-12" });
  assert.deepEqual(await device.untilPing(), []);
});

test("Neither the token nor a payload gets into the log", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  client.send(
    publishPacket(telemetryTopic, "very-private", { messageId: 1 }),
    publishPacket("devices/other/messages/events/", "very-private"),
  );
  await client.closed;
  bench.hub.onAuthenticate = () => {
    throw unauthorized();
  };
  const refused = bench.stranger();
  refused.send(connectPacket());
  await refused.closed;
  const text = bench.log.join("");
  assert.ok(text.includes("connect refused") && text.includes("192.0.2.1") && text.includes('"deviceId":"dev-1"'));
  for (const secret of ["sig=", "very-private", "SharedAccessSignature"]) assert.ok(!text.includes(secret), secret);
});
