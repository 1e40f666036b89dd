import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { decideTwin, type TwinCommand } from "../../../../core/twin/decide.ts";
import { evolveTwin } from "../../../../core/twin/evolve.ts";
import type { TwinEvent, TwinState } from "../../../../core/twin/twin.ts";
import { configurationsOf, configure } from "./configure-fixture.ts";
import { at2, fresh, generationId, given, updateTwin, versions } from "./twin-fixture.ts";

const stamp = { $lastUpdated: at2, $lastUpdatedVersion: 2 };
const byA = { ...stamp, $lastUpdatedBy: "a", $lastUpdatedByDigest: "digest-a" };
const byB = { ...stamp, $lastUpdatedBy: "b", $lastUpdatedByDigest: "digest-b" };

/** The twin after commands, one after the other. */
const after = (state: TwinState, ...commands: readonly TwinCommand[]): TwinState =>
  commands.reduce((twin, command) => decideTwin(command, twin).reduce(evolveTwin, twin), state);

const desiredOf = (...commands: readonly TwinCommand[]) => after(fresh(), ...commands).desired.values;
const patch = (desired: JsonObject) => updateTwin({ desired });

// spec/twins-methods-jobs 12: an application is an ordinary desired update
test("What configurations want is one event, which tells the device and who wrote what", () => {
  given()
    .when(configure({ b: { net: { ssid: "x" } }, a: { net: { on: true }, fan: 1 } }))
    .then({
      type: "TwinConfigured",
      data: {
        generationId,
        before: versions(),
        after: versions({ version: 3, etag: "AAAAAAAAAAI=", desiredVersion: 2 }),
        at: at2,
        configurations: configurationsOf("a", "b"),
        desired: { net: { ssid: "x", on: true }, fan: 1 },
        written: [
          { configurationId: "a", digest: "digest-a", properties: { net: { on: true }, fan: true } },
          { configurationId: "b", digest: "digest-b", properties: { net: { ssid: true } } },
        ],
      },
    });
});

// spec/http-api 3.2: $metadata of what automatic configurations write
test("The metadata names the author of each property, and above those of several the strongest", () => {
  const twin = after(fresh(), configure({ b: { net: { ssid: "x" } }, a: { net: { on: true }, fan: 1 } }));
  assert.deepEqual(twin.desired.metadata, { ...byB, net: { ...byB, ssid: byB, on: byA }, fan: byA });
  assert.deepEqual(twin.configurations, configurationsOf("a", "b"));
});

test("A twin that is as it should be gets no event, and so the same configurations change nothing twice", () => {
  const wanted = configure({ a: { net: { on: true }, list: [1, { x: 1 }], empty: {} } });
  given(...decideTwin(wanted, fresh()))
    .when(wanted)
    .changesNothing();
});

test("A configuration that sets nothing is noted all the same, without a word to the device", () => {
  const [event] = decideTwin(configure({ a: {} }), fresh());
  assert.equal(event?.type, "TwinConfigured");
  assert.deepEqual(event?.data.after, versions({ version: 3 }));
  assert.equal("desired" in (event?.data ?? {}), false);
});

// spec/twins-methods-jobs 12: its settings are removed and otherwise nothing else changes
test("What a configuration set goes with it, and nothing else, with the objects that it had made", () => {
  const set = configure({ a: { net: { on: true, wifi: { ssid: "x" } }, fan: 1 } });
  assert.deepEqual(desiredOf(patch({ net: { mine: 1 }, other: 2 }), set, configure({})), {
    net: { mine: 1 },
    other: 2,
  });
  const gone = after(fresh(), set, configure({}));
  assert.deepEqual(gone.desired.values, {});
  assert.equal(gone.configurations, undefined);
  assert.equal(gone.version, 4);
});

test("The next strongest takes over what a configuration set, and what both want alike stays as it is", () => {
  const both = configure({ b: { x: 1, y: 1 }, a: { y: 2 } });
  const [event] = decideTwin(configure({ a: { y: 2 } }), after(fresh(), both));
  assert.deepEqual(event?.type === "TwinConfigured" && event.data.desired, { y: 2, x: null });
  const same = after(fresh(), configure({ b: { x: 1 } }), configure({ a: { x: 1 } }));
  assert.deepEqual([same.desired.values, same.desired.version], [{ x: 1 }, 2]);
  assert.equal((same.desired.metadata.x as JsonObject).$lastUpdatedBy, "a");
  assert.deepEqual(after(same, configure({})).desired.values, {});
});

test("A property that a back end changed is set again; when the configuration goes, the back end's stays", () => {
  const wanted = configure({ a: { x: 1, y: 1 } });
  assert.deepEqual(desiredOf(wanted, patch({ x: 2 }), wanted), { x: 1, y: 1 });
  assert.deepEqual(desiredOf(wanted, patch({ x: 2 }), configure({})), { x: 2 });
  assert.deepEqual(desiredOf(wanted, patch({ x: 1 }), configure({})), { x: 1 });
  assert.deepEqual(desiredOf(patch({ x: 1 }), wanted, configure({})), { x: 1 });
});

// spec/twins-methods-jobs 12: null removes a property
test("Null wants a property away, and says nothing where there is none", () => {
  assert.deepEqual(desiredOf(patch({ x: 1, keep: 1 }), configure({ a: { x: null } })), { keep: 1 });
  assert.deepEqual(desiredOf(configure({ a: { deep: { x: null } } })), {});
  const removed = configure({ a: { x: null } });
  given(...decideTwin(removed, fresh()))
    .when(removed)
    .changesNothing();
});

test("An object takes the place of a value, and a value that of an object", () => {
  const cases: readonly (readonly [before: JsonObject, wanted: JsonObject, result: JsonObject])[] = [
    [{ x: 1 }, { x: { y: 2 } }, { x: { y: 2 } }],
    [{ x: { y: 2 } }, { x: 1 }, { x: 1 }],
    [{ x: [1] }, { x: {} }, { x: {} }],
    [{ x: { y: 2 } }, { x: {} }, { x: { y: 2 } }],
    [{ x: { y: 2 } }, { x: { z: [3] } }, { x: { y: 2, z: [3] } }],
  ];
  for (const [before, wanted, result] of cases) {
    assert.deepEqual(desiredOf(patch(before), configure({ a: wanted })), result);
  }
  assert.deepEqual(desiredOf(configure({ a: { x: { y: 1 } } }), configure({ a: { x: 2 } })), { x: 2 });
  assert.deepEqual(desiredOf(configure({ a: { x: 2 } }), configure({ a: { x: { y: null } } })), {});
});

// spec/twins-methods-jobs 5: 32 KB of desired properties
test("Configurations for which a twin has no room are not applied, and what they had set goes", () => {
  const large = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`k${i}`, "x".repeat(4000)]));
  const twin = after(fresh(), configure({ a: { small: 1 } }), patch(large));
  const wanted = configure({ a: { small: 1 }, b: { long: "y".repeat(4000), more: "y".repeat(4000) } });
  const result = after(twin, wanted);
  assert.deepEqual(result.configurations, { a: { status: "Targeted" }, b: { status: "Targeted" } });
  assert.deepEqual(result.desired.values, large);
  assert.deepEqual(decideTwin(wanted, result), []);
});

test("Names that JavaScript objects inherit are names like any other", () => {
  const wanted: Json = JSON.parse('{"__proto__": {"toString": 1}, "constructor": 2}');
  const twin = after(fresh(), configure({ constructor: wanted as JsonObject }));
  assert.deepEqual(Object.keys(twin.desired.values), ["__proto__", "constructor"]);
  assert.deepEqual(after(twin, configure({})).desired.values, {});
});

test("A write of a back end takes the names of configurations off what it touches", () => {
  const twin = after(fresh(), configure({ a: { net: { on: true, ssid: "x" } } }), patch({ net: { on: false } }));
  const now = { $lastUpdated: at2, $lastUpdatedVersion: 3 };
  assert.deepEqual(twin.desired.metadata, { ...now, net: { ...now, on: now, ssid: byA } });
});

test("An event of another generation configures nothing", () => {
  const [event] = decideTwin(configure({ a: { x: 1 } }), { ...fresh(), generationId: "2" });
  assert.deepEqual(evolveTwin(fresh(), event as TwinEvent), fresh());
});
