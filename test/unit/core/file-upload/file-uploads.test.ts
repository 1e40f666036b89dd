import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileUploads, type FileUploads } from "../../../../core/file-upload/file-uploads.ts";
import { HubError } from "../../../../core/hub-error.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { deviceCreated, deviceDeleted } from "../../../support/events.ts";
import { MemoryBlobs } from "../../../support/memory-blobs.ts";
import { type MemoryHub, memoryHub, refusal } from "../../../support/memory-hub.ts";

type Bench = { readonly hub: MemoryHub; readonly blobs: MemoryBlobs; readonly uploads: FileUploads };

/** A hub with the devices `d` and `e`, and a storage account in memory. */
async function bench(): Promise<Bench> {
  const hub = memoryHub();
  const blobs = new MemoryBlobs();
  await put(hub, deviceCreated("d"));
  await put(hub, deviceCreated("e"));
  return { hub, blobs, uploads: createFileUploads({ ...hub, blobs }) };
}

async function put({ journal }: MemoryHub, { key, event }: ReturnType<typeof deviceCreated>): Promise<void> {
  const actor = { kind: "policy", policy: "iothubowner" } as const;
  await journal.append(key, { event, meta: { id: "e", time: "t", actor, correlationId: "c" } });
}

const originOf = (deviceId: string) =>
  ({ deviceId, actor: { kind: "device", deviceId }, correlationId: "request" }) as const;
const begin = (uploads: FileUploads, blobName: string, deviceId = "d") =>
  uploads.start({ ...originOf(deviceId), body: { blobName } });
const end = (uploads: FileUploads, body: JsonObject, deviceId = "d") =>
  uploads.complete({ ...originOf(deviceId), body });

const hourMs = 3_600_000;

// spec/messaging 8.1
test("a device gets an hour to write its own blob, and the token that lets it is in no event", async () => {
  const { hub, blobs, uploads } = await bench();
  const { correlationId, ...rest } = await begin(uploads, "dir/a.txt");
  assert.deepEqual(rest, {
    hostName: "account.blob.test",
    containerName: "uploads",
    blobName: "d/dir/a.txt",
    sasToken: "?sig=1",
  });
  const expiresAtMs = hub.clock.now() + hourMs;
  assert.deepEqual(blobs.granted, [{ blobName: "d/dir/a.txt", expiresAtMs }]);
  const recorded = hub.events.at(-1);
  assert.deepEqual(recorded?.key, { aggregate: "upload", id: "d" });
  assert.deepEqual(recorded?.event, {
    type: "FileUploadStarted",
    data: {
      generationId: "1",
      correlationId,
      blobName: "d/dir/a.txt",
      containerName: "uploads",
      expiresAt: "2026-03-01T13:00:00.000Z",
      at: "2026-03-01T12:00:00.000Z",
    },
  });
  assert.deepEqual(recorded?.meta.actor, { kind: "device", deviceId: "d" });
  assert.equal(recorded?.meta.correlationId, "request");
  assert.doesNotMatch(JSON.stringify(hub.events), /sig=/);
});

// spec/messaging 8.2
test("an upload that went well is recorded with its blob, in either form of the completion", async () => {
  const { hub, blobs, uploads } = await bench();
  const { correlationId } = await begin(uploads, "a");
  const other = await begin(uploads, "b");
  blobs.write("d/a", 5);
  blobs.write("d/b", 0);
  await end(uploads, { correlationId, isSuccess: true, statusCode: 201, statusDescription: "Created" });
  assert.deepEqual(hub.events.at(-1)?.event.data, {
    generationId: "1",
    correlationId,
    blobName: "d/a",
    isSuccess: true,
    statusCode: 201,
    statusDescription: "Created",
    blob: {
      blobUri: "https://account.blob.test/uploads/d/a",
      blobSizeInBytes: 5,
      lastUpdatedTime: "2026-03-01T12:30:00.000Z",
    },
    at: "2026-03-01T12:00:00.000Z",
  });
  await uploads.complete({ ...originOf("d"), body: { isSuccess: true }, uploadId: other.correlationId });
  assert.deepEqual(
    uploads.list("d").map(({ blobName, state }) => [blobName, state]),
    [
      ["d/a", "Completed"],
      ["d/b", "Completed"],
    ],
  );
});

// spec/messaging 8.2, spec/http-api 11.3, 400020
test("a success without a blob is refused, and the device may still say how it went", async () => {
  const { hub, uploads } = await bench();
  const { correlationId } = await begin(uploads, "a");
  const count = hub.events.length;
  await assert.rejects(end(uploads, { correlationId, isSuccess: true }), refusal("InvalidStorageEndpointOrBlob"));
  assert.equal(hub.events.length, count);
  await end(uploads, { correlationId, isSuccess: false, statusCode: -1 });
  assert.deepEqual(uploads.list("d"), [
    {
      correlationId,
      blobName: "d/a",
      startedTime: "2026-03-01T12:00:00.000Z",
      state: "Failed",
      endedTime: "2026-03-01T12:00:00.000Z",
      statusCode: -1,
      statusDescription: null,
    },
  ]);
});

// spec/messaging 8.2
test("a failure is recorded even when the storage account is out of reach", async () => {
  const { blobs, uploads } = await bench();
  const { correlationId } = await begin(uploads, "a");
  blobs.onAsk = () => {
    throw new HubError("ServiceUnavailable", "no account");
  };
  await assert.rejects(end(uploads, { correlationId, isSuccess: true }), refusal("ServiceUnavailable"));
  await end(uploads, { correlationId, isSuccess: false });
});

// spec/messaging 8.1, spec/http-api 11.3, 400014, 400020
test("an upload that the storage account refuses takes no place", async () => {
  const { hub, blobs, uploads } = await bench();
  const count = hub.events.length;
  for (const reason of ["DefaultStorageEndpointNotConfigured", "InvalidStorageEndpointOrBlob"] as const) {
    blobs.onAsk = () => {
      throw new HubError(reason, "no");
    };
    await assert.rejects(begin(uploads, "a"), refusal(reason));
  }
  assert.equal(hub.events.length, count);
  assert.deepEqual(uploads.list("d"), []);
});

// spec/messaging 8.1
test("ten requests that come at once get a place, the eleventh does not, and asks the account for nothing", async () => {
  const { blobs, uploads } = await bench();
  const asked = await Promise.allSettled(Array.from({ length: 11 }, (_, index) => begin(uploads, `file-${index}`)));
  assert.equal(asked.filter(({ status }) => status === "fulfilled").length, 10);
  const granted = blobs.granted.length;
  await assert.rejects(begin(uploads, "late"), refusal("DeviceMaximumActiveFileUploadLimitExceeded"));
  assert.equal(blobs.granted.length, granted);
  await begin(uploads, "of another device", "e");
});

test("one device can't complete what another one began", async () => {
  const { uploads } = await bench();
  const { correlationId } = await begin(uploads, "a");
  for (const isSuccess of [true, false]) {
    await assert.rejects(end(uploads, { correlationId, isSuccess }, "e"), refusal("InvalidFileUploadCorrelationId"));
  }
});

// spec/messaging 8.1: "SAS TTL expiry"
test("an upload that nobody completes is over after an hour, and the sweep tells the journal", async () => {
  const { hub, uploads } = await bench();
  const { correlationId } = await begin(uploads, "a");
  hub.clock.nowMs += hourMs;
  const common = { correlationId, blobName: "d/a", startedTime: "2026-03-01T12:00:00.000Z", state: "Expired" };
  assert.deepEqual(uploads.list("d"), [{ ...common, endedTime: "2026-03-01T13:00:00.000Z" }]);
  await assert.rejects(end(uploads, { correlationId, isSuccess: false }), refusal("ExpiredFileUploadCorrelationId"));
  hub.clock.nowMs += 2000;
  await uploads.expireDue();
  await uploads.expireDue();
  assert.deepEqual(
    hub.events.slice(-2).map(({ event, meta }) => [event.type, meta.actor.kind]),
    [
      ["FileUploadStarted", "device"],
      ["FileUploadExpired", "hub"],
    ],
  );
  assert.deepEqual(uploads.list("d"), [{ ...common, endedTime: "2026-03-01T13:00:02.000Z" }]);
  await assert.rejects(end(uploads, { correlationId, isSuccess: false }), refusal("ExpiredFileUploadCorrelationId"));
});

test("more devices than one sweep takes at once are all swept", async () => {
  const { hub, uploads } = await bench();
  const devices = Array.from({ length: 101 }, (_, index) => `many-${index}`);
  for (const deviceId of devices) await put(hub, deviceCreated(deviceId));
  await Promise.all(devices.flatMap((deviceId) => ["a", "b"].map((name) => begin(uploads, name, deviceId))));
  hub.clock.nowMs += hourMs;
  await uploads.expireDue();
  assert.equal(hub.events.filter(({ event }) => event.type === "FileUploadExpired").length, 202);
});

test("an unknown device has no uploads, nor one that is deleted while the account is asked", async () => {
  const { hub, blobs, uploads } = await bench();
  assert.throws(() => uploads.list("nobody"), refusal("DeviceNotFound"));
  await assert.rejects(begin(uploads, "a", "nobody"), refusal("DeviceNotFound"));
  await assert.rejects(end(uploads, { correlationId: "c", isSuccess: true }, "nobody"), refusal("DeviceNotFound"));
  blobs.onAsk = () => put(hub, deviceDeleted("d"));
  await assert.rejects(begin(uploads, "a"), refusal("DeviceNotFound"));
});
