import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessEvent } from "../../../../core/access/policies.ts";
import { newEventMeta } from "../../../../core/journal/event-meta.ts";
import { execute } from "../../../../core/journal/execute.ts";
import { type MemoryHub, memoryHub, refusal } from "../../../support/memory-hub.ts";

const key = { aggregate: "hub", id: "access" } as const;
const actor = { kind: "policy", policy: "iothubowner" } as const;

/** Adds a policy of this name to those that are there. */
function addPolicy(hub: MemoryHub, keyName: string, seen: number[] = []) {
  const load = () => ({
    state: hub.readModel.policies()?.value ?? [],
    sequence: hub.readModel.policies()?.sequence ?? 0,
  });
  const meta = newEventMeta(hub, { actor, correlationId: "request-1" });
  const decide = (policies: ReturnType<typeof load>["state"]): readonly AccessEvent[] => {
    seen.push(policies.length);
    const added = { keyName, rights: [], primaryKey: "p", secondaryKey: "s" };
    return [{ type: "SharedAccessPoliciesSet", data: { policies: [...policies, added], at: meta.time } }];
  };
  return execute({ ...hub, key, load, decide, meta });
}

test("a decision is appended, and the caller reads its own write", async () => {
  const hub = memoryHub();
  hub.lagging = true;
  const { state, sequence, events } = await addPolicy(hub, "first");
  assert.equal(sequence, 1);
  assert.deepEqual(
    state.map(({ keyName }) => keyName),
    ["first"],
  );
  assert.equal(events.length, 1);
  assert.deepEqual(hub.events[0]?.meta, {
    id: "uuid-1",
    time: "2026-03-01T12:00:00.000Z",
    actor,
    correlationId: "request-1",
  });
});

test("after a lost race it decides again on what the winner wrote", async () => {
  const hub = memoryHub();
  hub.lagging = true;
  const seen: number[] = [];
  await Promise.all([addPolicy(hub, "first"), addPolicy(hub, "second", seen)]);
  assert.deepEqual(seen, [0, 1]);
  assert.deepEqual(
    hub.readModel.policies()?.value.map(({ keyName }) => keyName),
    ["first", "second"],
  );
});

test("20 writers at once all get through", async () => {
  const hub = memoryHub();
  await Promise.all(Array.from({ length: 20 }, (_, index) => addPolicy(hub, `policy-${index}`)));
  assert.equal(hub.readModel.policies()?.value.length, 20);
});

test("an aggregate that loads as absent is appended after its last event", async () => {
  const hub = memoryHub();
  await addPolicy(hub, "deleted");
  const meta = newEventMeta(hub, { actor, correlationId: "request-1" });
  const event = { type: "SharedAccessPoliciesSet", data: { policies: [], at: meta.time } } as const;
  const load = () => ({ state: undefined, sequence: 0 });
  await execute({ ...hub, key, load, decide: () => [event], meta });
  assert.equal(hub.events.length, 2);
});

test("no event is no append", async () => {
  const hub = memoryHub();
  const meta = newEventMeta(hub, { actor, correlationId: "request-1" });
  const result = await execute({
    ...hub,
    key,
    load: () => ({ state: "as it was", sequence: 0 }),
    decide: () => [],
    meta,
  });
  assert.deepEqual(result, { state: "as it was", sequence: 0, events: [] });
  assert.equal(hub.events.length, 0);
});

test("a writer that loses every race gives up with a retryable error", async () => {
  const hub = memoryHub();
  let rivals = 0;
  hub.beforeAppend = async () => {
    const beforeAppend = hub.beforeAppend;
    hub.beforeAppend = () => {};
    rivals += 1;
    await addPolicy(hub, `rival-${rivals}`);
    hub.beforeAppend = beforeAppend;
  };
  await assert.rejects(addPolicy(hub, "loser"), refusal("ServiceUnavailable"));
  assert.equal(rivals, 20);
});
