import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { NatsConnection } from "nats";
import { createJobQueue } from "../../../../adapters/nats/job-queue.ts";
import { createJournal } from "../../../../adapters/nats/journal.ts";
import { createJournalQueue } from "../../../../adapters/nats/journal-queue.ts";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { createEventVersions } from "../../../../adapters/nats/upcast.ts";
import type { NewEvent } from "../../../../core/events.ts";
import type { AppendResult } from "../../../../core/ports.ts";
import type { Fact } from "../../../support/events.ts";
import * as jobs from "../../../support/job-events.ts";
import { silentLog, startNats } from "../../../support/nats.ts";

const hub = "Hub";

async function bench(t: TestContext) {
  const nats = await startNats(t);
  const nc = await nats.connect();
  await ensureStreams({ nc, hub, partitions: 1, telemetryMaxAgeMs: 0 });
  const journal = createJournal({ nc, hub, log: silentLog });
  t.after(() => journal[Symbol.dispose]());
  let count = 0;
  const meta = (): NewEvent["meta"] => {
    count += 1;
    const actor = { kind: "hub", nodeId: "n" } as const;
    return { id: `event-${count}`, time: new Date().toISOString(), actor, correlationId: "c" };
  };
  const happens = async ({ key, event }: Fact): Promise<AppendResult> =>
    await journal.append(key, { event, meta: meta() });
  return { nats, nc, happens };
}

const planned = (jobId: string, chunk: number): Fact => jobs.chunkPlanned({ jobId, chunk }, [{ deviceId: "d" }]);

test("each chunk that is planned goes to one node, and nothing else of a job does", async (t) => {
  const { nats, nc, happens } = await bench(t);
  const [here, there] = [nc, await nats.connect()].map((connection) =>
    createJobQueue({ nc: connection, hub, log: silentLog }),
  );
  assert.ok(here && there);
  await happens(jobs.jobCreated("a.b"));
  await happens(jobs.jobStarted("a.b"));
  await happens(planned("a.b", 0));
  await happens(jobs.chunkStarted({ jobId: "a.b", chunk: 0 }, "1"));
  await happens(planned("a.b", 1));
  await happens(planned("c", 12));
  const [first, second] = await Promise.all([here.receive(t.signal), there.receive(t.signal)]);
  const third = await there.receive(t.signal);
  const works = [first, second, third].flatMap((batch) => batch?.records ?? []);
  assert.deepEqual(
    works.toSorted((one, other) => one.sequence - other.sequence),
    [
      { jobId: "a.b", chunk: 0, sequence: 3 },
      { jobId: "a.b", chunk: 1, sequence: 5 },
      { jobId: "c", chunk: 12, sequence: 6 },
    ],
  );
  for (const batch of [first, second, third]) await batch?.complete();
  await happens(planned("c", 13));
  assert.deepEqual((await here.receive(t.signal))?.records[0]?.chunk, 13);
});

test("a chunk that is handed back comes again at once, however often", async (t) => {
  const { nc, happens } = await bench(t);
  const queue = createJobQueue({ nc, hub, log: silentLog });
  await happens(planned("a", 0));
  for (let delivery = 0; delivery < 25; delivery += 1) {
    const batch = await queue.receive(t.signal);
    assert.equal(batch?.records[0]?.jobId, "a");
    batch?.abandon();
  }
});

/** As the queue of jobs, with a shorter lock. */
const briefQueue = (nc: NatsConnection) =>
  createJournalQueue<number>({
    nc,
    hub,
    log: silentLog,
    name: "brief",
    subjects: "job.*.*",
    versions: createEventVersions(),
    recordsOf: async ({ sequence }) => [sequence],
    ttlMs: 60_000,
    lockMs: 500,
    batchRecords: 1,
    batchIntervalMs: 0,
  });

test("a record is its reader's as long as it extends its lock, and then the next one's", async (t) => {
  const { nats, nc, happens } = await bench(t);
  const [here, there] = [briefQueue(nc), briefQueue(await nats.connect())];
  await happens(planned("a", 0));
  const batch = await here.receive(t.signal);
  assert.deepEqual(batch?.records, [1]);
  const extending = setInterval(() => batch?.extend(), 100);
  assert.equal(await there.receive(AbortSignal.timeout(1_500)), undefined);
  clearInterval(extending);
  const again = await there.receive(t.signal);
  assert.deepEqual(again?.records, [1]);
  await again?.complete();
});
