import assert from "node:assert/strict";
import { test } from "node:test";
import { evolveUploads, noUploads } from "../../../../core/file-upload/evolve.ts";
import { keptUploads, maxUploadsInFlight } from "../../../../core/file-upload/limits.ts";
import { at, complete, completed, expire, expired, given, started, startUpload } from "./upload-fixture.ts";

const full = Array.from({ length: maxUploadsInFlight }, (_, index) => started(index + 1, index));

// spec/messaging 8.1
test("an eleventh upload under way is refused, in IoT Hub's words", () => {
  given(...full.slice(1))
    .when(startUpload(11, 20))
    .then(started(11, 20));
  given(...full)
    .when(startUpload(11, 20))
    .rejects("DeviceMaximumActiveFileUploadLimitExceeded", "Number of active file upload requests cannot exceed 10");
});

// spec/messaging 8.1
test("a place is free again after a completion of either kind, and when the hour is over", () => {
  for (const isSuccess of [true, false]) {
    given(...full, completed(3, 20, isSuccess))
      .when(startUpload(11, 30))
      .then(started(11, 30));
  }
  given(...full)
    .when(startUpload(11, 3599))
    .rejects("DeviceMaximumActiveFileUploadLimitExceeded");
  given(...full)
    .when(startUpload(11, 3600))
    .then(started(11, 3600));
  given(...full, expired(1, 3602))
    .when(startUpload(11, 3602))
    .then(started(11, 3602));
});

// spec/messaging 8.2
test("an upload is completed as its device says", () => {
  given(started(1), started(2)).when(complete(2, 9)).then(completed(2, 9));
  given(started(1))
    .when(complete(1, 9, false))
    .then(completed(1, 9, false));
});

// spec/http-api 11.3, 400015: whether a completion may come twice is unconfirmed
test("a completion that is told again changes nothing, one that says otherwise is refused", () => {
  for (const isSuccess of [true, false]) {
    const ended = given(started(1), completed(1, 5, isSuccess));
    ended.when(complete(1, 9, isSuccess)).changesNothing();
    ended.when(complete(1, 9, !isSuccess)).rejects("InvalidFileUploadCorrelationId");
  }
});

// spec/http-api 11.3, 400015, 400016
test("an unknown upload and one that came too late are told apart", () => {
  given().when(complete(1)).rejects("InvalidFileUploadCorrelationId");
  given(started(1)).when(complete(1, 3599)).then(completed(1, 3599));
  given(started(1)).when(complete(1, 3600)).rejects("ExpiredFileUploadCorrelationId");
  given(started(1), expired(1, 3602)).when(complete(1, 3603)).rejects("ExpiredFileUploadCorrelationId");
  given(started(1), expired(1, 3602))
    .when(complete(1, 3603, false))
    .rejects("ExpiredFileUploadCorrelationId");
});

// spec/messaging 8.1: the SAS token's time
test("uploads expire one after the other, once each", () => {
  given(started(1), started(2, 5)).when(expire(3599)).changesNothing();
  given(started(1), started(2, 5)).when(expire(3605)).then(expired(1, 3605));
  given(started(1), started(2, 5), expired(1, 3605)).when(expire(3605)).then(expired(2, 3605));
  given(started(1), completed(1, 5)).when(expire(9999)).changesNothing();
});

test("of the uploads that ended the latest are kept", () => {
  const events = Array.from({ length: keptUploads + 5 }, (_, index) => [
    started(index + 1, index),
    completed(index + 1, index),
  ]).flat();
  const uploads = events.reduce(evolveUploads, noUploads("1"));
  assert.deepEqual(uploads.inFlight, []);
  assert.deepEqual(
    uploads.ended.map(({ correlationId }) => correlationId),
    Array.from({ length: keptUploads }, (_, index) => `c${index + 6}`),
  );
  assert.deepEqual(uploads.ended[0], {
    correlationId: "c6",
    blobName: "d/file-6",
    startedTime: at(5),
    state: "Completed",
    endedTime: at(5),
    blobSizeInBytes: 600,
  });
});
