import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { dawn, groupCreated, groupDeleted, policiesSet, record } from "../../support/events.ts";
import { given, openViews, temporaryFolder } from "../../support/views.ts";

const group = (name: string, etag = "MQ==") => ({ name, etag, createdTime: dawn });

// spec/messaging 3
test("the groups are those that were created and not deleted, with the sequence of the last event", (t) => {
  given(t).check((read) => assert.deepEqual(read.consumerGroups(), { value: [], sequence: 0 }));
  given(t, groupCreated("b"), groupCreated("A", "Mg=="), policiesSet([])).check((read) => {
    assert.deepEqual(read.consumerGroups(), { value: [group("b"), group("A", "Mg==")], sequence: 2 });
  });
  given(t, groupCreated("b"), groupCreated("a"), groupDeleted("b")).check((read) => {
    assert.deepEqual(read.consumerGroups(), { value: [group("a")], sequence: 3 });
  });
});

test("the sequence stays when no group is left", (t) => {
  given(t, groupCreated("a"), groupDeleted("a")).check((read) => {
    assert.deepEqual(read.consumerGroups(), { value: [], sequence: 2 });
  });
});

test("a batch that fails leaves no group behind", (t) => {
  const { projector, read, store } = openViews(join(temporaryFolder(t), "views.db"));
  t.after(() => store.close());
  projector.apply(record([groupCreated("a")]));
  const [good] = record([groupCreated("b")], 2);
  assert.ok(good);
  const broken = { ...good, sequence: 3, event: { ...good.event, data: null as never } };
  assert.throws(() => projector.apply([good, broken]));
  assert.deepEqual(read.consumerGroups(), { value: [group("a")], sequence: 1 });
  projector.apply([good]);
  assert.deepEqual(read.consumerGroups(), { value: [group("a"), group("b")], sequence: 2 });
});
