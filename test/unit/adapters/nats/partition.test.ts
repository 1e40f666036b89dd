import assert from "node:assert/strict";
import { test } from "node:test";
import { partitionOf } from "../../../../adapters/nats/partition.ts";

/** A count that shows the whole hash. */
const whole = 2 ** 32;

// The published test vectors of FNV-1a, 32 bits.
test("the hash is FNV-1a", () => {
  assert.equal(partitionOf("", whole), 0x811c9dc5);
  assert.equal(partitionOf("a", whole), 0xe40c292c);
  assert.equal(partitionOf("foobar", whole), 0xbf9cf968);
});

// spec/messaging 2: stored telemetry depends on these; a failure here is a change that must not be made
test("the partitions of devices never change", () => {
  const devices = ["device-1", "device-2", "thermostat-7", "gerät", "A", "$edgeAgent", "a.b:c"];
  assert.deepEqual(
    devices.map((device) => partitionOf(device, 4)),
    [1, 0, 0, 2, 0, 3, 3],
  );
});

test("devices spread evenly over the partitions", () => {
  const counts = new Map<number, number>();
  for (let n = 0; n < 10_000; n += 1) {
    const partition = partitionOf(`device-${n}`, 8);
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  assert.equal(counts.size, 8);
  for (const count of counts.values()) assert.ok(Math.abs(count - 1_250) < 250, `${count}`);
});
