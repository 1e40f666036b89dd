import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { combineForTwin } from "../../../../core/configuration/combine.ts";
import type { Configuration } from "../../../../core/configuration/configuration.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { decideTwin, type TwinCommand } from "../../../../core/twin/decide.ts";
import { evolveTwin, initialTwin } from "../../../../core/twin/evolve.ts";
import { applyMergePatch } from "../../../../core/twin/merge.ts";
import { authorOf } from "../../../../core/twin/metadata.ts";
import type { TwinState } from "../../../../core/twin/twin.ts";

/** Few names, so that configurations meet each other, some of which JavaScript's objects inherit. */
const name = fc.constantFrom("a", "b", "c", "__proto__", "constructor");
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.boolean(),
  fc.constantFrom<Json>("x", [], [1, { a: 1 }]),
);
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> =>
  fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 3 }).map((entries) => Object.fromEntries(entries));
const section = objectOf(fc.oneof(leaf, objectOf(fc.oneof(leaf, objectOf(leaf)))));

/** What is the back end's own, under names that no configuration has. */
const own = section.map((values): JsonObject => ({ ...values })).map(ownNames);

function ownNames(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`own-${key}`, value]));
}

const configuration: fc.Arbitrary<Configuration> = fc
  .record({ id: fc.constantFrom("1", "2", "3", "4"), desired: section, priority: fc.integer({ min: 0, max: 2 }) })
  .map(({ id, desired, priority }) => ({
    id,
    schemaVersion: null,
    labels: null,
    content: { kind: "deviceContent", members: { "properties.desired": desired } },
    contentType: null,
    targetCondition: "*",
    priority,
    metrics: {},
    digest: JSON.stringify(desired),
    etag: "MQ==",
    createdTime: `2026-01-0${id}T00:00:00.000Z`,
    lastUpdatedTime: "2026-01-01T00:00:00.000Z",
    measured: { system: {}, custom: {} },
  }));

/** The configurations that target a twin: no id twice. */
const configurations = fc.uniqueArray(configuration, { maxLength: 4, selector: ({ id }) => id });

type Step = { readonly configurations: readonly Configuration[] } | { readonly patch: JsonObject };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: configurations.map((set) => ({ configurations: set })) },
  { weight: 1, arbitrary: own.map((patch) => ({ patch })) },
);
const steps = fc.array(step, { maxLength: 8 });

const meta = { now: "2026-02-01T00:00:00.000Z" };
const run = (state: TwinState, command: TwinCommand): TwinState =>
  decideTwin(command, state)
    .map((event) => JSON.parse(JSON.stringify(event)) as typeof event)
    .reduce(evolveTwin, state);
const pass = (state: TwinState, set: readonly Configuration[]): TwinState =>
  run(state, { type: "ConfigureTwin", data: combineForTwin(set), meta });
const patched = (state: TwinState, patch: JsonObject): TwinState =>
  run(state, { type: "UpdateTwin", data: { deviceId: "d", desired: patch }, meta });

/** A twin after steps, and what the back end alone has made of its desired properties. */
function live(before: JsonObject, all: readonly Step[]): { readonly twin: TwinState; readonly owned: JsonObject } {
  const born = initialTwin({ generationId: "1", at: meta.now, initial: { desired: before } });
  return all.reduce(
    ({ twin, owned }, each) =>
      "patch" in each
        ? { twin: patched(twin, each.patch), owned: applyMergePatch(owned, each.patch) }
        : { twin: pass(twin, each.configurations), owned },
    { twin: born, owned: born.desired.values },
  );
}

// spec/twins-methods-jobs 12: its settings are removed, otherwise nothing else changes
test("Without configurations the twin is as the back end made it, whatever was applied before", () => {
  fc.assert(
    fc.property(own, steps, (before, all) => {
      const { twin, owned } = live(before, all);
      const after = pass(twin, []);
      assert.deepStrictEqual(after.desired.values, owned);
      assert.equal(after.configurations, undefined);
      assert.deepStrictEqual(authors(after.desired.values, after.desired.metadata), []);
    }),
  );
});

test("What configurations come to does not depend on what was applied before, nor on the order of the configurations", () => {
  fc.assert(
    fc.property(own, steps, configurations, (before, all, set) => {
      const { twin, owned } = live(before, all);
      const after = pass(twin, set);
      const fresh = pass(live(owned, []).twin, set.toReversed());
      assert.deepStrictEqual(after.desired.values, fresh.desired.values);
      assert.deepStrictEqual(after.configurations, fresh.configurations);
      assert.deepStrictEqual(
        authors(after.desired.values, after.desired.metadata).sort(),
        authors(fresh.desired.values, fresh.desired.metadata).sort(),
      );
    }),
  );
});

test("A second pass changes nothing", () => {
  fc.assert(
    fc.property(own, steps, configurations, (before, all, set) => {
      const twin = pass(live(before, all).twin, set);
      assert.deepStrictEqual(decideTwin({ type: "ConfigureTwin", data: combineForTwin(set), meta }, twin), []);
    }),
  );
});

test("A device that merges what it is told has the desired properties of the twin", () => {
  fc.assert(
    fc.property(own, steps, configurations, (before, all, set) => {
      const { twin } = live(before, all);
      const [event] = decideTwin({ type: "ConfigureTwin", data: combineForTwin(set), meta }, twin);
      const told = event?.type === "TwinConfigured" ? (event.data.desired ?? {}) : {};
      assert.deepStrictEqual(applyMergePatch(twin.desired.values, told), pass(twin, set).desired.values);
    }),
  );
});

test("Every property is the one of the strongest configuration that names it, and bears its name", () => {
  fc.assert(
    fc.property(configurations, (set) => {
      const { desired, configurations: standing = {} } = pass(live({}, []).twin, set);
      const named = new Set(authors(desired.values, desired.metadata).map((line) => line.split(" ")[1]));
      const applied = Object.entries(standing).filter(([, { status }]) => status === "Applied");
      assert.deepStrictEqual(new Set(applied.map(([id]) => id)), named);
    }),
  );
});

/** The properties that configurations wrote, each with its author. */
function authors(values: JsonObject, metadata: Json | undefined, path = ""): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const node = Object.hasOwn(metadata as JsonObject, key) ? (metadata as JsonObject)[key] : undefined;
    if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
      return authors(value as JsonObject, node, `${path}/${key}`);
    }
    const author = authorOf(node);
    return author === undefined ? [] : [`${path}/${key} ${author.configurationId}`];
  });
}
