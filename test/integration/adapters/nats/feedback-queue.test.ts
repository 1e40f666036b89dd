import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createFeedbackQueue } from "../../../../adapters/nats/feedback-queue.ts";
import { createJournal, type JetStreamJournal } from "../../../../adapters/nats/journal.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import type { Ack } from "../../../../core/cloud-to-device/command-event.ts";
import type { FeedbackBatch, FeedbackQueue } from "../../../../core/cloud-to-device/feedback.ts";
import type { NewEvent } from "../../../../core/events.ts";
import { commandDelivered, commandEnqueued } from "../../../support/events.ts";
import { silentLog, startNats, type TestNats } from "../../../support/nats.ts";
import { waitFor } from "../../../support/wait-for.ts";

type Bench = {
  readonly nats: TestNats;
  readonly journal: JetStreamJournal;
  readonly queue: FeedbackQueue;
  /** Devices that the views hold: all of generation 1 but these. */
  readonly gone: Set<string>;
  /** The journal gets the completion of a message. */
  readonly completed: (messageId: string, options?: { deviceId?: string; ack?: Ack; at?: string }) => Promise<void>;
};

async function bench(t: TestContext, batchIntervalMs = 15_000): Promise<Bench> {
  const nats = await startNats(t);
  const nc = await nats.connect();
  await ensureStreams({ nc, hub: "Hub", partitions: 1, telemetryMaxAgeMs: 0 });
  const journal = createJournal({ nc, hub: "Hub", log: silentLog });
  t.after(() => journal[Symbol.dispose]());
  const gone = new Set<string>();
  const readModel = {
    applied: async () => {},
    device: (deviceId: string) =>
      gone.has(deviceId) ? undefined : ({ value: { generationId: "1" }, sequence: 1 } as never),
  };
  const queue = createFeedbackQueue({ nc, hub: "Hub", log: silentLog, readModel, batchIntervalMs });
  let count = 0;
  return {
    nats,
    journal,
    queue,
    gone,
    async completed(messageId, { deviceId = "d", ack = "full", at = new Date().toISOString() } = {}) {
      count += 1;
      const data = { generationId: "1", sequenceNumber: count, messageId, at, ack };
      await append(journal, deviceId, { type: "CommandCompleted", data }, `completed-${count}`, at);
    },
  };
}

async function append(journal: JetStreamJournal, id: string, event: NewEvent["event"], eventId: string, time: string) {
  const actor = { kind: "policy", policy: "iothubowner" } as const;
  await journal.append({ aggregate: "command", id }, { event, meta: { id: eventId, time, actor, correlationId: "c" } });
}

const idsIn = (batch: FeedbackBatch | undefined): readonly string[] =>
  (batch?.records ?? []).map(({ originalMessageId }) => originalMessageId);

// spec/messaging 7
test("what is asked for comes in one batch, once, and what is not asked for does not", async (t) => {
  const { queue, journal, completed } = await bench(t);
  const now = new Date().toISOString();
  for (const [index, { event }] of [commandEnqueued("d", 1), commandDelivered("d", 1)].entries()) {
    await append(journal, "d", event, `other-${index}`, now);
  }
  await completed("m1", { at: now });
  await completed("silent", { ack: "none" });
  await completed("m2");
  const batch = await queue.receive(t.signal);
  assert.deepEqual(idsIn(batch), ["m1", "m2"]);
  assert.deepEqual(batch?.records[0], {
    originalMessageId: "m1",
    enqueuedTimeUtc: now,
    statusCode: "Success",
    description: "Success",
    deviceId: "d",
    deviceGenerationId: "1",
  });
  await batch?.complete();
  assert.equal(await queue.take(), undefined);
});

test("a reader that waits gets the first record at once, and the next ones after the interval", async (t) => {
  const { queue, completed } = await bench(t, 300);
  const waiting = queue.receive(t.signal);
  await completed("m1");
  await (await waiting)?.complete();
  const first = performance.now();
  const next = queue.receive(t.signal);
  await completed("m2");
  await completed("m3");
  const batch = await next;
  assert.deepEqual(idsIn(batch), ["m2", "m3"]);
  assert.ok(performance.now() - first >= 290, "the interval is kept");
  await batch?.complete();
});

test("64 records go out without a wait", async (t) => {
  const { queue, completed } = await bench(t);
  await completed("m0");
  await (await queue.receive(t.signal))?.complete();
  await Promise.all(Array.from({ length: 65 }, (_, index) => completed(`m${index + 1}`)));
  const batch = await queue.receive(t.signal);
  assert.equal(batch?.records.length, 64);
  await batch?.complete();
  assert.equal((await queue.take())?.records.length, 1);
});

test("an abandoned batch comes again, ten times at most", async (t) => {
  const { queue, completed } = await bench(t);
  await completed("m1");
  for (let delivery = 0; delivery < 10; delivery += 1) {
    // The server takes its time to put a record back.
    const batch = await waitFor(`delivery ${delivery}`, () => queue.take());
    assert.deepEqual(idsIn(batch), ["m1"]);
    batch.abandon();
    // What was completed after it was abandoned stays abandoned.
    await batch.complete();
  }
  await completed("m2");
  assert.deepEqual(idsIn(await waitFor("the next message", () => queue.take())), ["m2"]);
});

test("two readers never get the same record", async (t) => {
  const { queue, completed } = await bench(t, 0);
  await Promise.all(Array.from({ length: 200 }, (_, index) => completed(`m${index}`)));
  const seen: string[] = [];
  const reader = async (): Promise<void> => {
    for (;;) {
      const batch = await queue.take();
      if (batch === undefined) return;
      seen.push(...idsIn(batch));
      await batch.complete();
    }
  };
  await Promise.all([reader(), reader()]);
  assert.equal(seen.length, 200);
  assert.equal(new Set(seen).size, 200);
});

// spec/messaging 7
test("feedback of a deleted device and what has waited for an hour are dropped", async (t) => {
  const { queue, completed, gone } = await bench(t);
  gone.add("deleted");
  await completed("m1", { deviceId: "deleted" });
  await completed("m2", { at: new Date(Date.now() - 3_600_000).toISOString() });
  await completed("m3");
  assert.deepEqual(idsIn(await queue.take()), ["m3"]);
});

test("a reader outlives a server that is killed and comes back", { timeout: 60_000 }, async (t) => {
  const { queue, completed, nats } = await bench(t);
  const waiting = queue.receive(t.signal);
  await nats.killAndRestart();
  await completed("m1");
  const batch = await waiting;
  assert.deepEqual(idsIn(batch), ["m1"]);
  await batch?.complete();
  assert.equal(await queue.take(), undefined);
});

test("a reader that stops waiting takes nothing with it", async (t) => {
  const { queue, completed } = await bench(t);
  const stop = new AbortController();
  const waiting = queue.receive(stop.signal);
  stop.abort();
  assert.equal(await waiting, undefined);
  await completed("m1");
  assert.deepEqual(idsIn(await queue.take()), ["m1"]);
});
