import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ack, acks, type CommandEvent } from "../../../../core/cloud-to-device/command-event.ts";
import { feedbackOf } from "../../../../core/cloud-to-device/feedback.ts";
import { abandoned, at, deadLettered, delivered, ended, enqueued, purged } from "./queue-fixture.ts";

const statuses = (event: CommandEvent): readonly string[] =>
  feedbackOf(event, "d").map(({ originalMessageId, statusCode }) => `${originalMessageId} ${statusCode}`);

// spec/messaging 7
test("a record tells which message came to which end, and when", () => {
  assert.deepEqual(feedbackOf(ended("CommandCompleted", 3, 7), "d"), [
    {
      originalMessageId: "m3",
      enqueuedTimeUtc: at(7),
      statusCode: "Success",
      description: "Success",
      deviceId: "d",
      deviceGenerationId: "1",
    },
  ]);
});

test("every end has its status, and what is no end has no record", () => {
  assert.deepEqual(statuses(ended("CommandRejected", 1)), ["m1 Rejected"]);
  assert.deepEqual(statuses(ended("CommandExpired", 1)), ["m1 Expired"]);
  assert.deepEqual(statuses(deadLettered(1, 10)), ["m1 DeliveryCountExceeded"]);
  assert.deepEqual(statuses(purged([1, 2])), ["m1 Purged", "m2 Purged"]);
  for (const event of [enqueued(1), delivered(1, "t1"), abandoned(1, 1)]) assert.deepEqual(statuses(event), []);
});

// spec/messaging 6.2, 7
test("who asked for success hears of success, who asked for failure of failure", () => {
  const heard = (type: "CommandCompleted" | "CommandExpired") =>
    acks.filter((ack) => feedbackOf(withAck(type, ack), "d").length > 0);
  assert.deepEqual(heard("CommandCompleted"), ["positive", "full"]);
  assert.deepEqual(heard("CommandExpired"), ["negative", "full"]);
});

const withAck = (type: "CommandCompleted" | "CommandExpired", ack: Ack): CommandEvent => ({
  type,
  data: { generationId: "1", sequenceNumber: 1, messageId: "m1", at: at(0), ack },
});
