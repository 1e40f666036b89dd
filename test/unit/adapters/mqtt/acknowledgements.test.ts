import assert from "node:assert/strict";
import { test } from "node:test";
import { Acknowledgements } from "../../../../adapters/mqtt/acknowledgements.ts";
import { PacketIds } from "../../../../adapters/mqtt/packet-ids.ts";

function noting() {
  const pubacks: number[] = [];
  return { pubacks, acknowledgements: new Acknowledgements((packetId) => void pubacks.push(packetId)) };
}

// [MQTT-4.6.0-2]
test("PUBACKs leave in the order of the messages, and QoS 0 has none", () => {
  const { pubacks, acknowledgements } = noting();
  for (const packetId of [5, 0, 6, 7]) acknowledgements.addTelemetry(packetId);
  for (let count = 0; count < 4; count += 1) acknowledgements.telemetryStored();
  assert.deepEqual(pubacks, [5, 6, 7]);
});

// [MQTT-4.6.0-2]
test("A message that finishes early waits for those before it", () => {
  const { pubacks, acknowledgements } = noting();
  acknowledgements.addTelemetry(1);
  const other = acknowledgements.addOther(2);
  acknowledgements.addTelemetry(3);
  acknowledgements.finish(other);
  assert.deepEqual(pubacks, []);
  acknowledgements.telemetryStored();
  assert.deepEqual(pubacks, [1, 2]);
  acknowledgements.telemetryStored();
  assert.deepEqual(pubacks, [1, 2, 3]);
});

test("Telemetry behind a slow request waits, through growth and many rounds", () => {
  const { pubacks, acknowledgements } = noting();
  const expected: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const slow = acknowledgements.addOther(1_000);
    const quick = acknowledgements.addOther(2_000);
    for (let id = 1; id <= round + 20; id += 1) acknowledgements.addTelemetry(id);
    acknowledgements.finish(quick);
    for (let id = 1; id <= round + 20; id += 1) acknowledgements.telemetryStored();
    assert.equal(pubacks.length, expected.length);
    acknowledgements.finish(slow);
    expected.push(1_000, 2_000, ...Array.from({ length: round + 20 }, (_, n) => n + 1));
    assert.deepEqual(pubacks, expected);
  }
});

test("Requests that finish before telemetry comes leave no trace", () => {
  const { pubacks, acknowledgements } = noting();
  for (let id = 1; id <= 5; id += 1) acknowledgements.finish(acknowledgements.addOther(id));
  for (let id = 6; id <= 21; id += 1) acknowledgements.addTelemetry(id);
  for (let id = 6; id <= 21; id += 1) {
    acknowledgements.telemetryStored();
    assert.equal(pubacks.at(-1), id);
  }
});

// [MQTT-2.3.1-4]
test("More messages than there are packet ids are refused", () => {
  const { acknowledgements } = noting();
  for (let count = 0; count < 65_536; count += 1) acknowledgements.addTelemetry(1);
  assert.throws(() => acknowledgements.addTelemetry(1), { name: "ProtocolViolation" });
});

// [MQTT-2.3.1-4]
test("Packet ids come round from 65,535 to 1 and skip those in use", () => {
  const ids = new PacketIds();
  assert.equal(ids.take(), 1);
  for (let expected = 2; expected <= 65_535; expected += 1) {
    assert.equal(ids.take(), expected);
    ids.release(expected);
  }
  assert.equal(ids.take(), 2);
  ids.release(12_345);
});

test("Packet ids end when too many wait for their PUBACK", () => {
  const ids = new PacketIds();
  for (let count = 0; count < 1_024; count += 1) assert.notEqual(ids.take(), undefined);
  assert.equal(ids.take(), undefined);
  ids.release(1);
  assert.notEqual(ids.take(), undefined);
});
