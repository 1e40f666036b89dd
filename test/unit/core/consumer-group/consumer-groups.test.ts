import assert from "node:assert/strict";
import { test } from "node:test";
import { createConsumerGroups } from "../../../../core/consumer-group/consumer-groups.ts";
import { type MemoryHub, memoryHub, refusal } from "../../../support/memory-hub.ts";

const owner = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "request-1" } as const;

const namesOf = (hub: MemoryHub): readonly string[] =>
  createConsumerGroups(hub)
    .list()
    .map(({ name }) => name);

// spec/messaging 3
test("a hub without any event has $Default", () => {
  const groups = createConsumerGroups(memoryHub());
  assert.deepEqual(groups.list(), [{ name: "$Default", etag: "MA==", createdTime: null }]);
  assert.equal(groups.get("$default").name, "$Default");
  assert.deepEqual([groups.exists("$DEFAULT"), groups.exists("archive"), groups.exists("")], [true, false, false]);
  assert.throws(() => groups.get("archive"), refusal("GenericNotFound"));
});

// spec/messaging 3, spec/amqp 9: names are compared in any case.
test("a group is created, found in any case, listed by name and deleted", async () => {
  const hub = memoryHub();
  hub.lagging = true;
  const groups = createConsumerGroups(hub);
  await groups.create({ ...owner, name: "Live" });
  const archive = await groups.create({ ...owner, name: "Archive" });
  assert.equal(archive.createdTime, "2026-03-01T12:00:00.000Z");
  assert.deepEqual(namesOf(hub), ["$Default", "Archive", "Live"]);
  assert.deepEqual(groups.get("ARCHIVE"), archive);
  assert.deepEqual(await groups.create({ ...owner, name: "archive" }), archive);
  assert.deepEqual(hub.events[0]?.key, { aggregate: "hub", id: "consumer-groups" });
  assert.deepEqual(hub.events[0]?.meta.actor, owner.actor);
  await groups.delete({ ...owner, name: "LIVE" });
  assert.equal(groups.exists("Live"), false);
  assert.equal(hub.events.length, 3);
});

test("when the last group is gone another one can come", async () => {
  const hub = memoryHub();
  const groups = createConsumerGroups(hub);
  await groups.create({ ...owner, name: "a" });
  await groups.delete({ ...owner, name: "a" });
  await groups.create({ ...owner, name: "a" });
  assert.deepEqual(namesOf(hub), ["$Default", "a"]);
});

// spec/messaging 3: up to 20 per hub, also when they are created at once.
test("of many creations at once the first 19 get through", async () => {
  const hub = memoryHub();
  const groups = createConsumerGroups(hub);
  for (let index = 0; index < 12; index += 1) await groups.create({ ...owner, name: `early-${index}` });
  const creations = Array.from({ length: 10 }, (_, index) => groups.create({ ...owner, name: `late-${index}` }));
  const outcomes = await Promise.allSettled(creations);
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 7);
  assert.equal(namesOf(hub).length, 20);
});
