import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeParts } from "../../../../core/configuration/merge-parts.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { decideTwin, type TwinCommand } from "../../../../core/twin/decide.ts";
import { evolveTwin } from "../../../../core/twin/evolve.ts";
import type { TwinConfigurations, TwinState } from "../../../../core/twin/twin.ts";
import { configurationsOf, configure } from "./configure-fixture.ts";
import { at2, fresh, updateTwin, versions } from "./twin-fixture.ts";

type Deployment = {
  readonly id?: string;
  readonly digest?: string;
  readonly replaces?: boolean;
  readonly configurations?: TwinConfigurations;
};

const deploy = (
  value: JsonObject,
  { id = "d", digest = "1", replaces = true, configurations }: Deployment = {},
): TwinCommand => {
  const { wanted } = mergeParts([{ author: { configurationId: id, digest }, parts: [{ path: [], value }] }]);
  const content = { wanted, replaces, byStrength: [id], digest };
  return { type: "DeployToTwin", data: { content, ...(configurations && { configurations }) }, meta: { now: at2 } };
};

const after = (...commands: readonly TwinCommand[]): TwinState =>
  commands.reduce((twin, command) => decideTwin(command, twin).reduce(evolveTwin, twin), fresh());

const patch = (desired: JsonObject) => updateTwin({ desired });

// spec/twins-methods-jobs 12, and 4 for what a device is told of a replacement
test("A deployment replaces the desired properties of a module, and the device is told the difference", () => {
  const before = after(patch({ old: 1, both: 1 }));
  const [event] = decideTwin(deploy({ both: 1, fresh: 2 }), before);
  assert.equal(event?.type, "TwinConfigured");
  assert.deepEqual(event?.type === "TwinConfigured" && event.data.desired, { both: 1, fresh: 2, old: null });
  assert.deepEqual(event?.data.after, versions({ version: 4, etag: "AAAAAAAAAAM=", desiredVersion: 3 }));
  assert.equal(after(patch({ old: 1 }), deploy({ x: 1 })).desired.metadata.$lastUpdatedBy, "d");
});

test("Parts of the desired properties are put among the others, and null takes one away", () => {
  const twin = after(patch({ keep: 1, drop: 1 }), deploy({ put: { a: 1 }, drop: null }, { replaces: false }));
  assert.deepEqual(twin.desired.values, { keep: 1, put: { a: 1 } });
});

test("A deployment is written once: what a back end changes afterwards stays, until another deployment comes", () => {
  const once = deploy({ x: 1, y: 1 });
  assert.deepEqual(after(once, patch({ x: 2, mine: 3 }), once).desired.values, { x: 2, y: 1, mine: 3 });
  const other = deploy({ x: 1, y: 1 }, { id: "e", digest: "2" });
  assert.deepEqual(after(once, patch({ x: 2 }), other).desired.values, { x: 1, y: 1 });
  assert.deepEqual(after(once, other, patch({ x: 2 }), once).desired.values, { x: 1, y: 1 });
  const single = deploy({ x: 1 });
  assert.deepEqual(after(single, patch({ x: 2 }), single).desired.values, { x: 2 });
  const empty = deploy({});
  assert.deepEqual(after(patch({ x: 2 }), empty).desired.values, {});
  assert.deepEqual(after(empty, patch({ x: 2 }), empty).desired.values, { x: 2 });
  assert.deepEqual(decideTwin(empty, after(empty)), []);
});

// spec/twins-methods-jobs 12: the last content stays until another one applies
test("Without a deployment the content stays, and only the account changes", () => {
  const there = after(deploy({ x: 1 }, { configurations: configurationsOf("d") }));
  assert.deepEqual(there.configurations, configurationsOf("d"));
  const gone: TwinCommand = { type: "DeployToTwin", data: { configurations: {} }, meta: { now: at2 } };
  const after1 = decideTwin(gone, there).reduce(evolveTwin, there);
  assert.deepEqual([after1.desired.values, after1.configurations], [{ x: 1 }, undefined]);
});

test("A module without an account keeps what it has of other configurations", () => {
  const twin = after(configure({ plain: { a: 1 } }), deploy({ x: 1 }, { replaces: false }));
  assert.deepEqual([twin.desired.values, twin.configurations], [{ a: 1, x: 1 }, configurationsOf("plain")]);
  assert.deepEqual(decideTwin(configure({ plain: { a: 1 } }), twin), []);
  const withdrawn = decideTwin(configure({}), twin).reduce(evolveTwin, twin);
  assert.deepEqual(withdrawn.desired.values, { x: 1 });
});

test("Content that the twin has no room for is not written", () => {
  const large = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`k${i}`, "x".repeat(4000)]));
  const both = deploy({ a: "y".repeat(4000) }, { replaces: false, configurations: configurationsOf("d") });
  const twin = after(patch(large), both);
  assert.deepEqual(twin.configurations, { d: { status: "Targeted" } });
  assert.deepEqual(twin.desired.values, large);
  assert.deepEqual(decideTwin(both, twin), []);
});
