import assert from "node:assert/strict";
import { test } from "node:test";
import { connectDevice, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { configuredHub, setting } from "./hub-fixture.ts";

// spec/twins-methods-jobs 12
test("A pass configures the devices that are targeted, and tells those that are connected", async (t) => {
  const { hub, pass, device, configure, desired, standing } = await configuredHub(t);
  await device("d1", { tags: { site: "A" } });
  await device("d2", { tags: { site: "B" } });
  const { session } = await connectDevice(hub, "d1");
  await configure("c", setting({ net: { on: true } }, "tags.site = 'A'"));
  assert.deepEqual(desired("d1"), {});
  await pass();
  assert.deepEqual([desired("d1"), desired("d2")], [{ net: { on: true } }, {}]);
  assert.deepEqual([standing("d1"), standing("d2")], [["c Applied"], []]);
  assert.deepEqual(session.told, [{ patch: { net: { on: true } }, version: 2 }]);
});

test("A pass that finds nothing to do writes nothing", async (t) => {
  const { journal, pass, device, configure } = await configuredHub(t);
  for (const id of ["d1", "d2", "d3"]) await device(id);
  await configure("a", setting({ x: 1 }));
  await configure("b", setting({ x: 2, y: 2 }));
  await pass();
  assert.equal(journal.ofType("TwinConfigured").length, 3);
  const { length } = journal.events;
  await pass();
  await pass();
  assert.equal(journal.events.length, length);
});

// spec/twins-methods-jobs 12: leaves the target, deleted, retargeted
test("A twin that leaves the target, or whose configuration goes, gets the next strongest or nothing", async (t) => {
  const { hub, pass, device, configure, remove, desired, standing } = await configuredHub(t);
  await device("d", { tags: { site: "A" }, desired: { mine: 1 } });
  await configure("strong", setting({ x: 1 }, "tags.site = 'A'", 2));
  await configure("weak", setting({ x: 2 }, "*", 1));
  await pass();
  assert.deepEqual([desired("d"), standing("d")], [{ mine: 1, x: 1 }, ["strong Applied", "weak Targeted"]]);
  await hub.twins.update({ deviceId: "d", tags: { site: "B" }, ...owner });
  await pass();
  assert.deepEqual([desired("d"), standing("d")], [{ mine: 1, x: 2 }, ["weak Applied"]]);
  await configure("weak", { targetCondition: "" });
  await pass();
  assert.deepEqual([desired("d"), standing("d")], [{ mine: 1 }, []]);
  await configure("strong", { targetCondition: "deviceId = 'd'" });
  await pass();
  assert.deepEqual(desired("d"), { mine: 1, x: 1 });
  await remove("strong");
  await pass();
  assert.deepEqual([desired("d"), standing("d")], [{ mine: 1 }, []]);
});

test("A change of priority is seen though statuses stay as they are", async (t) => {
  const { pass, device, configure, desired } = await configuredHub(t);
  await device("d");
  await configure("a", setting({ x: 1, a: 1 }, "*", 1));
  await configure("b", setting({ x: 2, b: 1 }, "*", 0));
  await pass();
  assert.deepEqual(desired("d"), { x: 1, a: 1, b: 1 });
  await configure("b", { priority: 2 });
  await pass();
  assert.deepEqual(desired("d"), { x: 2, a: 1, b: 1 });
});

test("A configuration that is created anew with another content is another one", async (t) => {
  const { pass, device, configure, remove, desired } = await configuredHub(t);
  await device("d");
  await configure("c", setting({ x: 1, old: 1 }));
  await pass();
  await remove("c");
  await configure("c", setting({ x: 2 }));
  await pass();
  assert.deepEqual(desired("d"), { x: 2 });
});

test("What a back end writes over a configuration is found, by a node that never made a pass too", async (t) => {
  const journal = new SharedJournal();
  const { hub, pass, device, configure, desired } = await configuredHub(t, journal);
  await device("d");
  await configure("c", setting({ x: 1 }));
  await pass();
  await hub.twins.update({ deviceId: "d", desired: { x: 2 }, ...owner });
  const other = await configuredHub(t, journal);
  await other.pass();
  assert.deepEqual([desired("d"), other.desired("d")], [{ x: 1 }, { x: 1 }]);
  const { length } = journal.events;
  await Promise.all([pass(), other.pass()]);
  assert.equal(journal.events.length, length);
});

test("A device that is made anew is configured anew, and one that is gone is not missed", async (t) => {
  const { hub, pass, device, configure, desired, standing } = await configuredHub(t);
  await device("d");
  await device("gone");
  await configure("c", setting({ x: 1 }));
  await pass();
  for (const deviceId of ["d", "gone"]) await hub.registry.deleteDevice({ deviceId, ...owner });
  await device("d");
  assert.deepEqual([desired("d"), standing("d")], [{}, []]);
  await pass();
  assert.deepEqual([desired("d"), standing("d")], [{ x: 1 }, ["c Applied"]]);
});

test("More devices than a page holds are all configured, once each, by two nodes at once", async (t) => {
  const journal = new SharedJournal();
  const { pass, device, configure, remove, desired } = await configuredHub(t, journal);
  const ids = Array.from({ length: 620 }, (_, index) => `d${index}`);
  for (const id of ids) await device(id, id.endsWith("0") ? { tags: { tens: true } } : {});
  await configure("all", setting({ x: 1 }));
  await configure("tens", setting({ x: 2 }, "tags.tens = true", 1));
  const other = await configuredHub(t, journal);
  await Promise.all([pass(), other.pass()]);
  assert.equal(journal.ofType("TwinConfigured").length, ids.length);
  assert.deepEqual([desired("d10"), desired("d11")], [{ x: 2 }, { x: 1 }]);
  await remove("all");
  await pass();
  assert.deepEqual([desired("d10"), desired("d11")], [{ x: 2 }, {}]);
});

test("A pass that is ended stops, and the next one does the rest", async (t) => {
  const { hub, journal, pass, device, configure } = await configuredHub(t);
  await device("d");
  await configure("c", setting({ x: 1 }));
  await hub.configurations.pass(AbortSignal.abort());
  assert.equal(journal.ofType("TwinConfigured").length, 0);
  await pass();
  assert.equal(journal.ofType("TwinConfigured").length, 1);
});

// spec/twins-methods-jobs 12: moduleContent
test("Modules are configured by a condition on modules, but for the system modules", async (t) => {
  const { hub, pass, device, configure, desired, standing } = await configuredHub(t);
  await device("edge", {}, { capabilities: { iotEdge: true } });
  await device("d");
  for (const key of [
    { deviceId: "edge", moduleId: "m" },
    { deviceId: "d", moduleId: "m" },
    { deviceId: "d", moduleId: "n" },
  ]) {
    await hub.registry.putModule({ ...key, body: {}, ...owner });
  }
  const content = { moduleContent: { "properties.desired.x": 1 } };
  await configure("c", { content, targetCondition: "from devices.modules where moduleId != 'n'" });
  await pass();
  assert.deepEqual([desired("d", "m"), desired("edge", "m")], [{ x: 1 }, { x: 1 }]);
  assert.deepEqual([desired("d", "n"), desired("edge", "$edgeAgent"), desired("d")], [{}, {}, {}]);
  assert.deepEqual([standing("d", "m"), standing("edge", "$edgeAgent")], [["c Applied"], []]);
});

test("An event names its pass and the node that made it, and stands in the device's history", async (t) => {
  const { hub, journal, pass, device, configure } = await configuredHub(t);
  await device("d");
  await configure("c", setting({ x: 1 }));
  await pass();
  const found = journal.events.find(({ event }) => event.type === "TwinConfigured");
  assert.deepEqual(found?.meta.actor, { kind: "hub", nodeId: "node-1" });
  const { events } = await hub.history.page({ deviceId: "d", limit: 10 });
  assert.deepEqual(
    events.map(({ event }) => event.type),
    ["DeviceCreated", "TwinConfigured"],
  );
  await assert.rejects(hub.history.page({ deviceId: "c", limit: 10 }), { reason: "DeviceNotFound" });
});
