import assert from "node:assert/strict";
import { test } from "node:test";
import type { NatsConnection } from "nats";
import { createPartitionLog, type PartitionLog, type RawTelemetry } from "../../../../adapters/nats/partition-log.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { createTelemetryLog } from "../../../../adapters/nats/telemetry-log.ts";
import { silentLog, startNats, type TestNats, until } from "../../../support/nats.ts";

const none = { system: {}, application: new Map<string, string>() };

type Bench = {
  readonly nc: NatsConnection;
  readonly log: PartitionLog;
  readonly store: (...bodies: readonly string[]) => Promise<void>;
};

/** A hub with one partition. */
async function open(nats: TestNats): Promise<Bench> {
  const nc = await nats.connect();
  await ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs: 0 });
  const telemetry = createTelemetryLog({ nc, hub: "hub", partitions: 1, log: silentLog });
  const sender = telemetry.open({ deviceId: "dev", generationId: "1", authMethod: "{}", connectionId: "c" });
  const storeOne = (body: string): Promise<void> =>
    new Promise((resolve, reject) =>
      sender.send({ properties: none, body: Buffer.from(body) }, (error) => (error ? reject(error) : resolve())),
    );
  const store = async (...bodies: readonly string[]) => void (await Promise.all(bodies.map(storeOne)));
  return { nc, log: createPartitionLog({ nc, hub: "hub", partitions: 1 }), store };
}

const numbered = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `${from + index}`);
const textOf = ({ body }: RawTelemetry): string => Buffer.from(body).toString();

/** Reads until so many messages are here. */
async function take(batches: AsyncIterable<readonly RawTelemetry[]>, count: number): Promise<readonly RawTelemetry[]> {
  const taken: RawTelemetry[] = [];
  for await (const batch of batches) {
    taken.push(...batch);
    if (taken.length >= count) break;
  }
  return taken;
}

const purge = async (nc: NatsConnection, before: number) =>
  await (await nc.jetstreamManager()).streams.purge("HUB-D2C-0", { seq: before });

// spec/messaging 3
test("a partition tells what it holds, from its first message to its last", async (t) => {
  const started = Date.now();
  const { nc, log, store } = await open(await startNats(t));
  const created = await log.partitionInfo(0);
  assert.ok(created.createdMs >= started && created.createdMs <= Date.now());
  const { createdMs } = created;
  assert.deepEqual(created, { createdMs, firstSequence: 1, lastSequence: 0, lastTimeMs: 0, isEmpty: true });
  await store(...numbered(10));
  const { lastTimeMs, ...full } = await log.partitionInfo(0);
  assert.deepEqual(full, { createdMs, firstSequence: 1, lastSequence: 10, isEmpty: false });
  assert.ok(lastTimeMs >= createdMs && lastTimeMs <= Date.now());
  await purge(nc, 4);
  assert.equal((await log.partitionInfo(0)).firstSequence, 4);
  await purge(nc, 11);
  const emptied = await log.partitionInfo(0);
  assert.deepEqual(emptied, { createdMs, firstSequence: 11, lastSequence: 10, lastTimeMs, isEmpty: true });
});

test("many readers get every message once and in order, from wherever they begin, and what is stored meanwhile", async (t) => {
  const { log, store } = await open(await startNats(t));
  await store(...numbered(2_500));
  const stop = new AbortController();
  const starts = [1, 2, 1_000, 2_500, 2_501];
  const reading = starts.map((start) => take(log.read(0, start, stop.signal), 5_000 - start + 1));
  await store(...numbered(2_500, 2_501));
  const before = Date.now();
  for (const [index, messages] of (await Promise.all(reading)).entries()) {
    const start = starts[index] ?? 0;
    assert.deepEqual(messages.map(textOf), numbered(5_000 - start + 1, start));
    assert.deepEqual(
      messages.map(({ sequence }) => `${sequence}`),
      numbered(5_000 - start + 1, start),
    );
    assert.ok(messages.every(({ storedTimeMs }) => storedTimeMs > before - 60_000 && storedTimeMs <= before));
    assert.match(messages[0]?.headerLines ?? "", /^ce-specversion: 1\.0\r\n.*ce-id: c-\d+\r\nce-time: .*\r\n\r\n$/s);
  }
});

// spec/amqp 9: x-opt-enqueued-time > '{ms}'
test("a time leads to the first message that was stored after its millisecond", async (t) => {
  const { log, store } = await open(await startNats(t));
  assert.equal(await log.sequenceAfterTime(0, Date.now()), 1);
  for (let round = 0; round < 40; round += 1) {
    await store(...numbered(5, round * 5));
    // Others share a millisecond.
    const now = Date.now();
    if (round % 2 === 0) await until(() => Date.now() > now);
  }
  const messages = await take(log.read(0, 1, new AbortController().signal), 200);
  const times = new Set(messages.flatMap(({ storedTimeMs: time }) => [time - 1, time, time + 1]));
  for (const time of times) {
    const expected = messages.find(({ storedTimeMs }) => storedTimeMs > time)?.sequence ?? 201;
    assert.equal(await log.sequenceAfterTime(0, time), expected, `${time}`);
  }
  assert.equal(await log.sequenceAfterTime(0, Number.MIN_SAFE_INTEGER), 1);
  assert.equal(await log.sequenceAfterTime(0, Number.MAX_SAFE_INTEGER), 201);
});

test("a reader whose messages retention deletes goes on with what is kept", async (t) => {
  const { nc, log, store } = await open(await startNats(t));
  await store(...numbered(10));
  await purge(nc, 6);
  const { signal } = new AbortController();
  assert.deepEqual((await take(log.read(0, 2, signal), 5)).map(textOf), numbered(5, 6));
  assert.equal(await log.sequenceAfterTime(0, 0), 6);
  const reading = log.read(0, 6, signal)[Symbol.asyncIterator]();
  assert.deepEqual((await reading.next()).value?.map(textOf), numbered(5, 6));
  await store(...numbered(3, 11));
  await purge(nc, 14);
  await store("14");
  const seen: string[] = [];
  while (!seen.includes("14")) seen.push(...((await reading.next()).value ?? []).map(textOf));
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => Number(a) - Number(b)),
  );
  await reading.return?.();
});

test("a reader outlives the server, and neither misses nor repeats a message", async (t) => {
  const nats = await startNats(t, { sync: "always" });
  const { log, store } = await open(nats);
  await store(...numbered(100));
  const reading = take(log.read(0, 1, new AbortController().signal), 300);
  await nats.killAndRestart();
  await store(...numbered(100, 101));
  await nats.killAndRestart();
  await store(...numbered(100, 201));
  // What a sender stored without hearing of it is stored twice: messages are told apart by their place.
  const sequences = (await reading).map(({ sequence }) => sequence);
  assert.deepEqual(sequences, numbered(sequences.length).map(Number));
});

test("a reader that is not asked for more fetches nothing more, and ends when it is told", async (t) => {
  const { nc, log, store } = await open(await startNats(t));
  const large = "x".repeat(100_000);
  for (let round = 0; round < 10; round += 1) await store(...Array.from({ length: 20 }, () => large));
  const stop = new AbortController();
  const reading = log.read(0, 1, stop.signal)[Symbol.asyncIterator]();
  const first = await reading.next();
  const { inBytes: before } = nc.stats();
  // Whatever is on its way comes before this answer.
  for (let asked = 0; asked < 10; asked += 1) await log.partitionInfo(0);
  assert.ok((first.value?.length ?? 0) <= 21);
  assert.ok(nc.stats().inBytes - before < 3_000_000, "two batches are the most");
  stop.abort();
  assert.equal((await reading.next()).done, true);
});

test("a reader that begins behind the end of the stream is told so", async (t) => {
  const { log, store } = await open(await startNats(t));
  await store("1");
  const reading = take(log.read(0, 3, new AbortController().signal), 1);
  await assert.rejects(reading, { name: "HubError", reason: "ServerError" });
});
