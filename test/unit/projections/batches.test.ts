import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { IdentityKey, RecordedEvent } from "../../../core/events.ts";
import type { JsonObject } from "../../../core/json.ts";
import { dumpViews } from "../../../projections/dump.ts";
import { rebuild } from "../../../projections/rebuild.ts";
import { openStore } from "../../../projections/store.ts";
import { createViews } from "../../../projections/views.ts";
import * as facts from "../../support/events.ts";
import * as jobs from "../../support/job-events.ts";
import { inBatches, openViews } from "../../support/views.ts";

// Few ids and generations, so that events meet in every order, those that no hub would write included.
const deviceId = fc.constantFrom("d1", "d2");
const moduleId = fc.constantFrom("m1", "$edgeAgent");
const generationId = fc.constantFrom("1", "2", "3");
const connectionId = fc.constantFrom("c1", "c2");
const nodeId = fc.constantFrom("n1", "n2");
const status = fc.constantFrom("enabled" as const, "disabled" as const);
const identity: fc.Arbitrary<IdentityKey> = fc.oneof(fc.record({ deviceId }), fc.record({ deviceId, moduleId }));
const content = fc
  .dictionary(fc.oneof(fc.constantFrom("a", "1", "__proto__"), fc.string()), fc.jsonValue({ maxDepth: 3 }), {
    maxKeys: 4,
  })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const twin = fc.record({ tags: content, desired: content });

const fact: fc.Arbitrary<facts.Fact> = fc.oneof(
  fc
    .tuple(deviceId, generationId, status, twin)
    .map(([id, generation, state, born]) =>
      facts.deviceCreated(id, { generationId: generation, fields: { status: state }, twin: born }),
    ),
  fc
    .tuple(deviceId, status, generationId)
    .map(([id, state, generation]) => facts.deviceUpdated(id, { status: state }, generation)),
  fc.tuple(deviceId, generationId).map(([id, generation]) => facts.deviceDeleted(id, generation)),
  fc
    .tuple(deviceId, moduleId, generationId, generationId, twin)
    .map(([id, module, device, own, born]) =>
      facts.moduleCreated(id, module, { deviceGenerationId: device, generationId: own, twin: born }),
    ),
  fc.tuple(deviceId, moduleId).map(([id, module]) => facts.moduleUpdated(id, module, "someone")),
  fc.tuple(deviceId, moduleId).map(([id, module]) => facts.moduleDeleted(id, module)),
  fc
    .tuple(identity, twin, generationId)
    .map(([key, write, generation]) => facts.twinUpdated(key, write, { generationId: generation })),
  fc.tuple(identity, twin).map(([key, write]) => facts.twinReplaced(key, write)),
  fc
    .tuple(identity, content, generationId)
    .map(([key, reported, generation]) => facts.reportedPatched(key, reported, { generationId: generation })),
  fc
    .tuple(identity, generationId, connectionId, nodeId)
    .map(([key, generation, connection, node]) =>
      facts.connected(key, { generationId: generation, connectionId: connection, nodeId: node }),
    ),
  fc
    .tuple(identity, generationId, connectionId)
    .map(([key, generation, connection]) =>
      facts.disconnected(key, { generationId: generation, connectionId: connection }),
    ),
  fc
    .tuple(identity, connectionId)
    .map(([key, connection]) => facts.subscribed(key, [{ filter: "devices/#", qos: 1 }], { connectionId: connection })),
  fc.constant(facts.policiesSet([])),
  fc.constantFrom("a", "B", "b").chain((name) => fc.constantFrom(facts.groupCreated(name), facts.groupDeleted(name))),
);

const jobId = fc.constantFrom("j1", "j2");
const chunk = fc.record({ jobId, chunk: fc.nat(2) });
const outcome = fc.oneof(
  identity.map((key) => ({ ...key, status: "completed", response: { status: 200, payload: ["x"] } }) as const),
  identity.map((key) => ({ ...key, status: "failed", error: { code: "c", description: "d" } }) as const),
  identity.map((key) => ({ ...key, status: "canceled" }) as const),
);

const jobFact: fc.Arbitrary<facts.Fact> = fc.oneof(
  jobId.map(jobs.jobCreated),
  jobId.map(jobs.jobStarted),
  jobId.map(jobs.jobPlanned),
  fc
    .tuple(jobId, fc.constantFrom("JobCompleted" as const, "JobCancelled" as const, "JobForgotten" as const))
    .map(([id, type]) => jobs.jobStep(id, type)),
  fc.tuple(jobId, fc.nat(3)).map(([id, before]) => jobs.targetsForgotten(id, before)),
  fc.tuple(chunk, fc.array(identity, { maxLength: 3 })).map(([of, targets]) => jobs.chunkPlanned(of, targets)),
  fc.tuple(chunk, connectionId).map(([of, attemptId]) => jobs.chunkStarted(of, attemptId)),
  fc.tuple(chunk, fc.array(outcome, { maxLength: 3 })).map(([of, outcomes]) => jobs.targetsEnded(of, outcomes)),
);

const journal = fc
  .array(fc.oneof({ weight: 2, arbitrary: fact }, { weight: 1, arbitrary: jobFact }), { minLength: 1, maxLength: 60 })
  .map((life) => facts.record(life));

test("the views' bytes depend on the events alone, not on batches, reopening, memory or rebuilding", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-batches-"));
  try {
    const property = fc.asyncProperty(journal, fc.array(fc.nat(60)), async (events, cuts) => {
      const whole = applied(join(folder, "whole.db"), [events]);
      assert.deepEqual(applied(join(folder, "split.db"), split(events, cuts)), whole);
      assert.deepEqual(
        applied(
          join(folder, "single.db"),
          events.map((event) => [event]),
        ),
        whole,
      );
      assert.deepEqual(withoutMemory(join(folder, "small.db"), events), whole);
      assert.deepEqual(await rebuilt(join(folder, "rebuilt.db"), events), whole);
    });
    await fc.assert(property, { numRuns: 60 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function split(events: readonly RecordedEvent[], cuts: readonly number[]): readonly (readonly RecordedEvent[])[] {
  const edges = [0, ...new Set(cuts.filter((cut) => cut < events.length)), events.length].sort((a, b) => a - b);
  return edges.slice(1).map((end, index) => events.slice(edges[index], end));
}

/** The dump after these batches; every third batch finds the store opened anew, without memory. */
function applied(file: string, batches: readonly (readonly RecordedEvent[])[]): readonly string[] {
  rmSync(file, { force: true });
  let views = openViews(file);
  for (const [index, batch] of batches.entries()) {
    if (index % 3 === 2) {
      views.store.close();
      views = openViews(file);
    }
    views.projector.apply(batch);
  }
  return dumped(views.store);
}

/** The dump when the rows in memory are written and forgotten all the time. */
function withoutMemory(file: string, events: readonly RecordedEvent[]): readonly string[] {
  rmSync(file, { force: true });
  const { store } = openStore(file);
  const views = createViews(store, 1);
  store.transaction(() => {
    for (const event of events) views.apply(event);
    views.flush();
    store.setCheckpoint(events.length);
  });
  return dumped(store);
}

async function rebuilt(file: string, events: readonly RecordedEvent[]): Promise<readonly string[]> {
  await rebuild({ file, follow: () => inBatches(events, 7), lastSequence: events.length });
  return dumped(openStore(file).store);
}

function dumped(store: ReturnType<typeof openStore>["store"]): readonly string[] {
  const dump = [...dumpViews(store)];
  store.close();
  return dump;
}
