import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RecordedEvent } from "../../../../core/events.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import { HubError } from "../../../../core/hub-error.ts";
import type { LiveCall } from "../../../../core/method/live-call.ts";
import type { Journal, Live } from "../../../../core/ports.ts";
import { domainHub, type NodeJournal, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { stackScope } from "../../../support/suite-scope.ts";
import {
  chunksIn,
  createJob,
  methodCall,
  outcomesIn,
  stoppedClock,
  tagUpdate,
} from "../../../unit/core/job/jobs-fixture.ts";

const deviceIds = ["a", "b", "c", "d"];
const never = new AbortController().signal;

/**
 * What befalls a node, if anything: after so many of its appends it is killed, or the next one fails. That one is stored all
 * the same, or not.
 */
type Trouble =
  | { readonly kind: "killed" | "failing"; readonly afterAppends: number; readonly isStored: boolean }
  | undefined;

type NodeOf = {
  readonly name: string;
  readonly scheduler: fc.Scheduler;
  readonly trouble: Trouble;
  /** Aborted when the run is over: what is still on its way reaches nobody. */
  readonly over: AbortSignal;
};

/** The journal as a node has it whose appends, answers and events come in an order that the scheduler chooses. */
function nodeJournal(base: SharedJournal, { name, scheduler, trouble, over }: NodeOf): NodeJournal {
  let appends = 0;
  const forEver = new Promise<never>(() => {});
  const append: Journal["append"] = async (key, event, expected) => {
    appends += 1;
    const beyond = trouble === undefined ? 0 : appends - trouble.afterAppends;
    const isHit = beyond === 1 || (beyond > 1 && trouble?.kind === "killed");
    if (isHit && !(beyond === 1 && trouble?.isStored)) return await lost();
    await scheduler.schedule(Promise.resolve(), `${name} sends ${event.event.type}`);
    const result = await base.port.append(key, event, expected);
    if (isHit) return await lost();
    await scheduler.schedule(Promise.resolve(), `${name} hears of ${event.event.type}`);
    return result;
  };
  const lost = async (): Promise<never> => {
    if (trouble?.kind === "killed") return await forEver;
    throw new HubError("ServiceUnavailable", "out of reach");
  };
  return {
    events: base.events,
    port: { ...base.port, append },
    follow(follower) {
      // In order, but as late as the scheduler likes.
      let before = Promise.resolve();
      base.follow((events: readonly RecordedEvent[]) => {
        const due = scheduler.schedule(Promise.resolve(), `${name} applies`);
        before = Promise.all([before, due]).then(() => {
          if (!over.aborted) follower(events);
        });
      });
    },
  };
}

/** Devices that answer whoever reaches them, and count how often they are called. */
function countingLive(scheduler: fc.Scheduler): Live & { readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  return {
    calls,
    async request({ deviceId }, _call: LiveCall) {
      calls.set(deviceId, (calls.get(deviceId) ?? 0) + 1);
      await scheduler.schedule(Promise.resolve(), `${deviceId} answers`);
      return { kind: "answered", status: 200, payload: null };
    },
    serve: () => ({ ready: Promise.resolve(), stop: () => {} }),
  };
}

const trouble: fc.Arbitrary<Trouble> = fc.option(
  fc.record({
    kind: fc.constantFrom("killed", "failing"),
    afterAppends: fc.integer({ min: 0, max: 12 }),
    isStored: fc.boolean(),
  }),
  { nil: undefined },
);

// spec/twins-methods-jobs 11
for (const kind of ["twin", "method"] as const) {
  test(`however two nodes work on a chunk of a ${kind} job, whatever befalls them, each target is done once`, async () => {
    const property = fc.asyncProperty(fc.scheduler(), trouble, trouble, async (scheduler, ofFirst, ofSecond) => {
      await using stack = new AsyncDisposableStack();
      const scope = stackScope(stack);
      const journal = new SharedJournal();
      const clock = stoppedClock();
      const setup = await domainHub(scope, journal, "setup", clock);
      for (const deviceId of deviceIds) await setup.registry.putDevice({ deviceId, body: {}, ...owner });
      await createJob(setup, "j", kind === "twin" ? tagUpdate({ x: 1 }) : methodCall("m"));
      await setup.jobs.advanceDue(never);
      const [work] = chunksIn(journal);
      assert.ok(work);

      const live = countingLive(scheduler);
      const over = new AbortController();
      const open = (name: string, befalls: Trouble): Promise<Hub> => {
        const node = nodeJournal(journal, { name, scheduler, trouble: befalls, over: over.signal });
        return domainHub(scope, node, name, clock, live);
      };
      const [first, second] = [
        await open("first", ofFirst),
        // One of them lives on.
        await open("second", ofSecond && { ...ofSecond, kind: "failing" }),
      ];
      stack.defer(() => over.abort());
      // The first may be dead, slow, or both at work at once: the second is given the chunk in any case.
      // What the first still does when all is done finds its views closed, which concerns nobody.
      first.jobs.runChunk(work, never).catch(() => {});
      const finish = async (): Promise<void> => {
        while ((await second.jobs.runChunk(work, never)) !== "done");
      };
      await scheduler.waitFor(finish());
      await scheduler.waitAll();
      // The node that was to end the job may be the one that was killed.
      await setup.jobs.advanceDue(never);

      const deeds = journal.events.flatMap(({ event: { type }, key }) =>
        type === "TwinUpdated" || type === "MethodCalled" ? [key.id] : [],
      );
      assert.deepEqual(deeds.toSorted(), deviceIds);
      assert.deepEqual(
        outcomesIn(journal)
          .map(({ deviceId }) => deviceId)
          .toSorted(),
        deviceIds,
      );
      assert.ok([...live.calls.values()].every((count) => count === 1));
      for (const outcome of outcomesIn(journal)) {
        if (outcome.status === "failed") assert.equal(outcome.error.code, "OutcomeUnknown");
        else assert.ok(kind === "twin" || live.calls.has(outcome.deviceId));
      }
      const { status, run } = setup.jobs.get("j");
      assert.deepEqual([status, run?.counts.pending, run?.counts.running], ["completed", 0, 0]);
      if (kind === "twin") assert.equal(run?.counts.completed, deviceIds.length);
    });
    await fc.assert(property, { numRuns: 40 });
  });
}
