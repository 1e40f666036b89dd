import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isJsonObject, type Json, type JsonObject } from "../../../../core/json.ts";
import { decideTwin, type TwinCommand } from "../../../../core/twin/decide.ts";
import { nextEtag } from "../../../../core/twin/etag.ts";
import { evolveTwin, initialTwin } from "../../../../core/twin/evolve.ts";
import { applyMergePatch } from "../../../../core/twin/merge.ts";
import type { TwinEvent, TwinSection, TwinState } from "../../../../core/twin/twin.ts";
import { patch, section } from "./json-arbitraries.ts";

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** A write without its time: the place in the sequence gives it. */
type Write = (now: string) => TwinCommand;

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.tuple(optional(fc.option(patch)), optional(fc.option(patch))).map(
    ([tags, desired]): Write =>
      (now) => ({ type: "UpdateTwin", data: sectionsOf(tags, desired), meta: { now } }),
  ),
  fc.tuple(optional(section), optional(section)).map(
    ([tags, desired]): Write =>
      (now) => ({ type: "ReplaceTwin", data: sectionsOf(tags, desired), meta: { now } }),
  ),
  patch.map(
    (reported): Write =>
      (now) => ({ type: "PatchReported", data: { reported }, meta: { now } }),
  ),
);

const sectionsOf = (tags: JsonObject | null | undefined, desired: JsonObject | null | undefined) => ({
  deviceId: "dev-1",
  ...(tags !== undefined && { tags }),
  ...(desired !== undefined && { desired }),
});

const writes = fc.array(write, { minLength: 1, maxLength: 12 });
const birth = fc.record({ tags: section, desired: section });

type Step = { readonly before: TwinState; readonly events: readonly TwinEvent[]; readonly after: TwinState };

/** Runs the writes on a new twin, a day apart. */
function* live(initial: { tags: JsonObject; desired: JsonObject }, commands: readonly Write[]): Generator<Step> {
  let state = initialTwin({ generationId: "1", at: "2026-01-01T00:00:00.000Z", initial });
  for (const [index, command] of commands.entries()) {
    const before = state;
    const events = decideTwin(command(`2026-02-${String(index + 1).padStart(2, "0")}T00:00:00.000Z`), state);
    state = events.reduce(evolveTwin, state);
    yield { before, events, after: state };
  }
}

function assertMirrors(values: JsonObject, node: Json | undefined, hasVersions: boolean): void {
  assert.ok(isJsonObject(node));
  const stamp = Object.keys(node).filter((key) => key.startsWith("$"));
  assert.deepStrictEqual(stamp, hasVersions ? ["$lastUpdated", "$lastUpdatedVersion"] : ["$lastUpdated"]);
  const children = Object.keys(node).filter((key) => !key.startsWith("$"));
  assert.deepStrictEqual(new Set(children), new Set(Object.keys(values)));
  for (const key of children) {
    const value = values[key];
    assertMirrors(isJsonObject(value) ? value : {}, node[key], hasVersions);
  }
}

/** A node is at least as new as all below it. */
function assertNewest(node: JsonObject): void {
  const { $lastUpdated: time, $lastUpdatedVersion: version = 0 } = node;
  for (const [key, child] of Object.entries(node)) {
    if (key.startsWith("$") || !isJsonObject(child)) continue;
    assert.ok(typeof time === "string" && typeof child.$lastUpdated === "string" && child.$lastUpdated <= time);
    assert.ok(Number(child.$lastUpdatedVersion ?? 0) <= Number(version));
    assertNewest(child);
  }
}

// spec/twins-methods-jobs 2: $metadata mirrors the property tree
test("The metadata tree has the shape of the values after any writes", () => {
  fc.assert(
    fc.property(birth, writes, (initial, commands) => {
      for (const { after } of live(initial, commands)) {
        const { desired, reported } = after;
        assertMirrors(desired.values, desired.metadata, "$lastUpdatedVersion" in desired.metadata);
        assertMirrors(reported.values, reported.metadata, false);
        assertNewest(desired.metadata);
        assertNewest(reported.metadata);
      }
    }),
  );
});

const rise = (before: TwinSection, after: TwinSection) => after.version - before.version;

// spec/twins-methods-jobs 2: counters
test("Every write moves version by one, and etag and section versions by one where they are concerned", () => {
  fc.assert(
    fc.property(birth, writes, (initial, commands) => {
      for (const { before, events, after } of live(initial, commands)) {
        assert.equal(after.version, before.version + events.length);
        const [event] = events;
        if (event === undefined) {
          assert.equal(after, before);
          continue;
        }
        const isReport = event.type === "TwinReportedPatched";
        assert.equal(after.etag, isReport ? before.etag : nextEtag(before.etag));
        assert.equal(rise(before.reported, after.reported), isReport ? 1 : 0);
        assert.equal(rise(before.desired, after.desired), !isReport && event.data.desired !== undefined ? 1 : 0);
        assert.equal(event.data.before.version + 1, event.data.after.version);
      }
    }),
  );
});

test("Events that went through JSON lead to the same twin", () => {
  fc.assert(
    fc.property(birth, writes, (initial, commands) => {
      for (const { before, events, after } of live(initial, commands)) {
        const stored = JSON.parse(JSON.stringify(events)) as TwinEvent[];
        assert.deepStrictEqual(stored.reduce(evolveTwin, before), after);
        assert.deepStrictEqual(JSON.parse(JSON.stringify(after)), after);
      }
    }),
  );
});

const toldOf = (event: TwinEvent): JsonObject | undefined => {
  switch (event.type) {
    case "TwinUpdated":
    case "TwinConfigured":
      return event.data.desired;
    case "TwinReplaced":
      return event.data.desiredChange;
    case "TwinReportedPatched":
      return undefined;
  }
};

// spec/twins-methods-jobs 4: what a subscribed device is told
test("A device that merges what it is told has the desired properties of the twin", () => {
  fc.assert(
    fc.property(birth, writes, (initial, commands) => {
      let device = applyMergePatch({}, initial.desired);
      for (const { events, after } of live(initial, commands)) {
        for (const event of events) device = applyMergePatch(device, toldOf(event) ?? {});
        assert.deepStrictEqual(device, after.desired.values);
      }
    }),
  );
});
