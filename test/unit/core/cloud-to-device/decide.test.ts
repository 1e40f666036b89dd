import { test } from "node:test";
import { maxDeliveryCount, maxPendingCommands } from "../../../../core/cloud-to-device/limits.ts";
import {
  abandoned,
  at,
  deadLettered,
  deliver,
  delivered,
  ended,
  enqueue,
  enqueued,
  given,
  purged,
  settle,
} from "./queue-fixture.ts";

// spec/messaging 6.2
test("messages of a queue are numbered from 1, and no number comes twice", () => {
  given().when(enqueue("m1")).then(enqueued(1));
  given(enqueued(1), delivered(1, "t1"), ended("CommandCompleted", 1)).when(enqueue("m2")).then(enqueued(2));
});

// spec/messaging 6.1
test("the 51st message is refused, one in a device's hands counted", () => {
  const full = Array.from({ length: maxPendingCommands }, (_, index) => enqueued(index + 1));
  given(...full, delivered(1, "t1"))
    .when(enqueue("m51"))
    .rejects("DeviceMaximumQueueDepthExceeded");
  given(...full, delivered(1, "t1"), ended("CommandCompleted", 1))
    .when(enqueue("m51"))
    .then(enqueued(51));
});

// spec/messaging 6.3
test("the oldest free message is delivered, while others are in the device's hands", () => {
  given().when(deliver("t1")).changesNothing();
  given(enqueued(1), enqueued(2)).when(deliver("t1")).then(delivered(1, "t1"));
  given(enqueued(1), enqueued(2), delivered(1, "t1")).when(deliver("t2")).then(delivered(2, "t2"));
  given(enqueued(1), delivered(1, "t1")).when(deliver("t2")).changesNothing();
});

// spec/messaging 6.3, spec/mqtt 7: redelivered without counting
test("a message whose lock has run out is delivered again", () => {
  const silent = given(enqueued(1), enqueued(2), delivered(1, "t1"), delivered(2, "t2", { seconds: 30 }));
  silent.when(deliver("t3", { seconds: 59 })).changesNothing();
  silent.when(deliver("t3", { seconds: 60 })).then(delivered(1, "t3", { seconds: 60 }));
});

test("what an earlier connection left unsettled is free for the next one at once, what HTTPS holds is not", () => {
  given(enqueued(1), delivered(1, "t1"))
    .when(deliver("t2", { seconds: 1, connectionId: "c2" }))
    .then(delivered(1, "t2", { seconds: 1, connectionId: "c2" }));
  given(enqueued(1), delivered(1, "t1"))
    .when(deliver("t2", { seconds: 1, connectionId: null }))
    .changesNothing();
  given(enqueued(1), delivered(1, "t1", { connectionId: null }))
    .when(deliver("t2", { seconds: 1, connectionId: "c2" }))
    .changesNothing();
});

// spec/messaging 6.3
test("a message is completed or rejected by the token of its delivery", () => {
  const locked = given(enqueued(1), delivered(1, "t1"));
  locked.when(settle("complete", "t1", 59)).then(ended("CommandCompleted", 1, 59));
  locked.when(settle("reject", "t1", 59)).then(ended("CommandRejected", 1, 59));
});

// spec/http-api 11.3, 412002
test("a settlement with a token that is unknown, late or taken over is refused", () => {
  const late = given(enqueued(1), delivered(1, "t1"));
  late.when(settle("complete", "t0")).rejects("DeviceMessageLockLost");
  late.when(settle("complete", "t1", 60)).rejects("DeviceMessageLockLost");
  given(enqueued(1), delivered(1, "t1"), delivered(1, "t2", { seconds: 60 }))
    .when(settle("complete", "t1", 61))
    .rejects("DeviceMessageLockLost");
  given(enqueued(1), delivered(1, "t1"), abandoned(1, 1))
    .when(settle("complete", "t1"))
    .rejects("DeviceMessageLockLost");
  given(enqueued(1), delivered(1, "t1"), ended("CommandCompleted", 1))
    .when(settle("abandon", "t1"))
    .rejects("DeviceMessageLockLost");
});

// spec/messaging 6.3: only an abandon counts
test("an abandoned message comes again, and the tenth abandon ends it", () => {
  given(enqueued(1), enqueued(2), delivered(1, "t1")).when(settle("abandon", "t1")).then(abandoned(1, 1));
  given(enqueued(1), enqueued(2), delivered(1, "t1"), abandoned(1, 1)).when(deliver("t2")).then(delivered(1, "t2"));
  const nine = abandoned(1, maxDeliveryCount - 1);
  given(enqueued(1), delivered(1, "t1"), nine, delivered(1, "t2"))
    .when(settle("abandon", "t2"))
    .then(deadLettered(1, maxDeliveryCount));
});

// spec/messaging 6.3
test("a message expires at its time, and is delivered no more", () => {
  const short = given(enqueued(1, { expires: 10 }), enqueued(2));
  short.when({ type: "Expire", now: at(9) }).changesNothing();
  short.when({ type: "Expire", now: at(10) }).then(ended("CommandExpired", 1, 10));
  short.when(deliver("t1", { seconds: 10 })).then(delivered(2, "t1", { seconds: 10 }));
});

test("a message in a device's hands may be completed after its time, and expires with its lock", () => {
  const locked = given(enqueued(1, { expires: 10 }), delivered(1, "t1"));
  locked.when({ type: "Expire", now: at(30) }).changesNothing();
  locked.when(settle("complete", "t1", 30)).then(ended("CommandCompleted", 1, 30));
  locked.when({ type: "Expire", now: at(60) }).then(ended("CommandExpired", 1, 60));
});

// spec/messaging 6.5
test("a purge ends all messages, those in a device's hands too", () => {
  given()
    .when({ type: "Purge", now: at(0) })
    .changesNothing();
  given(enqueued(1), enqueued(2), delivered(1, "t1"))
    .when({ type: "Purge", now: at(5) })
    .then(purged([1, 2], 5));
  given(enqueued(1), delivered(1, "t1"), purged([1]))
    .when(settle("complete", "t1"))
    .rejects("DeviceMessageLockLost");
});
