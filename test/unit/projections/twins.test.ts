import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  bornVersions,
  dawn,
  deviceCreated,
  deviceDeleted,
  moduleCreated,
  record,
  reportedPatched,
  twinReplaced,
  twinUpdated,
} from "../../support/events.ts";
import { given, openViews, temporaryFolder } from "../../support/views.ts";

const d1 = { deviceId: "d1" };

// spec/twins-methods-jobs 2 and 7
test("a twin is born with its device", (t) => {
  given(t, deviceCreated("d1", { generationId: "7" })).check((read) => {
    const empty = { values: {}, metadata: { $lastUpdated: dawn }, version: 1 };
    const value = { generationId: "7", version: 2, etag: "AAAAAAAAAAE=", tags: {}, desired: empty, reported: empty };
    assert.deepEqual(read.twin(d1), { value, sequence: 0 });
  });
});

// spec/http-api 2.4
test("a twin may be born with tags and desired properties", (t) => {
  const twin = { tags: { floor: 3 }, desired: { interval: 5 } };
  given(t, deviceCreated("d1", { twin }), moduleCreated("d1", "m1", { twin })).check((read) => {
    for (const key of [d1, { ...d1, moduleId: "m1" }]) {
      const born = read.twin(key)?.value;
      assert.deepEqual(born?.tags, { floor: 3 });
      assert.deepEqual(born.desired.values, { interval: 5 });
      assert.equal(born.desired.version, 1);
    }
  });
});

// spec/twins-methods-jobs 4
test("updates merge, replacements replace, reports merge into what the device said before", (t) => {
  const first = twinUpdated(d1, { tags: { floor: 3, room: "a" }, desired: { mode: { fast: true } } });
  const second = twinReplaced(d1, { tags: { floor: 4 } });
  const reports = [reportedPatched(d1, { a: 1, b: { c: [1, 2] } }), reportedPatched(d1, { a: null, b: { d: "x" } })];
  given(t, deviceCreated("d1"), first, second, ...reports).check((read) => {
    const twin = read.twin(d1);
    assert.deepEqual(twin?.value.tags, { floor: 4 });
    assert.deepEqual(twin.value.desired.values, { mode: { fast: true } });
    assert.equal(twin.value.desired.version, 2);
    assert.deepEqual(twin.value.reported.values, { b: { c: [1, 2], d: "x" } });
    assert.equal(twin.value.reported.version, 2);
    assert.equal(twin.sequence, 5);
  });
});

// spec/twins-methods-jobs 1
test("a module's twin is apart from its device's", (t) => {
  const module = { ...d1, moduleId: "m1" };
  const report = reportedPatched(module, { up: true }, { generationId: "11" });
  given(t, deviceCreated("d1"), moduleCreated("d1", "m1"), report).check((read) => {
    assert.deepEqual(read.twin(module)?.value.reported.values, { up: true });
    assert.equal(read.twin(module)?.sequence, 3);
    assert.deepEqual(read.twin(d1)?.value.reported.values, {});
    assert.equal(read.twin(d1)?.sequence, 0);
  });
});

// spec/twins-methods-jobs 7
test("a device created again has an empty twin, and late events of the earlier one count for nothing", (t) => {
  const again = deviceCreated("d1", { generationId: "2" });
  const late = twinUpdated(d1, { tags: { old: true } }, { generationId: "1" });
  given(t, deviceCreated("d1"), twinUpdated(d1, { tags: { old: true } }), deviceDeleted("d1"), again, late).check(
    (read) => {
      assert.deepEqual(read.twin(d1)?.value.tags, {});
      assert.equal(read.twin(d1)?.value.version, bornVersions.version);
      assert.equal(read.twin(d1)?.sequence, 0);
    },
  );
});

test("an event of a twin whose device is gone changes nothing", (t) => {
  given(t, deviceCreated("d1"), deviceDeleted("d1"), reportedPatched(d1, { a: 1 })).check((read) => {
    assert.equal(read.twin(d1), undefined);
  });
});

test("keys and values that are special somewhere come back as they were", (t) => {
  const reported = JSON.parse(
    '{"__proto__":{"x":1},"10":"ten","9":"nine","é\\u0000\\ud800":"\\"","big":4503599627370495,"low":1e-7,"zero":-0.5}',
  );
  given(t, deviceCreated("d1"), reportedPatched(d1, reported)).check((read) => {
    const stored = read.twin(d1)?.value.reported.values;
    assert.equal(JSON.stringify(stored), JSON.stringify(reported));
    assert.deepEqual(Object.getOwnPropertyDescriptor(stored, "__proto__")?.value, { x: 1 });
  });
});

test("an etag that changes in a batch without tags or desired properties is in the file too", (t) => {
  const file = join(temporaryFolder(t), "views.db");
  const events = record([deviceCreated("d1"), twinUpdated(d1, { tags: { a: 1 } }), reportedPatched(d1, { b: 1 })]);
  const views = openViews(file);
  views.projector.apply(events.slice(0, 2));
  views.projector.apply(events.slice(2));
  const inMemory = views.read.twin(d1);
  views.store.close();
  const { read, store } = openViews(file);
  t.after(() => store.close());
  assert.deepEqual(read.twin(d1), inMemory);
});
