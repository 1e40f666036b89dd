import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionOperations } from "../../../../core/device-to-cloud/fault.ts";
import { InjectedFault } from "../../../../core/device-to-cloud/faults.ts";
import { HubError } from "../../../../core/hub-error.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type Bench, connectPacket, publishPacket, startBench, telemetryTopic, timeout } from "./mqtt-client.ts";

/** Has the hub tell the connection of a fault, as the hub's telemetry does after a message that asks for it. */
async function injectFault(bench: Bench, operation: (typeof connectionOperations)[number], delayMs: number) {
  const client = await bench.open();
  client.send(publishPacket(telemetryTopic, "", { messageId: 1 }));
  assert.equal((await client.next()).cmd, "puback");
  bench.hub.sent.at(-1)?.source.onFault?.({ operation, closeReason: "boom", delayMs, durationMs: 5_000 });
  return client;
}

// spec/mqtt 11
test("KillTcp and ShutDownMqtt end the connection after their delay, as the hub's doing", { timeout }, async () => {
  for (const operation of ["KillTcp", "ShutDownMqtt"] as const) {
    await using bench = startBench();
    const client = await injectFault(bench, operation, 2_000);
    bench.pass(1_999);
    assert.deepEqual(await client.untilPing(), []);
    bench.pass(1);
    assert.deepEqual(await client.closed, []);
    await waitFor("the disconnect", () => bench.hub.ends.length === 1);
    assert.deepEqual(
      bench.hub.ends.map(({ reason }) => reason),
      ["FaultInjected"],
    );
  }
});

// spec/mqtt 11
test("KillTcp breaks the stream; ShutDownMqtt ends its side and waits for the device's", { timeout }, async () => {
  await using bench = startBench();
  const killed = await injectFault(bench, "KillTcp", 0);
  bench.pass(0);
  await killed.closed;
  await waitFor("the stream to be gone", () => bench.listener.connectionCount === 0);

  const shutDown = await injectFault(bench, "ShutDownMqtt", 0);
  bench.pass(0);
  await shutDown.closed;
  await new Promise(setImmediate);
  assert.equal(bench.listener.connectionCount, 1);
  shutDown.stream.end();
  await waitFor("the stream to be gone", () => bench.listener.connectionCount === 0);
});

test("The faults of AMQP are nothing to MQTT", { timeout }, async () => {
  await using bench = startBench();
  for (const operation of connectionOperations) {
    if (operation === "KillTcp" || operation === "ShutDownMqtt") continue;
    const client = await injectFault(bench, operation, 0);
    bench.pass(60_000);
    assert.deepEqual(await client.untilPing(), []);
    client.stream.destroy();
  }
});

// spec/mqtt 11: a PUBLISH can only be cut off.
test("A message that a lasting fault refuses gets no PUBACK: the connection ends", { timeout }, async () => {
  for (const operation of ["ThrottlingError", "QuotaExceeded", "AuthError"] as const) {
    await using bench = startBench();
    const client = await bench.open();
    bench.hub.onSend = () => {
      throw new InjectedFault(operation);
    };
    client.send(publishPacket(telemetryTopic, "", { messageId: 1 }));
    assert.deepEqual(await client.closed, []);
    await waitFor("the disconnect", () => bench.hub.ends.length === 1);
    assert.equal(bench.hub.ends[0]?.reason, "FaultInjected");
  }
});

// spec/mqtt 2: 5 for every failed authentication.
test("An identity in an AuthError gets a CONNACK with 5", { timeout }, async () => {
  await using bench = startBench();
  bench.hub.onAuthenticate = () => {
    throw new InjectedFault("AuthError");
  };
  const client = bench.stranger();
  client.send(connectPacket());
  const connack = await client.next();
  assert.equal(connack.cmd === "connack" && connack.returnCode, 5);
});

test("Another error of the sender ends the connection as the hub's own failure", { timeout }, async () => {
  await using bench = startBench();
  const client = await bench.open();
  bench.hub.onSend = () => {
    throw new HubError("ThrottlingException", "too many");
  };
  client.send(publishPacket(telemetryTopic));
  await client.closed;
  await waitFor("the disconnect", () => bench.hub.ends.length === 1);
  assert.equal(bench.hub.ends[0]?.reason, "ServerError");
});
