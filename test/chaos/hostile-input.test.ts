import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { before, suite, test } from "node:test";
import type { Client } from "azure-iot-device";
import { generate } from "mqtt-packet";
import { Message } from "../support/azure-sdk.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { waitFor } from "../support/wait-for.ts";

/**
 * Strangers and broken devices send what they like to a whole hub while a good device goes on sending: the hub stays up
 * and the good device notices nothing (spec/mqtt 3).
 */
suite("hostile input", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let good: Client;
  let sent = 0;

  before(async () => {
    hub = await startHub(scope);
    good = await openDevice(scope, await registerDevice(hub, "good"));
  });

  /** The good device's telemetry still goes through, all of it, and nobody cut its connection. */
  async function assertUnharmed(): Promise<void> {
    await good.sendEvent(new Message(String(sent)));
    sent += 1;
    assert.equal((await readTelemetry(hub, "good")).length, sent);
  }

  test("random bytes", async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => stranger()));
    for (const socket of sockets) socket.end(randomBytes(2000));
    await Promise.all(sockets.map(closed));
    await assertUnharmed();
  });

  test("a packet that announces more than the limit is cut off before it comes", async () => {
    const socket = await stranger();
    // A PUBLISH whose remaining length says 256 MiB.
    socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    await closed(socket);
    await assertUnharmed();
  });

  test("a truncated CONNECT, a malformed length and a wrong first packet", async () => {
    const connectPacket = generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId: "x",
      keepalive: 0,
    });
    const openings = [
      connectPacket.subarray(0, 5),
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]),
      generate({ cmd: "pingreq" }),
    ];
    for (const bytes of openings) {
      const socket = await stranger();
      socket.end(bytes);
      await closed(socket);
    }
    await assertUnharmed();
  });

  test("invalid UTF-8 in a client id", async () => {
    const socket = await stranger();
    socket.write(Buffer.from([0x10, 0x0e, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 2, 0xc3, 0x28]));
    await closed(socket);
    await assertUnharmed();
  });

  test("deep JSON in a reported patch is refused", async (t) => {
    const client = await openDevice(t, await registerDevice(hub, "deep"));
    const twin = await client.getTwin();
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 500; level += 1) deep = { a: deep };
    const error = await new Promise<Error | null>((resolve) => twin.properties.reported.update(deep, resolve));
    assert.ok(error instanceof Error);
    await assertUnharmed();
  });

  test("hundreds of half-open strangers", async () => {
    const sockets = await Promise.all(Array.from({ length: 300 }, () => stranger()));
    for (const socket of sockets) socket.write(Buffer.from([0x10]));
    await assertUnharmed();
    for (const socket of sockets) socket.destroy();
  });

  test("a storm of duplicate connections leaves one", async (t) => {
    const connectionString = await registerDevice(hub, "storm");
    const attempts = Array.from({ length: 10 }, () => openDevice(t, connectionString).catch(() => undefined));
    await Promise.all(attempts);
    await waitFor("one connection", () => hub.node.hub.sessions.ofDevice("storm").length <= 1);
    await assertUnharmed();
  });

  async function stranger(): Promise<Socket> {
    const socket = connect(hub.node.ports.mqtt ?? 0, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    await once(socket, "connect");
    return socket;
  }

  async function closed(socket: Socket): Promise<void> {
    if (!socket.closed) await once(socket, "close");
  }
});
