import assert from "node:assert/strict";
import { test } from "node:test";
import { createJournal } from "../../../../adapters/nats/journal.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { numberedEvent, numberOf, silentLog, startNats, until } from "../../../support/nats.ts";

test("a part of the journal is read in order, and no more of it than was asked for", async (t) => {
  const nc = await (await startNats(t)).connect();
  await ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs: 0 });
  using journal = createJournal({ nc, hub: "hub", log: silentLog });
  const key = (number: number) => ({ aggregate: "identity", id: `d${number % 7}` }) as const;
  await Promise.all(Array.from({ length: 1200 }, (_, index) => journal.append(key(index), numberedEvent(index + 1))));

  const scanned = async (after: number, last: number): Promise<readonly number[]> =>
    (await Array.fromAsync(journal.scan(after, last))).flat().map((event) => event.sequence);
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

  assert.deepEqual(await scanned(0, 1200), range(1, 1200));
  assert.deepEqual(await scanned(499, 1001), range(500, 1001));
  assert.deepEqual(await scanned(1199, 1200), [1200]);
  assert.deepEqual(await scanned(1200, 1200), []);
  const [event] = (await Array.fromAsync(journal.scan(9, 10))).flat();
  assert.ok(event !== undefined && numberOf(event) > 0);

  // A reader that leaves early leaves nothing behind.
  for await (const batch of journal.scan(0, 1200)) {
    assert.ok(batch.length > 0);
    break;
  }
  const manager = await nc.jetstreamManager();
  await until(async () => (await manager.consumers.list("HUB-JOURNAL").next()).length === 0);
});
