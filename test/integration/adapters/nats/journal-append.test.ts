import assert from "node:assert/strict";
import { test } from "node:test";
import { createJournal } from "../../../../adapters/nats/journal.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import type { AggregateKey, NewEvent, RecordedEvent } from "../../../../core/events.ts";
import { numberedEvent, numberOf, silentLog, startNats, type TestNats, until } from "../../../support/nats.ts";

const dev: AggregateKey = { aggregate: "identity", id: "dev" };

async function openJournal(nats: TestNats, deadlineMs = 30_000) {
  const nc = await nats.connect();
  await ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs: 0 });
  return { nc, journal: createJournal({ nc, hub: "hub", log: silentLog, deadlineMs }) };
}

async function all(events: AsyncIterable<RecordedEvent>): Promise<readonly RecordedEvent[]> {
  return Array.fromAsync(events);
}

test("an event comes back as it was appended, whatever its ids hold", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  const key = { aggregate: "connection", id: "a.b*c>d e%\u00e9", moduleId: "$edge\r\nNats-Rollup: sub" } as const;
  const event: NewEvent = {
    event: {
      type: "SubscriptionsChanged",
      data: { generationId: "1", connectionId: "c", subscriptions: [{ filter: "\u{1f600}/#", qos: 1 }], at: "now" },
    },
    meta: {
      id: "id with\r\nNats-Expected-Stream: x\r\n and \u00fcmlaut ",
      time: "2026-01-01T00:00:00.000Z",
      actor: { kind: "device", deviceId: key.id, moduleId: key.moduleId },
      correlationId: "\u0000 :%",
      causationId: "",
    },
  };
  assert.deepEqual(await journal.append(key, event), { appended: true, sequence: 1 });
  assert.deepEqual(await all(journal.read(key)), [{ ...event, key, sequence: 1 }]);
  assert.deepEqual(await journal.readSequences([1]), [{ ...event, key, sequence: 1 }]);
});

test("an append with a stale sequence is refused with the aggregate's last one", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  const other: AggregateKey = { aggregate: "twin", id: "other" };
  assert.deepEqual(await journal.append(dev, numberedEvent(1), 0), { appended: true, sequence: 1 });
  assert.deepEqual(await journal.append(other, numberedEvent(2), 0), { appended: true, sequence: 2 });
  assert.deepEqual(await journal.append(dev, numberedEvent(3), 0), { appended: false, lastSequence: 1 });
  assert.deepEqual(await journal.append(dev, numberedEvent(4), 2), { appended: false, lastSequence: 1 });
  assert.deepEqual(await journal.append({ ...dev, moduleId: "m" }, numberedEvent(5), 7), {
    appended: false,
    lastSequence: 0,
  });
  assert.deepEqual(await journal.append(dev, numberedEvent(6), 1), { appended: true, sequence: 3 });
  assert.deepEqual(await journal.append(dev, numberedEvent(7)), { appended: true, sequence: 4 });
  assert.deepEqual((await all(journal.read(dev))).map(numberOf), [1, 6, 7]);
  assert.equal(await journal.lastSequence(), 4);
});

test("of writers that race for one sequence one wins, and the others learn of it", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  const results = await Promise.all(Array.from({ length: 50 }, (_, n) => journal.append(dev, numberedEvent(n), 0)));
  assert.equal(results.filter(({ appended }) => appended).length, 1);
  for (const result of results) if (!result.appended) assert.deepEqual(result, { appended: false, lastSequence: 1 });
});

test("a repeated append is stored once and does not conflict with itself, even after a restart of the server", async (t) => {
  const nats = await startNats(t);
  const { journal } = await openJournal(nats);
  const event = numberedEvent(1);
  const first = await journal.append(dev, event, 0);
  const repeated = { ...first, isDuplicate: true };
  // JetStream knows the id before it looks at the expected sequence, which no longer holds.
  assert.deepEqual(await journal.append(dev, event, 0), repeated);
  await journal.append(dev, numberedEvent(2));
  await nats.killAndRestart();
  assert.deepEqual(await journal.append(dev, event, 0), repeated);
  assert.equal(await journal.lastSequence(), 2);
});

test("appends outlive a killed server: each is stored once, in order for its aggregate", async (t) => {
  const nats = await startNats(t);
  const { journal } = await openJournal(nats);
  const writers = 50;
  const each = 60;
  let stored = 0;
  const write = async (writer: number): Promise<void> => {
    const key: AggregateKey = { aggregate: "identity", id: `dev-${writer}` };
    let last = 0;
    for (let n = 0; n < each; n += 1) {
      const result = await journal.append(key, numberedEvent(n), last);
      assert.ok(result.appended, `writer ${writer} conflicts with itself at ${n}`);
      last = result.sequence;
      stored += 1;
    }
  };
  const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  for (const share of [0.2, 0.5, 0.8]) {
    await until(() => stored >= writers * each * share);
    await nats.killAndRestart();
  }
  await writing;
  assert.equal(await journal.lastSequence(), writers * each);
  const numbers = (await all(journal.read({ aggregate: "identity", id: "dev-7" }))).map(numberOf);
  assert.deepEqual(
    numbers,
    Array.from({ length: each }, (_, n) => n),
  );
});

test("sequences are read in the order asked, as often as asked", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => journal.append(dev, numberedEvent(n))));
  const asked = Array.from({ length: 700 }, (_, n) => 1_000 - n).concat(5, 5);
  const events = await journal.readSequences(asked);
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    asked,
  );
  assert.deepEqual(
    events.map(numberOf),
    asked.map((sequence) => sequence - 1),
  );
  assert.deepEqual(await journal.readSequences([]), []);
  await assert.rejects(journal.readSequences([1, 1_001]), { reason: "ServerError", detail: { sequence: 1_001 } });
});

test("an aggregate without events reads as empty, one with many in full", async (t) => {
  const { journal } = await openJournal(await startNats(t));
  assert.deepEqual(await all(journal.read(dev)), []);
  assert.equal(await journal.lastSequence(), 0);
  await Promise.all(Array.from({ length: 1_700 }, (_, n) => journal.append(dev, numberedEvent(n))));
  assert.deepEqual(
    (await all(journal.read(dev))).map(numberOf),
    Array.from({ length: 1_700 }, (_, n) => n),
  );
});

test("what cannot be stored is refused: too large, too late, or after the end", async (t) => {
  const nats = await startNats(t);
  const { nc, journal } = await openJournal(nats, 300);
  const huge = numberedEvent(1);
  const event = { ...huge, meta: { ...huge.meta, correlationId: "x".repeat(1_100_000) } };
  await assert.rejects(journal.append(dev, event), { reason: "MessageTooLarge" });

  const stopped = nats.pid();
  assert.ok(stopped !== undefined);
  process.kill(stopped, "SIGSTOP");
  try {
    await assert.rejects(journal.append(dev, numberedEvent(2)), { reason: "ServiceUnavailable" });
    await assert.rejects(journal.lastSequence(), { reason: "ServiceUnavailable" });
    await assert.rejects(journal.readSequences([1]), { reason: "ServiceUnavailable" });
    await assert.rejects(all(journal.read(dev)), { reason: "ServiceUnavailable" });
  } finally {
    process.kill(stopped, "SIGCONT");
  }
  await nc.close();
  await assert.rejects(journal.append(dev, numberedEvent(3)), { reason: "ServiceUnavailable" });
  await assert.rejects(journal.lastSequence(), { reason: "ServiceUnavailable" });
});
