import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { RecordedEvent } from "../../../core/events.ts";
import type { TwinVersions } from "../../../core/twin/twin.ts";
import { hashViews } from "../../../projections/dump.ts";
import { rebuild } from "../../../projections/rebuild.ts";
import { openStore } from "../../../projections/store.ts";
import {
  bornVersions,
  commandEnqueued,
  connected,
  deviceCreated,
  deviceUpdated,
  type Fact,
  moduleCreated,
  record,
  reportedPatched,
} from "../../support/events.ts";
import { inBatches, openViews, temporaryFolder } from "../../support/views.ts";

const d1 = { deviceId: "d1" };
const m1 = { ...d1, moduleId: "m1" };

/** A device that is connected, disabled and sent a message, and then reports until its version is 300; a module too. */
function longLife(): readonly RecordedEvent[] {
  const facts: Fact[] = [
    deviceCreated("d1"),
    moduleCreated("d1", "m1"),
    connected(d1),
    deviceUpdated("d1", { status: "disabled" }),
    commandEnqueued("d1", 1),
  ];
  for (let version = 2; version < 300; version += 1) {
    const before: TwinVersions = { ...bornVersions, version, reportedVersion: version - 1 };
    facts.push(reportedPatched(d1, { n: version + 1 }, { before }));
    facts.push(reportedPatched(m1, { n: version + 1 }, { before, generationId: "11" }));
  }
  return record(facts);
}

test("a twin has a snapshot at every 128th version, with its identity, connection and messages", (t) => {
  const { projector, read, store } = openViews(join(temporaryFolder(t), "views.db"));
  t.after(() => store.close());
  projector.apply(longLife());
  const versionAt = (sequence: number) => read.twinSnapshot(d1, { sequence })?.value.twin.version;
  const [first, second] = [
    read.twinSnapshot(d1, { generationId: "1", version: 200 }),
    read.twinSnapshot(d1, { sequence: 9999 }),
  ];
  assert.ok(first && second);
  assert.deepEqual([first.value.twin.version, second.value.twin.version], [128, 256]);
  assert.deepEqual(
    [versionAt(first.sequence - 1), versionAt(first.sequence), versionAt(second.sequence - 1)],
    [undefined, 128, 128],
  );
  const { twin, device, module, connection, cloudToDeviceMessageCount } = first.value;
  assert.equal(twin.reported.values.n, 128);
  assert.deepEqual(
    [device.fields.status, connection.connected, cloudToDeviceMessageCount, module],
    ["disabled", true, 1, undefined],
  );
  const ofModule = read.twinSnapshot(m1, { generationId: "11", version: 256 })?.value;
  assert.deepEqual([ofModule?.module?.moduleId, ofModule?.twin.version], ["m1", 256]);
  assert.equal(read.twinSnapshot(d1, { generationId: "2", version: 999 }), undefined, "of another generation");
});

test("snapshots are the same to the byte however the events came, and whether rows came from the file", async (t) => {
  const folder = temporaryFolder(t);
  const events = longLife();
  const followed = openViews(join(folder, "followed.db"));
  for await (const batch of inBatches(events, 7)) followed.projector.apply(batch);
  const before = hashViews(followed.store);
  followed.store.close();

  const file = join(folder, "reopened.db");
  for await (const batch of inBatches(events, 50)) {
    const views = openViews(file);
    views.projector.apply(batch);
    views.store.close();
  }
  const reopened = openStore(file).store;
  assert.equal(hashViews(reopened), before);
  reopened.close();

  await rebuild({ file, follow: () => inBatches(events, 1000), lastSequence: events.length });
  const rebuilt = openStore(file).store;
  assert.equal(hashViews(rebuilt), before);
  rebuilt.close();
});
