import assert from "node:assert/strict";
import { test } from "node:test";
import { combineDeployments, combineForTwin } from "../../../../core/configuration/combine.ts";
import type { Configuration } from "../../../../core/configuration/configuration.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { Authorship, type WantedMembers, wantedValues } from "../../../../core/twin/wanted.ts";
import { at1, at2, configuration, setting } from "./configuration-fixture.ts";

const valuesOf = (wanted: WantedMembers): JsonObject =>
  wantedValues(wanted, { path: [], authorship: new Authorship(), nulls: "keep" });
const merged = (...configurations: readonly Configuration[]): JsonObject =>
  valuesOf(combineForTwin(configurations).wanted);
const standing = ({ configurations }: ReturnType<typeof combineForTwin>) =>
  Object.entries(configurations).map(([id, { status }]) => `${id} ${status}`);

// spec/twins-methods-jobs 12: per twin path, highest priority wins
test("Each property is the one's of the highest priority, and the others stand beside it", () => {
  const high = setting("a", { x: 1, net: { on: true } }, { priority: 2 });
  const low = setting("b", { x: 2, y: 2, net: { ssid: "x" } }, { priority: 1 });
  for (const both of [
    [high, low],
    [low, high],
  ]) {
    assert.deepEqual(merged(...both), { x: 1, net: { on: true, ssid: "x" }, y: 2 });
    assert.deepEqual(standing(combineForTwin(both)), ["a Applied", "b Applied"]);
    assert.deepEqual(combineForTwin(both).byStrength, ["b", "a"]);
  }
});

// spec/twins-methods-jobs 12: equal priority, latest createdTimeUtc
test("Of equal priorities the one wins that was created later, and of the same moment one always", () => {
  const early = setting("z", { x: 1 }, { createdTime: at1 });
  const late = setting("a", { x: 2 }, { createdTime: at2 });
  assert.deepEqual(merged(early, late), { x: 2 });
  const same = [setting("a", { x: 1 }), setting("b", { x: 2 })];
  assert.deepEqual(merged(...same), merged(...same.toReversed()));
});

test("Who is outranked in everything is targeted; who has nothing to set is applied", () => {
  const high = setting("a", { x: { y: 1 } }, { priority: 2 });
  const under = setting("b", { x: 2 }, { priority: 1 });
  const nothing = setting("c", {}, { priority: 0 });
  assert.deepEqual(standing(combineForTwin([nothing, under, high])), ["a Applied", "b Targeted", "c Applied"]);
});

test("What is above or below a property is about the same property; arrays and empty objects are values", () => {
  const over = (x: JsonObject[string], under: JsonObject) =>
    merged(setting("a", { x }, { priority: 1 }), setting("b", under));
  assert.deepEqual(over(1, { x: { y: 2 } }), { x: 1 });
  assert.deepEqual(over({ y: 1 }, { x: 2 }), { x: { y: 1 } });
  assert.deepEqual(over([1], { x: [2, 3] }), { x: [1] });
  assert.deepEqual(over({}, { x: { y: 2 } }), { x: {} });
  assert.deepEqual(over(null, { x: 2, z: 3 }), { x: null, z: 3 });
  assert.deepEqual(over({ y: null }, { x: { y: 2, z: 3 } }), { x: { y: null, z: 3 } });
});

test("Paths may lead to a property in one step or several, and a section's own members count for nothing", () => {
  const members = { "properties.desired.a.b": { c: 1 }, "properties.desired": { d: 2, $version: 7, $metadata: {} } };
  assert.deepEqual(merged(configuration({ content: { kind: "deviceContent", members } })), {
    a: { b: { c: 1 } },
    d: 2,
  });
});

const deployment = (id: string, members: JsonObject, priority: number): Configuration =>
  configuration({ id, content: { kind: "modulesContent", members }, priority });
const root = "properties.desired";
const base = deployment(
  "base",
  { $edgeAgent: { [root]: { modules: { m: { image: 1, env: 1 } }, runtime: 1 } }, m: { [root]: { a: 1, b: 1 } } },
  1,
);

// spec/twins-methods-jobs 12: classic deployments never merge
test("One deployment wins on a device, and nothing of the others comes with it", () => {
  const other = deployment("other", { $edgeAgent: { [root]: { runtime: 2 } } }, 2);
  const combined = combineDeployments([base, other]);
  assert.deepEqual(combined.configurations, { base: { status: "Targeted" }, other: { status: "Applied" } });
  assert.deepEqual([...combined.modules.keys()], ["$edgeAgent"]);
  const agent = combined.modules.get("$edgeAgent");
  assert.deepEqual([agent?.replaces, agent?.byStrength, agent?.digest], [true, ["other"], "digest-other"]);
  assert.deepEqual(valuesOf(agent?.wanted ?? new Map()), { runtime: 2 });
});

// IoT Edge docs: understand IoT Edge automatic deployments, layered deployment
test("Layers above the base lie upon it, each part in the place of what is below", () => {
  const layer = deployment(
    "layer",
    {
      $edgeAgent: { [`${root}.modules.m`]: { image: 2 }, [`${root}.modules.n`]: { image: 3 } },
      m: { [`${root}.a`]: 2 },
      n: { [`${root}.x`]: 1 },
    },
    2,
  );
  const below = deployment("below", { $edgeHub: { [`${root}.routes.r`]: "x" } }, 0);
  const { configurations, modules } = combineDeployments([below, layer, base]);
  assert.deepEqual(configurations, {
    base: { status: "Applied" },
    below: { status: "Targeted" },
    layer: { status: "Applied" },
  });
  const contents = [...modules].map(([id, { wanted, replaces }]) => [id, valuesOf(wanted), replaces]);
  assert.deepEqual(Object.fromEntries(contents.map(([id, values, replaces]) => [id, [values, replaces]])), {
    $edgeAgent: [{ modules: { m: { image: 2 }, n: { image: 3 } }, runtime: 1 }, true],
    m: [{ a: 2, b: 1 }, true],
    n: [{ x: 1 }, false],
  });
  assert.equal(modules.get("m")?.digest, "digest-layer.digest-base");
  assert.deepEqual(modules.get("m")?.byStrength, ["base", "layer"]);
});

test("Layers without a base are not applied", () => {
  const layer = deployment("layer", { $edgeHub: { [`${root}.routes.r`]: "x" } }, 2);
  assert.deepEqual(combineDeployments([layer]), {
    configurations: { layer: { status: "Targeted" } },
    modules: new Map(),
  });
  assert.deepEqual(combineDeployments([]), { configurations: {}, modules: new Map() });
});
