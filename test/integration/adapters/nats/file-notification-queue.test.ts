import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createFileNotificationQueue } from "../../../../adapters/nats/file-notification-queue.ts";
import { createJournal } from "../../../../adapters/nats/journal.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import type { FileNotification, FileNotificationQueue } from "../../../../core/file-upload/notification.ts";
import type { RecordBatch } from "../../../../core/record-batch.ts";
import { type Fact, uploadCompleted, uploadExpired, uploadStarted } from "../../../support/events.ts";
import { silentLog, startNats } from "../../../support/nats.ts";

type Bench = {
  readonly queue: FileNotificationQueue;
  /** The journal gets a fact, now unless told otherwise. */
  readonly happens: (fact: Fact, time?: string) => Promise<void>;
};

async function bench(t: TestContext): Promise<Bench> {
  const nats = await startNats(t);
  const nc = await nats.connect();
  await ensureStreams({ nc, hub: "Hub", partitions: 1, telemetryMaxAgeMs: 0 });
  const journal = createJournal({ nc, hub: "Hub", log: silentLog });
  t.after(() => journal[Symbol.dispose]());
  let count = 0;
  return {
    queue: createFileNotificationQueue({ nc, hub: "Hub", log: silentLog }),
    async happens({ key, event }, time = new Date().toISOString()) {
      count += 1;
      const actor = { kind: "device", deviceId: key.id } as const;
      await journal.append(key, { event, meta: { id: `event-${count}`, time, actor, correlationId: "c" } });
    },
  };
}

const namesIn = (batch: RecordBatch<FileNotification> | undefined): readonly string[] =>
  (batch?.records ?? []).map(({ blobName }) => blobName);

// spec/messaging 8.3
test("each file that was uploaded is told of once, in a batch of its own, and nothing else is", async (t) => {
  const { queue, happens } = await bench(t);
  await happens(uploadStarted("d.1", 1));
  await happens(uploadStarted("d.1", 2));
  await happens(uploadCompleted("d.1", 1));
  await happens(uploadExpired("d.1", 2));
  await happens(uploadCompleted("e", 3));
  const first = await queue.receive(t.signal);
  assert.deepEqual(first?.records, [
    {
      deviceId: "d.1",
      blobUri: "https://account.blob.test/uploads/d.1/file-1",
      blobName: "d.1/file-1",
      lastUpdatedTime: "2026-01-01T00:00:00+00:00",
      blobSizeInBytes: 1,
      enqueuedTimeUtc: "2026-01-01T00:00:00.0000000Z",
    },
  ]);
  const second = await queue.receive(t.signal);
  assert.deepEqual(namesIn(second), ["e/file-3"]);
  await first?.complete();
  await second?.complete();
  await happens(uploadCompleted("e", 4));
  assert.deepEqual(namesIn(await queue.receive(t.signal)), ["e/file-4"]);
});

// spec/messaging 8.4: maxDeliveryCount 10
test("an abandoned notification comes again, ten times at most", async (t) => {
  const { queue, happens } = await bench(t);
  await happens(uploadCompleted("d", 1));
  for (let delivery = 0; delivery < 10; delivery += 1) {
    const batch = await queue.receive(t.signal);
    assert.deepEqual(namesIn(batch), ["d/file-1"], `delivery ${delivery}`);
    batch?.abandon();
  }
  await happens(uploadCompleted("d", 2));
  assert.deepEqual(namesIn(await queue.receive(t.signal)), ["d/file-2"]);
});

// spec/messaging 8.4: ttlAsIso8601 PT1H
test("a notification that nobody has read for an hour is dropped", async (t) => {
  const { queue, happens } = await bench(t);
  await happens(uploadCompleted("d", 1), new Date(Date.now() - 3_600_000).toISOString());
  await happens(uploadCompleted("d", 2));
  assert.deepEqual(namesIn(await queue.receive(t.signal)), ["d/file-2"]);
});
