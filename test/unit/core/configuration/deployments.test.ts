import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../core/json.ts";
import { owner } from "../../../support/domain-hub.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { type ConfiguredHub, configuredHub } from "./hub-fixture.ts";

const root = "properties.desired";
const edge = { capabilities: { iotEdge: true } };
const content = (image: number): JsonObject => ({
  $edgeAgent: { [root]: { modules: { m: { image } } } },
  $edgeHub: { [root]: { routes: { r: "x" } } },
  m: { [root]: { setting: image } },
});
const deployment = (image: number, priority = 0, targetCondition = "*"): JsonObject => ({
  content: { modulesContent: content(image) },
  targetCondition,
  priority,
});

const moduleIds = ({ hub }: ConfiguredHub, deviceId: string) =>
  hub.registry.listModules(deviceId).map(({ module }) => module.moduleId);

// spec/twins-methods-jobs 12: modulesContent
test("A deployment goes to the modules of IoT Edge devices, which it makes, and its account to the agent", async (t) => {
  const bench = await configuredHub(t);
  const { hub, journal, pass, device, configure, desired, standing } = bench;
  await device("edge-1", {}, edge);
  await device("plain");
  await configure("d", deployment(1));
  await pass();
  assert.deepEqual(desired("edge-1", "$edgeAgent"), { modules: { m: { image: 1 } } });
  assert.deepEqual(desired("edge-1", "$edgeHub"), { routes: { r: "x" } });
  assert.deepEqual(desired("edge-1", "m"), { setting: 1 });
  assert.deepEqual(moduleIds(bench, "edge-1"), ["$edgeAgent", "$edgeHub", "m"]);
  assert.equal(hub.registry.getModule("edge-1", "m").module.fields.managedBy, "IotEdge");
  assert.deepEqual(standing("edge-1", "$edgeAgent"), ["d Applied"]);
  assert.deepEqual([standing("edge-1", "m"), standing("edge-1"), moduleIds(bench, "plain")], [[], [], []]);
  const written = journal.events.filter(({ event }) => event.type === "TwinConfigured").map(({ key }) => key.moduleId);
  assert.equal(written.at(-1), "$edgeAgent");
  const { length } = journal.events;
  await pass();
  assert.equal(journal.events.length, length);
});

test("The strongest deployment wins, and the last one's content stays until another comes", async (t) => {
  const { pass, device, configure, remove, desired, standing } = await configuredHub(t);
  await device("e", { tags: { ring: 1 } }, edge);
  await configure("one", deployment(1));
  await pass();
  await configure("two", deployment(2, 5, "tags.ring = 1"));
  await pass();
  assert.deepEqual([desired("e", "m"), standing("e", "$edgeAgent")], [{ setting: 2 }, ["one Targeted", "two Applied"]]);
  await remove("two");
  await pass();
  assert.deepEqual([desired("e", "m"), standing("e", "$edgeAgent")], [{ setting: 1 }, ["one Applied"]]);
  await remove("one");
  await pass();
  assert.deepEqual([desired("e", "m"), standing("e", "$edgeAgent")], [{ setting: 1 }, []]);
});

test("What a back end changes of a deployed module stays, and a configuration of modules lies upon it", async (t) => {
  const { hub, journal, pass, device, configure, remove, desired } = await configuredHub(t);
  await device("e", {}, edge);
  await configure("d", deployment(1));
  await pass();
  await hub.twins.update({ deviceId: "e", moduleId: "m", desired: { setting: 7, mine: 1 }, ...owner });
  await configure("c", {
    content: { moduleContent: { [`${root}.level`]: 3 } },
    targetCondition: "from devices.modules where moduleId = 'm'",
  });
  await pass();
  assert.deepEqual(desired("e", "m"), { setting: 7, mine: 1, level: 3 });
  await configure("d2", deployment(2, 1));
  await pass();
  await pass();
  assert.deepEqual(desired("e", "m"), { setting: 2, level: 3 });
  const { length } = journal.events;
  await pass();
  assert.equal(journal.events.length, length);
  await remove("c");
  await pass();
  assert.deepEqual(desired("e", "m"), { setting: 2 });
});

test("A module that is deleted is made and deployed again, one that can't be made is left out", async (t) => {
  const bench = await configuredHub(t);
  const { hub, pass, device, configure, desired } = bench;
  await device("e", {}, edge);
  await configure("d", deployment(1));
  await pass();
  await hub.registry.deleteModule({ deviceId: "e", moduleId: "m", ...owner });
  await pass();
  assert.deepEqual(desired("e", "m"), { setting: 1 });
});

// spec/http-api 7: applyConfigurationContent
test("Content is applied once to one device, as the caller's own write", async (t) => {
  const { hub, journal, pass, device, desired, standing } = await configuredHub(t);
  await device("e", {}, edge);
  const layer = { m: { [`${root}.a.b`]: 1, [`${root}.gone`]: null } };
  await hub.configurations.applyContent({ deviceId: "e", body: { modulesContent: content(1) }, ...owner });
  assert.deepEqual([desired("e", "m"), desired("e", "$edgeHub")], [{ setting: 1 }, { routes: { r: "x" } }]);
  await hub.twins.update({ deviceId: "e", moduleId: "m", desired: { gone: 1 }, ...owner });
  await hub.configurations.applyContent({ deviceId: "e", body: { modulesContent: layer }, ...owner });
  assert.deepEqual(desired("e", "m"), { setting: 1, a: { b: 1 } });
  assert.deepEqual(journal.ofType("TwinConfigured"), []);
  assert.ok(journal.events.every(({ event, meta }) => event.type !== "TwinReplaced" || meta.actor.kind === "policy"));
  await pass();
  assert.deepEqual([desired("e", "m"), standing("e", "$edgeAgent")], [{ setting: 1, a: { b: 1 } }, []]);
});

// spec/http-api 7, 404001, 400402, 409402
test("Content is refused for what is no IoT Edge device, for other content, and while it is being applied", async (t) => {
  const { hub, device } = await configuredHub(t);
  await device("d");
  await device("e", {}, edge);
  const apply = (deviceId: string, body: JsonObject) => hub.configurations.applyContent({ deviceId, body, ...owner });
  const modulesContent = content(1);
  await assert.rejects(apply("nobody", { modulesContent }), refusal("DeviceNotFound"));
  await assert.rejects(apply("d", { modulesContent }), refusal("InvalidConfigurationContent"));
  const deviceContent = { [`${root}.a`]: 1 };
  await assert.rejects(apply("e", { deviceContent }), refusal("InvalidConfigurationContent"));
  await assert.rejects(apply("e", {}), refusal("InvalidConfigurationContent"));
  const first = apply("e", { modulesContent });
  await assert.rejects(apply("e", { modulesContent }), refusal("ApplyConfigurationAlreadyInProgressOnDevice"));
  await first;
  await apply("e", { modulesContent });
});
