import assert from "node:assert/strict";
import { test } from "node:test";
import { owner } from "../../../support/domain-hub.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { documents, exporting, importing, jobBench, lines } from "./job-fixture.ts";

const log = "importErrors.log";

// spec/identity-and-security 12: the table of modes
test("each line is done in its own mode, createOrUpdate when it names none", async (t) => {
  const { hub, run, input, output } = await jobBench(t);
  await hub.registry.bulk(
    ["there", "old", "gone", "kept", "twin"].map((id) => ({ id, status: "enabled" })),
    owner,
  );
  const { etag } = hub.registry.getDevice("kept").device;
  input(
    "devices.txt",
    lines(
      { id: "new", tags: { floor: 2 } },
      { id: "there", importMode: "create" },
      { id: "old", importMode: "update", status: "disabled" },
      { id: "gone", importMode: "delete" },
      { id: "kept", importMode: "deleteIfMatchETag", eTag: "other" },
      { id: "kept", importMode: "updateIfMatchETag", eTag: etag, statusReason: "matched" },
      { id: "twin", importMode: "updateTwin", tags: { a: 1 }, properties: { desired: { x: 1 } } },
      { id: "twin", importMode: "updateTwinIfMatchETag", twinETag: "other", tags: { a: 2 } },
      { id: "missing", importMode: "update" },
      { id: "new", moduleId: "m" },
    ),
  );
  const job = await run(importing);
  assert.deepEqual([job.status, job.progress, job.doneCount, job.failedCount], ["completed", 100, 10, 4]);
  const faults = documents(output(log)).map(({ deviceId, errorCode }) => JSON.stringify([deviceId, errorCode]));
  assert.deepEqual(faults.toSorted(), ['["kept",412001]', '["missing",404001]', '["there",409001]', '["twin",412001]']);
  assert.deepEqual(hub.twins.get({ deviceId: "new" }).twin.tags, { floor: 2 });
  assert.equal(hub.registry.getModule("new", "m").module.moduleId, "m");
  assert.equal(hub.registry.getDevice("old").device.fields.status, "disabled");
  assert.equal(hub.registry.getDevice("kept").device.fields.statusReason, "matched");
  assert.throws(() => hub.registry.getDevice("gone"), refusal("DeviceNotFound"));
  const { tags, desired } = hub.twins.get({ deviceId: "twin" }).twin;
  assert.deepEqual([tags, desired.values], [{ a: 1 }, { x: 1 }]);
});

test("what is no line of devices is told by its place, and nothing of it is repeated", async (t) => {
  const { run, input, output } = await jobBench(t);
  input("devices.txt", `not json: top-secret\r\n[1]\n\n${JSON.stringify({ id: "a b" })}\n{"id":"good"}`);
  const job = await run(importing);
  assert.deepEqual([job.doneCount, job.failedCount], [4, 3]);
  const faults = documents(output(log));
  assert.deepEqual(
    faults.map(({ errorCode }) => errorCode),
    [400012, 400012, 400004],
  );
  assert.equal(faults[0]?.errorStatus, "Invalid format in the line that ends at byte 22");
  assert.equal(output(log)?.includes("top-secret"), false);
});

test("without errors the error log is empty; a former one is replaced", async (t) => {
  const { run, input, output, containers } = await jobBench(t);
  containers.blobs.set(`https://account.blob.test/out/${log}`, "old");
  input("devices.txt", lines({ id: "a" }));
  await run(importing);
  assert.equal(output(log), "");
});

test("an export is imported again into another hub", async (t) => {
  const [one, other] = [await jobBench(t), await jobBench(t)];
  const entries = [
    { id: "a", tags: { t: 1 }, properties: { desired: { x: { y: 2 } } } },
    { id: "a", moduleId: "m", managedBy: "me" },
    { id: "b", status: "disabled", authentication: { type: "certificateAuthority" } },
    { id: "edge", capabilities: { iotEdge: true } },
  ];
  await one.hub.registry.bulk(entries, owner);
  await one.run(exporting);
  other.input("devices.txt", one.output("devices.txt") ?? "");
  assert.equal((await other.run(importing)).failedCount, 0);
  for (const deviceId of ["a", "b"]) {
    const views = [one, other].map(({ hub }) => hub.registry.getDevice(deviceId).device.fields);
    assert.deepEqual(views[1], views[0]);
  }
  const { tags, desired } = other.hub.twins.get({ deviceId: "a" }).twin;
  assert.deepEqual([tags, desired.values], [{ t: 1 }, { x: { y: 2 } }]);
  assert.equal(other.hub.registry.getModule("a", "m").module.fields.managedBy, "me");
  assert.deepEqual(other.hub.registry.listModules("edge").length, 2);
});

test("configurations are created and updated; another content is a fault", async (t) => {
  const { hub, run, input, output } = await jobBench(t);
  const content = { deviceContent: { "properties.desired.x": 1 } };
  await hub.configurations.put({ ...owner, id: "c1", body: { content, priority: 1 } });
  await hub.configurations.put({ ...owner, id: "c2", body: { content } });
  input("devices.txt", "");
  input(
    "configurations.txt",
    lines(
      { id: "c1", content, priority: 5 },
      { id: "c2", content: { deviceContent: { "properties.desired.x": 2 } } },
      { id: "c3", content },
      { content },
    ),
  );
  const job = await run({ ...importing, includeConfigurations: true });
  assert.deepEqual([job.status, job.doneCount, job.failedCount], ["completed", 4, 2]);
  assert.equal(hub.configurations.get("c1").priority, 5);
  assert.deepEqual(
    hub.configurations.list(9).map(({ id }) => id),
    ["c1", "c2", "c3"],
  );
  assert.deepEqual(
    documents(output(log)).map(({ errorCode }) => errorCode),
    [400403, 400004],
  );
});

const many = (count: number) =>
  lines(...Array.from({ length: count }, (_, index) => ({ id: `d${index}`, importMode: "create" })));

// spec/http-api 2.6: DELETE /jobs/{id}
test("a job that is cancelled begins nothing more", async (t) => {
  const { hub, create, input, journal } = await jobBench(t);
  input("devices.txt", many(2_500));
  const { jobId } = await create(importing);
  const running = hub.registryJobs.runOpen(new AbortController().signal);
  const { promise: first, resolve } = Promise.withResolvers<void>();
  journal.follow((events) => {
    if (events.some(({ event }) => event.type === "RegistryJobProgressed")) resolve();
  });
  await first;
  const cancelled = await hub.registryJobs.cancel({ ...owner, jobId });
  assert.deepEqual([cancelled.status, cancelled.endTime], ["cancelled", "2026-03-01T12:00:00.000Z"]);
  await running;
  const { length } = journal.ofType("DeviceCreated");
  assert.ok(length >= 1_000 && length < 2_000, `${length}`);
  assert.equal(hub.registryJobs.get(jobId).status, "cancelled");
  assert.equal((await hub.registryJobs.cancel({ ...owner, jobId })).status, "cancelled");
});

test("what a node leaves is taken over by another, and no line is done twice", async (t) => {
  const { hub, create, input, output, openNode, journal } = await jobBench(t);
  const there = await openNode("node-2");
  input("devices.txt", many(2_500));
  const { jobId } = await create(importing);
  const stop = new AbortController();
  journal.follow((events) => {
    if (journal.ofType("DeviceCreated").length >= 1_500 && events.length > 0) stop.abort();
  });
  await hub.registryJobs.runOpen(stop.signal);
  assert.equal(hub.registryJobs.get(jobId).status, "running");
  await there.registryJobs.runOpen(new AbortController().signal);
  const job = there.registryJobs.get(jobId);
  assert.deepEqual([job.status, job.doneCount, job.failedCount, output(log)], ["completed", 2_500, 0, ""]);
  assert.equal(journal.ofType("DeviceCreated").length, 2_500);
  assert.equal(journal.ofType("RegistryJobStarted").length, 2);
});

test("a node that lost the job says nothing more of it", async (t) => {
  const { hub, create, input, openNode, journal } = await jobBench(t);
  const there = await openNode("node-2");
  input("devices.txt", many(1_500));
  const { jobId } = await create(importing);
  const never = new AbortController().signal;
  await Promise.all([hub.registryJobs.runOpen(never), there.registryJobs.runOpen(never)]);
  assert.equal(hub.registryJobs.get(jobId).status, "completed");
  assert.equal(journal.ofType("RegistryJobCompleted").length, 1);
});

test("a file that changed meanwhile ends the job", async (t) => {
  const { hub, create, input, containers } = await jobBench(t);
  input("devices.txt", many(1_500));
  const { jobId } = await create(importing);
  const stop = new AbortController();
  const running = hub.registryJobs.runOpen(stop.signal);
  const { HubError } = await import("../../../../core/hub-error.ts");
  containers.onAsk = (what) => {
    if (what === "openLines") throw new HubError("BlobContainerValidationError", "another version");
  };
  await running;
  assert.deepEqual(
    [hub.registryJobs.get(jobId).status, hub.registryJobs.get(jobId).failureReason],
    ["failed", "another version"],
  );
});
