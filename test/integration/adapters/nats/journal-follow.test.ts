import assert from "node:assert/strict";
import { test } from "node:test";
import { headers, type NatsConnection } from "nats";
import { createJournal } from "../../../../adapters/nats/journal.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { createEventVersions, hubUpcasters } from "../../../../adapters/nats/upcast.ts";
import type { AggregateKey, RecordedEvent } from "../../../../core/events.ts";
import { numberedEvent, numberOf, silentLog, startNats, type TestNats, until } from "../../../support/nats.ts";

const key = (id: number): AggregateKey => ({ aggregate: "identity", id: `dev-${id}` });
const range = (count: number, first = 0) => Array.from({ length: count }, (_, n) => n + first);

async function openJournal(nats: TestNats, versions = createEventVersions()) {
  const nc = await nats.connect();
  await ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs: 0 });
  return { nc, journal: createJournal({ nc, hub: "hub", log: silentLog, versions }) };
}

/** Publishes an event as a hub of another version would. */
async function publishForeign(nc: NatsConnection, type: string, version: string, data: object): Promise<void> {
  const fields = { "ce-type": `com.twinstream.${type}`, "ts-v": version, "ts-actor": "hub:n", "ts-correlation": "c" };
  const head = headers();
  for (const [name, value] of Object.entries({ ...fields, "ce-id": crypto.randomUUID(), "ce-time": "t" }))
    head.set(name, value);
  await nc.jetstream().publish("hub.identity.dev", JSON.stringify(data), { headers: head });
}

test("a follower gets what there is, then what comes, each once and in order", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  const append = (n: number) => journal.append(key(n), numberedEvent(n));
  await Promise.all(range(2_500).map(append));
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const sizes: number[] = [];
  const following = journal.follow({
    afterSequence: 500,
    batchSize: 700,
    signal: stop.signal,
    onBatch: (events) => {
      seen.push(...events);
      sizes.push(events.length);
    },
  });
  await until(() => seen.length === 2_000);
  assert.deepEqual(sizes, [700, 700, 600]);
  for (const n of range(300, 2_500)) await append(n);
  await until(() => seen.length === 2_300);
  stop.abort();
  await following;
  assert.deepEqual(
    seen.map(({ sequence }) => sequence),
    range(2_300, 501),
  );
  assert.deepEqual(seen.map(numberOf), range(2_300, 500));
});

test("a slow reader slows the follower, which holds no more than it has to", async (t) => {
  const { nc, journal } = await openJournal(await startNats(t));
  await Promise.all(range(3_000).map((n) => journal.append(key(n), numberedEvent(n))));
  const stop = new AbortController();
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  const receivedBefore = nc.stats().inMsgs;
  const following = journal.follow({
    afterSequence: 0,
    batchSize: 100,
    signal: stop.signal,
    onBatch: async (events) => {
      calls += 1;
      if (calls === 1) await gate.promise;
      if (events.at(-1)?.sequence === 3_000) stop.abort();
    },
  });
  await until(() => calls === 1);
  await nc.flush();
  await nc.flush();
  assert.ok(nc.stats().inMsgs - receivedBefore < 250);
  gate.resolve();
  await following;
  assert.equal(calls, 30);
});

test("large events come in batches of bounded size", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  const reported = { text: "x".repeat(400_000) };
  const versions = { version: 1, etag: "e", desiredVersion: 1, reportedVersion: 1 };
  const data = { generationId: "1", before: versions, after: versions, at: "now", reported };
  for (const n of range(100)) {
    const { meta } = numberedEvent(n);
    await journal.append({ aggregate: "twin", id: "dev" }, { event: { type: "TwinReportedPatched", data }, meta });
  }
  const stop = new AbortController();
  const seen: number[] = [];
  const onBatch = (events: readonly RecordedEvent[]): void => {
    assert.ok(events.length <= 42, `${events.length} events are more than 16 MiB`);
    seen.push(...events.map(({ sequence }) => sequence));
    if (seen.length >= 100) stop.abort();
  };
  await journal.follow({ afterSequence: 0, signal: stop.signal, onBatch });
  assert.deepEqual(seen, range(100, 1));
});

test("a follower outlives killed servers, and every acknowledged event reaches it once", async (t) => {
  const nats = await startNats(t);
  const { journal } = await openJournal(nats);
  const stop = new AbortController();
  const seen: number[] = [];
  const ids = new Set<string>();
  const following = journal.follow({
    afterSequence: 0,
    signal: stop.signal,
    onBatch: (events) => {
      for (const { sequence, meta } of events) {
        seen.push(sequence);
        ids.add(meta.id);
      }
    },
  });
  const total = 6_000;
  let stored = 0;
  const writing = Promise.all(
    range(20).map(async (writer) => {
      for (const n of range(total / 20)) {
        const result = await journal.append(key(writer), numberedEvent(n));
        assert.ok(result.appended);
        stored += 1;
      }
    }),
  );
  for (const share of [0.3, 0.6]) {
    await until(() => stored > total * share);
    await nats.killAndRestart();
  }
  await writing;
  await until(() => seen.length >= total);
  stop.abort();
  await following;
  assert.deepEqual(seen, range(total, 1));
  assert.equal(ids.size, total);
});

test("an appended event reaches a live follower at once", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  const stop = new AbortController();
  let arrived = (): void => {};
  const onBatch = () => arrived();
  const following = journal.follow({ afterSequence: 0, signal: stop.signal, onBatch });
  const times: number[] = [];
  for (const n of range(100)) {
    const { promise, resolve } = Promise.withResolvers<void>();
    arrived = resolve;
    const start = performance.now();
    await journal.append(key(n), numberedEvent(n));
    await promise;
    times.push(performance.now() - start);
  }
  stop.abort();
  await following;
  // Half a millisecond on an idle machine; the bound only tells a push from a poll.
  assert.ok((times.sort((a, b) => a - b)[50] ?? 0) < 50);
});

test("what onBatch throws ends the follower", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  await journal.append(key(1), numberedEvent(1));
  const onBatch = () => Promise.reject(new Error("full disk"));
  const { signal } = new AbortController();
  await assert.rejects(journal.follow({ afterSequence: 0, signal, onBatch }), /full disk/);
});

test("a follower that stops while there is no server stops all the same", async (t) => {
  const nats = await startNats(t);
  const { nc, journal } = await openJournal(nats);
  const stop = new AbortController();
  const following = journal.follow({ afterSequence: 0, signal: stop.signal, onBatch: () => {} });
  stop.abort();
  await following;
  await nc.close();
  const { signal } = new AbortController();
  await assert.rejects(journal.follow({ afterSequence: 0, signal, onBatch: () => {} }), {
    reason: "ServiceUnavailable",
  });
});

test("a journal that ends before what was read from it is not followed", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  await journal.append(key(1), numberedEvent(1));
  const { signal } = new AbortController();
  await assert.rejects(journal.follow({ afterSequence: 5, signal, onBatch: () => {} }), {
    reason: "ServerError",
    detail: { stream: "HUB-JOURNAL", lastSequence: 1, seenSequence: 5 },
  });
});

test("old events are read in today's shape, everywhere", async (t) => {
  const at = "2020-01-01T00:00:00.000Z";
  const table = {
    ...hubUpcasters,
    DeviceDeleted: [({ id = "" }) => ({ deviceId: id, generationId: "7", at })],
  } as const;
  const { nc, journal } = await openJournal(await startNats(t), createEventVersions(table));
  await publishForeign(nc, "DeviceDeleted", "1", { id: "dev" });
  await journal.append({ aggregate: "identity", id: "dev" }, numberedEvent(8));
  const expected = [
    { type: "DeviceDeleted", data: { deviceId: "dev", generationId: "7", at } },
    numberedEvent(8).event,
  ];
  assert.deepEqual(
    (await journal.readSequences([1, 2])).map(({ event }) => event),
    expected,
  );
  const read = await Array.fromAsync(journal.read({ aggregate: "identity", id: "dev" }));
  assert.deepEqual(
    read.map(({ event }) => event),
    expected,
  );
});

test("an event of a newer hub stops the reader by its type, version and place", async (t) => {
  const { nc, journal } = await openJournal(await startNats(t));
  await journal.append(key(1), numberedEvent(1));
  await publishForeign(nc, "DeviceTeleported", "3", {});
  const { signal } = new AbortController();
  const seen: RecordedEvent[] = [];
  await assert.rejects(journal.follow({ afterSequence: 0, signal, onBatch: (events) => void seen.push(...events) }), {
    reason: "ServerError",
    message: /Event 2 of the journal: .*DeviceTeleported of version 3/,
    detail: { type: "DeviceTeleported", version: 3, sequence: 2, subject: "hub.identity.dev" },
  });
});
