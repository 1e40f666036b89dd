import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Actor, RecordedEvent } from "../../../core/events.ts";
import type { HistoryFilter, ReadModel } from "../../../core/ports.ts";
import { dawn, deviceCreated, moduleCreated, record, reportedPatched } from "../../support/events.ts";
import { openViews, temporaryFolder } from "../../support/views.ts";

const policy = (name: string): Actor => ({ kind: "policy", policy: name });
const d1 = { deviceId: "d1" };
const m1 = { ...d1, moduleId: "m1" };

/** Events 1 to 8, with who did them and for what. */
const life: readonly RecordedEvent[] = record([
  deviceCreated("d1"),
  moduleCreated("d1", "m1"),
  reportedPatched(d1, { a: 1 }),
  reportedPatched(m1, { a: 1 }, { generationId: "11" }),
  reportedPatched(d1, { a: 2 }),
  reportedPatched(m1, { a: 2 }, { generationId: "11" }),
  deviceCreated("d2"),
  reportedPatched(d1, { a: 3 }),
]).map((event, index) => {
  const actors: readonly Actor[] = [
    policy("p"),
    policy("p"),
    { kind: "device", ...d1 },
    { kind: "device", ...m1 },
    { kind: "hub", nodeId: "n" },
    { kind: "device", ...d1 },
    policy("q"),
    { kind: "device", deviceId: "d2" },
  ];
  const correlationIds = ["r1", "r1", "c1", "c2", "job:j", "c1", "r1", "c1"];
  const [actor, correlationId] = [actors[index] ?? policy("?"), correlationIds[index] ?? "?"];
  return { ...event, meta: { ...event.meta, actor, correlationId } };
});

const cases: readonly (readonly [string, Partial<HistoryFilter>, readonly number[]])[] = [
  ["of the device and its module", {}, [1, 2, 3, 4, 5, 6, 8]],
  ["of the device itself", { moduleId: "" }, [1, 3, 5, 8]],
  ["of the module", { moduleId: "m1" }, [2, 4, 6]],
  ["of a module that never was", { moduleId: "m2" }, []],
  ["from a sequence up to another", { fromSequence: 3, toSequence: 5 }, [3, 4, 5]],
  ["up to a sequence, backwards", { toSequence: 6, descending: true, limit: 3 }, [6, 5, 4]],
  ["by one policy", { actor: { kind: "policy", actor: policy("p") } }, [1, 2]],
  ["by policies", { actor: { kind: "policy" } }, [1, 2]],
  ["by devices, of this device and others", { actor: { kind: "device" } }, [3, 6, 8]],
  ["by the device itself", { actor: { kind: "device", actor: { kind: "device", ...d1 } } }, [3, 6]],
  ["by another device", { actor: { kind: "device", actor: { kind: "device", deviceId: "d2" } } }, [8]],
  ["by modules", { actor: { kind: "module" } }, [4]],
  ["by one module", { actor: { kind: "module", actor: { kind: "device", ...m1 } } }, [4]],
  ["by nodes", { actor: { kind: "hub" } }, [5]],
  ["by nobody there is", { actor: { kind: "hub", actor: { kind: "hub", nodeId: "x" } } }, []],
  ["of one cause", { correlationId: "c1" }, [3, 6, 8]],
  ["of one cause, backwards", { correlationId: "c1", descending: true, limit: 2 }, [8, 6]],
  ["of one cause and module", { correlationId: "c1", moduleId: "m1" }, [6]],
  ["of one cause and type", { correlationId: "r1", types: ["ModuleCreated"] }, [2]],
  ["of no cause there is", { correlationId: "toString" }, []],
];

for (const [name, filter, expected] of cases) {
  test(`history: ${name}`, (t) => {
    const { projector, read, store } = openViews(join(temporaryFolder(t), "views.db"));
    t.after(() => store.close());
    projector.apply(life);
    assert.deepEqual(read.history({ ...d1, limit: 100, ...filter }), expected);
  });
}

test("events of one cause are found over devices, in pages and over segments of the journal", (t) => {
  const { projector, read, store } = openViews(join(temporaryFolder(t), "views.db"));
  t.after(() => store.close());
  projector.apply(life);
  const late = 65_536 * 3 + 10;
  projector.apply(life.map((event) => ({ ...event, sequence: event.sequence + late })));
  assert.deepEqual(read.correlated("r1", { afterSequence: 0, limit: 10 }), [1, 2, 7, late + 1, late + 2, late + 7]);
  assert.deepEqual(read.correlated("r1", { afterSequence: 2, limit: 2 }), [7, late + 1]);
  assert.deepEqual(read.correlated("r1", { afterSequence: late + 2, limit: 2 }), [late + 7]);
  assert.deepEqual(read.correlated("x", { afterSequence: 0, limit: 10 }), []);
});

test("history by time is that of a look at every event, though clocks differ by minutes", (t) => {
  const start = Date.parse(dawn);
  const skewed = fc.array(fc.record({ step: fc.nat(200_000), skew: fc.nat(299_000) }), { minLength: 1, maxLength: 60 });
  const bounds = fc.record({ from: fc.nat(6_000_000), length: fc.nat(6_000_000), descending: fc.boolean() });
  let runs = 0;
  const { projector, read, store } = openViews(join(temporaryFolder(t), "views.db"));
  t.after(() => store.close());
  fc.assert(
    fc.property(skewed, fc.array(bounds, { minLength: 5, maxLength: 5 }), (steps, windows) => {
      runs += 1;
      const deviceId = `t${runs}`;
      let ms = start;
      const events = record(
        steps.map(() => reportedPatched({ deviceId }, {})),
        projector.appliedSequence() + 1,
      ).map((event, index) => {
        ms += steps[index]?.step ?? 0;
        const time = new Date(ms + (steps[index]?.skew ?? 0)).toISOString();
        return { ...event, meta: { ...event.meta, time } };
      });
      projector.apply(events);
      for (const window of windows) check(read, deviceId, events, window);
    }),
    { numRuns: 40 },
  );

  function check(
    model: ReadModel,
    deviceId: string,
    events: readonly RecordedEvent[],
    window: { readonly from: number; readonly length: number; readonly descending: boolean },
  ): void {
    const [from, to] = [window.from, window.from + window.length].map((ms) => new Date(start + ms).toISOString());
    if (from === undefined || to === undefined) return;
    const inWindow = events.filter(({ meta }) => meta.time >= from && meta.time <= to).map(({ sequence }) => sequence);
    const { descending } = window;
    const found = model.history({ deviceId, from, to, descending, limit: 1000 });
    assert.deepEqual(found, descending ? inWindow.toReversed() : inWindow);
  }
});
