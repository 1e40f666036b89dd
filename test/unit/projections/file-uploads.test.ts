import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dawn,
  deviceCreated,
  deviceDeleted,
  timeOf,
  uploadCompleted,
  uploadExpired,
  uploadStarted,
} from "../../support/events.ts";
import { given } from "../../support/views.ts";

const upload = (number: number) => ({
  correlationId: `u${number}`,
  blobName: `d/file-${number}`,
  startedTime: dawn,
});

test("the uploads of a device are there, those under way and those that ended", (t) => {
  given(t, deviceCreated("d")).check((read) => assert.equal(read.fileUploads("d"), undefined));
  const begun = [1, 2, 3].map((number) => uploadStarted("d", number));
  given(t, deviceCreated("d"), ...begun, uploadCompleted("d", 2), uploadExpired("d", 1)).check((read) =>
    assert.deepEqual(read.fileUploads("d"), {
      value: {
        generationId: "1",
        inFlight: [{ ...upload(3), expiresAt: timeOf(3600) }],
        ended: [
          { ...upload(2), state: "Completed", endedTime: dawn, blobSizeInBytes: 2 },
          { ...upload(1), state: "Expired", endedTime: dawn },
        ],
      },
      sequence: 6,
    }),
  );
});

test("uploads end with their device, and what comes late for it is nobody's", (t) => {
  const gone = [deviceCreated("d"), uploadStarted("d", 1), deviceDeleted("d")];
  given(t, ...gone, uploadExpired("d", 1), uploadStarted("d", 2)).check((read) => {
    assert.equal(read.fileUploads("d"), undefined);
    assert.deepEqual(read.devicesWithDueUploads(timeOf(9999), 10), []);
  });
  given(t, ...gone, deviceCreated("d", { generationId: "2" }), uploadStarted("d", 2)).check((read) =>
    assert.equal(read.fileUploads("d"), undefined),
  );
});

// spec/messaging 8.1
test("devices with uploads whose time has come are found, the longest due first", (t) => {
  const at = (seconds: number) => ({ expiresAt: timeOf(seconds) });
  given(
    t,
    ...["a", "b", "c"].map((deviceId) => deviceCreated(deviceId)),
    uploadStarted("a", 1, at(30)),
    uploadStarted("b", 1, at(3600)),
    uploadStarted("b", 2, at(20)),
    uploadStarted("c", 1, at(10)),
    uploadCompleted("c", 1),
  ).check((read) => {
    assert.deepEqual(read.devicesWithDueUploads(timeOf(19), 10), []);
    assert.deepEqual(read.devicesWithDueUploads(timeOf(30), 10), ["b", "a"]);
    assert.deepEqual(read.devicesWithDueUploads(timeOf(30), 1), ["b"]);
  });
});
