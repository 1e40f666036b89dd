import assert from "node:assert/strict";
import { test } from "node:test";
import { ensureStreams } from "../../../../adapters/nats/streams.ts";
import { startNats } from "../../../support/nats.ts";

const dayMs = 86_400_000;
const nanosOf = (ms: number) => ms * 1_000_000;

test("a new hub gets its journal and its telemetry streams", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const made = await ensureStreams({ nc, hub: "My-Hub", partitions: 3, telemetryMaxAgeMs: dayMs });
  assert.deepEqual(made, { partitions: 3, telemetryMaxAgeMs: dayMs, replicas: 1 });

  const { streams } = await nc.jetstreamManager();
  const names: string[] = [];
  for await (const { config } of streams.list()) names.push(config.name);
  assert.deepEqual(names.sort(), ["MY-HUB-D2C-0", "MY-HUB-D2C-1", "MY-HUB-D2C-2", "MY-HUB-JOURNAL"]);

  const journal = (await streams.info("MY-HUB-JOURNAL")).config;
  for (const aggregate of [
    "identity",
    "twin",
    "connection",
    "hub",
    "method",
    "command",
    "job",
    "configuration",
    "upload",
  ]) {
    assert.ok(journal.subjects.includes(`my-hub.${aggregate}.>`), aggregate);
  }
  assert.equal(journal.storage, "file");
  assert.equal(journal.max_age, 0);
  assert.ok(journal.deny_delete && journal.deny_purge && journal.allow_direct);
  assert.equal(journal.duplicate_window, nanosOf(120_000));

  const telemetry = (await streams.info("MY-HUB-D2C-1")).config;
  assert.deepEqual(telemetry.subjects, ["my-hub.telemetry.1.>"]);
  assert.equal(telemetry.max_age, nanosOf(dayMs));
});

test("starting again changes nothing, and a hub keeps its count of partitions", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const ensure = (partitions: number) => ensureStreams({ nc, hub: "hub", partitions, telemetryMaxAgeMs: dayMs });
  const first = await ensure(2);
  assert.deepEqual(await ensure(2), first);
  assert.deepEqual(await ensure(8), first);
  await nats.killAndRestart();
  assert.deepEqual(await ensure(1), first);
});

test("nodes that start at once agree, whatever each was told", async (t) => {
  const nats = await startNats(t);
  const nodes = await Promise.all([1, 2, 3, 4, 5].map(() => nats.connect()));
  const start = nodes.map((nc, n) => ensureStreams({ nc, hub: "hub", partitions: n + 1, telemetryMaxAgeMs: dayMs }));
  const counts = new Set((await Promise.all(start)).map(({ partitions }) => partitions));
  assert.equal(counts.size, 1);
});

test("what was left half made is completed", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const ensure = () => ensureStreams({ nc, hub: "hub", partitions: 3, telemetryMaxAgeMs: dayMs });
  await ensure();
  const { streams } = await nc.jetstreamManager();
  await streams.delete("HUB-D2C-1");
  await streams.delete("HUB-D2C-2");
  assert.equal((await ensure()).partitions, 3);
  assert.equal((await streams.info("HUB-D2C-2")).config.name, "HUB-D2C-2");
});

test("an age limit grows and never shrinks", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const ageAfter = async (telemetryMaxAgeMs: number) =>
    (await ensureStreams({ nc, hub: "hub", partitions: 1, telemetryMaxAgeMs })).telemetryMaxAgeMs;
  assert.equal(await ageAfter(dayMs), dayMs);
  assert.equal(await ageAfter(2 * dayMs), 2 * dayMs);
  assert.equal(await ageAfter(dayMs), 2 * dayMs);
  assert.equal(await ageAfter(0), 0);
  assert.equal(await ageAfter(dayMs), 0);
});

test("a subject that an older hub did not have is added, and its others stay", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const { streams } = await nc.jetstreamManager();
  await streams.add({
    name: "HUB-JOURNAL",
    subjects: ["hub.twin.>", "hub.own.>"],
    metadata: { "twinstream.partitions": "2" },
  });
  assert.equal((await ensureStreams({ nc, hub: "hub", partitions: 4, telemetryMaxAgeMs: 0 })).partitions, 2);
  const { subjects } = (await streams.info("HUB-JOURNAL")).config;
  assert.ok(subjects.includes("hub.own.>") && subjects.includes("hub.identity.>"));
});

test("bad names and counts are refused", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const ensure = (hub: string, partitions: number) => ensureStreams({ nc, hub, partitions, telemetryMaxAgeMs: 0 });
  for (const hub of ["", "a.b", "a b", ">", "-a", "a".repeat(51)]) await assert.rejects(ensure(hub, 4), /name/);
  for (const count of [0, 129, 1.5]) await assert.rejects(ensure("hub", count), /partitions/);
});
