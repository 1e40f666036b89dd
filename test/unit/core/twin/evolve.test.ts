import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { evolveTwin, initialTwin } from "../../../../core/twin/evolve.ts";
import type { TwinEvent } from "../../../../core/twin/twin.ts";
import { at1, at2, bornAt, fresh, generationId, reportedPatched, updated, versions } from "./twin-fixture.ts";

const stamp1 = { $lastUpdated: at1, $lastUpdatedVersion: 2 };

// spec/twins-methods-jobs 2, spec/http-api 3.2: a fresh twin
test("A fresh twin is at version 2, its sections at 1, its etag the first", () => {
  assert.deepStrictEqual(fresh(), {
    generationId,
    version: 2,
    etag: "AAAAAAAAAAE=",
    tags: {},
    desired: { values: {}, metadata: { $lastUpdated: bornAt }, version: 1 },
    reported: { values: {}, metadata: { $lastUpdated: bornAt }, version: 1 },
  });
});

// spec/http-api 2.4: create with desired leaves $version 1 and $lastUpdatedVersion 1
test("A twin born with desired properties has them stamped with version 1 everywhere", () => {
  const stamp = { $lastUpdated: bornAt, $lastUpdatedVersion: 1 };
  const initial = { tags: { floor: 2 }, desired: { net: { on: true } } };
  assert.deepStrictEqual(initialTwin({ generationId, at: bornAt, initial }), {
    ...fresh(),
    tags: { floor: 2 },
    desired: { values: { net: { on: true } }, metadata: { ...stamp, net: { ...stamp, on: stamp } }, version: 1 },
  });
});

test("Empty desired properties at birth count as never written", () => {
  assert.deepStrictEqual(initialTwin({ generationId, at: bornAt, initial: { tags: {}, desired: {} } }), fresh());
});

// spec/twins-methods-jobs 2: counters and metadata of a PATCH
test("TwinUpdated merges both sections and takes the counters of the event", () => {
  const state = evolveTwin(fresh(), updated({ tags: { floor: 2 }, desired: { fan: 1 } }));
  assert.deepStrictEqual(state, {
    generationId,
    version: 3,
    etag: "AAAAAAAAAAI=",
    tags: { floor: 2 },
    desired: { values: { fan: 1 }, metadata: { ...stamp1, fan: stamp1 }, version: 2 },
    reported: fresh().reported,
  });
});

// spec/twins-methods-jobs 2: a tags-only PATCH leaves desired.$version alone
test("TwinUpdated with tags alone leaves the desired properties and their stamps as they are", () => {
  const state = evolveTwin(fresh(), updated({ tags: { floor: 2 } }));
  assert.deepStrictEqual(state.desired, fresh().desired);
  assert.deepStrictEqual([state.version, state.etag, state.tags], [3, "AAAAAAAAAAI=", { floor: 2 }]);
});

// spec/twins-methods-jobs 2: reported metadata has no $lastUpdatedVersion
test("TwinReportedPatched merges the reported properties and leaves the etag", () => {
  const state = evolveTwin(fresh(), reportedPatched({ fan: { rpm: 900 } }));
  const stamp = { $lastUpdated: at1 };
  assert.deepStrictEqual(state, {
    ...fresh(),
    version: 3,
    reported: { values: { fan: { rpm: 900 } }, metadata: { ...stamp, fan: { ...stamp, rpm: stamp } }, version: 2 },
  });
});

// spec/http-api 3.1: PUT replaces each section that is present, $metadata of removed keys goes
test("TwinReplaced puts the sections in place of the old ones and stamps all of the new", () => {
  const state = evolveTwin(fresh(), updated({ tags: { floor: 2 }, desired: { fan: 1, lamp: 2 } }));
  const after = versions({ version: 4, etag: "AAAAAAAAAAM=", desiredVersion: 3 });
  const before = versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: 2 });
  const desired = { fan: 1, door: { open: false } };
  const desiredChange = { ...desired, lamp: null };
  const replaced: TwinEvent = {
    type: "TwinReplaced",
    data: { generationId, before, after, at: at2, desired, desiredChange },
  };
  const stamp = { $lastUpdated: at2, $lastUpdatedVersion: 3 };
  assert.deepStrictEqual(evolveTwin(state, replaced), {
    ...state,
    version: 4,
    etag: "AAAAAAAAAAM=",
    desired: { values: desired, metadata: { ...stamp, fan: stamp, door: { ...stamp, open: stamp } }, version: 3 },
  });
});

test("TwinReplaced with tags alone leaves the desired properties", () => {
  const state = evolveTwin(fresh(), updated({ tags: { floor: 2 }, desired: { fan: 1 } }));
  const before = versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: 2 });
  const after = { ...before, version: 4, etag: "AAAAAAAAAAM=" };
  const data = { generationId, before, after, at: at2, tags: { room: "b" } };
  const replaced = evolveTwin(state, { type: "TwinReplaced", data });
  assert.deepStrictEqual(replaced, { ...state, version: 4, etag: "AAAAAAAAAAM=", tags: { room: "b" } });
});

// spec/twins-methods-jobs 7: delete and re-create is a brand-new twin, told apart by the generation
test("An event of another generation changes nothing", () => {
  const state = fresh();
  const event = updated({ desired: { fan: 1 } });
  const other = { ...event, data: { ...event.data, generationId: "638000000000000002" } } as TwinEvent;
  assert.equal(evolveTwin(state, other), state);
});

test("A patch of __proto__ is stored as a property and given back by JSON", () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject;
  const { values } = evolveTwin(fresh(), reportedPatched(hostile)).reported;
  assert.equal(JSON.stringify(values), '{"__proto__":{"polluted":1}}');
  assert.equal("polluted" in {}, false);
});
