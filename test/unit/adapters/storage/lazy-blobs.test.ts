import assert from "node:assert/strict";
import { test } from "node:test";
import { lazyBlobs } from "../../../../adapters/storage/lazy-blobs.ts";
import { noStorage } from "../../../../adapters/storage/no-storage.ts";
import { HubError } from "../../../../core/hub-error.ts";
import { MemoryBlobs } from "../../../support/memory-blobs.ts";

const upload = { expiresAtMs: 1 };

test("calls of one moment share an opening, and it is kept", async () => {
  let openings = 0;
  const memory = new MemoryBlobs();
  const blobs = lazyBlobs(async () => {
    openings += 1;
    return memory;
  });
  assert.equal(openings, 0);
  await Promise.all([blobs.grantUpload("d/a", upload), blobs.grantUpload("d/b", upload), blobs.find("d/a")]);
  await blobs.find("d/a");
  assert.equal(openings, 1);
  assert.deepEqual(
    memory.granted.map(({ blobName }) => blobName),
    ["d/a", "d/b"],
  );
});

test("an opening that fails is told to those who wait for it, and the next call tries again", async () => {
  const openings = [() => Promise.reject(new HubError("ServiceUnavailable", "later")), async () => new MemoryBlobs()];
  const blobs = lazyBlobs(() => (openings.shift() ?? assert.fail("one opening too many"))());
  const unavailable = { reason: "ServiceUnavailable" };
  await Promise.all([
    assert.rejects(blobs.grantUpload("d/a", upload), unavailable),
    assert.rejects(blobs.find("d/a"), unavailable),
  ]);
  assert.equal((await blobs.grantUpload("d/a", upload)).containerName, "uploads");
});

// spec/messaging 8.1
test("a hub without storage says so", async () => {
  const notConfigured = { reason: "DefaultStorageEndpointNotConfigured" };
  await assert.rejects(noStorage.grantUpload("d/a", upload), notConfigured);
  await assert.rejects(noStorage.find("d/a"), notConfigured);
});
