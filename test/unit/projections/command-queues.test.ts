import assert from "node:assert/strict";
import { test } from "node:test";
import type { PendingCommand } from "../../../core/cloud-to-device/command-queue.ts";
import {
  commandCompleted,
  commandDelivered,
  commandEnqueued,
  dawn,
  deviceCreated,
  deviceDeleted,
  timeOf,
} from "../../support/events.ts";
import { given } from "../../support/views.ts";

const pending = (sequenceNumber: number, change: Partial<PendingCommand> = {}): PendingCommand => ({
  sequenceNumber,
  messageId: `m${sequenceNumber}`,
  ack: "full",
  enqueuedTime: dawn,
  expiresAt: timeOf(3600),
  deliveryCount: 0,
  lock: null,
  eventSequence: sequenceNumber + 1,
  ...change,
});

test("a queue holds the messages that have not come to their end", (t) => {
  given(t, deviceCreated("d")).check((read) => assert.equal(read.commandQueue("d"), undefined));
  given(t, deviceCreated("d"), commandEnqueued("d", 1), commandEnqueued("d", 2), commandDelivered("d", 1)).check(
    (read) => {
      const lock = { lockToken: "t1", lockedUntil: timeOf(60), connectionId: "c1" };
      assert.deepEqual(read.commandQueue("d"), {
        value: { generationId: "1", lastSequenceNumber: 2, pending: [pending(1, { lock }), pending(2)] },
        sequence: 4,
      });
    },
  );
  given(t, deviceCreated("d"), commandEnqueued("d", 1), commandCompleted("d", 1)).check((read) => {
    const value = { generationId: "1", lastSequenceNumber: 1, pending: [] };
    assert.deepEqual(read.commandQueue("d"), { value, sequence: 3 });
  });
});

// spec/messaging 7: a deleted device's messages are gone with it
test("a queue ends with its device, and what comes late for it is nobody's", (t) => {
  const gone = [deviceCreated("d"), commandEnqueued("d", 1), deviceDeleted("d")];
  given(t, ...gone, commandEnqueued("d", 2)).check((read) => {
    assert.equal(read.commandQueue("d"), undefined);
    assert.deepEqual(read.devicesWithDueCommands(timeOf(9999), 10), []);
  });
  given(t, ...gone, deviceCreated("d", { generationId: "2" }), commandEnqueued("d", 2)).check((read) => {
    assert.equal(read.commandQueue("d"), undefined);
  });
});

// spec/messaging 6.3
test("devices with messages whose time has come are found, the longest due first", (t) => {
  const at = (seconds: number) => ({ expiresAt: timeOf(seconds) });
  const devices = ["a", "b", "c"].map((deviceId) => deviceCreated(deviceId));
  given(
    t,
    ...devices,
    commandEnqueued("a", 1, at(30)),
    commandEnqueued("b", 1, at(3600)),
    commandEnqueued("b", 2, at(20)),
    commandEnqueued("c", 1, at(10)),
    // In hands for a minute, so it is due no sooner.
    commandDelivered("c", 1),
  ).check((read) => {
    assert.deepEqual(read.devicesWithDueCommands(timeOf(19), 10), []);
    assert.deepEqual(read.devicesWithDueCommands(timeOf(30), 10), ["b", "a"]);
    assert.deepEqual(read.devicesWithDueCommands(timeOf(60), 10), ["b", "a", "c"]);
    assert.deepEqual(read.devicesWithDueCommands(timeOf(60), 1), ["b"]);
  });
});
