import assert from "node:assert/strict";
import { test } from "node:test";
import { notificationOf } from "../../../../core/file-upload/notification.ts";
import { completed, expired, started } from "./upload-fixture.ts";

// spec/messaging 8.3
test("back ends are told of a file in the form that IoT Hub has", () => {
  assert.deepEqual(notificationOf(completed(1, 2), "d"), {
    deviceId: "d",
    blobUri: "https://account.blob.test/uploads/d/file-1",
    blobName: "d/file-1",
    lastUpdatedTime: "2026-03-01T12:00:01+00:00",
    blobSizeInBytes: 100,
    enqueuedTimeUtc: "2026-03-01T12:00:02.0000000Z",
  });
});

// spec/messaging 8.2: whether a failed upload notifies is unconfirmed
test("back ends are told of files alone: of nothing that was begun, failed or came too late", () => {
  for (const event of [started(1), completed(1, 2, false), expired(1, 3600)]) {
    assert.equal(notificationOf(event, "d"), undefined);
  }
});
