import assert from "node:assert/strict";
import { test } from "node:test";
import { owner } from "../../../support/domain-hub.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { documents, exporting, jobBench, signature } from "./job-fixture.ts";

const key = Buffer.alloc(32, 1).toString("base64");
const authentication = { symmetricKey: { primaryKey: key, secondaryKey: key } };

// spec/identity-and-security 12: devices.txt
test("devices are exported with their keys, twins and modules, a line each", async (t) => {
  const { hub, run, output } = await jobBench(t);
  await hub.registry.bulk(
    [
      { id: "b", authentication, tags: { floor: 1 }, properties: { desired: { x: 1 } } },
      { id: "a", status: "disabled", statusReason: "why", capabilities: { iotEdge: true } },
      { id: "b", moduleId: "m" },
    ],
    owner,
  );
  const job = await run(exporting);
  assert.deepEqual([job.status, job.progress, job.doneCount], ["completed", 100, 2]);
  const text = output("devices.txt");
  assert.ok(text?.endsWith("}\r\n"));
  const [a, b, module, ...rest] = documents(text);
  assert.deepEqual(rest, []);
  assert.deepEqual([a?.id, a?.status, a?.statusReason, a?.capabilities], ["a", "disabled", "why", { iotEdge: true }]);
  assert.equal(a?.deviceScope, `ms-azure-iot-edge://a-${hub.registry.getDevice("a").device.generationId}`);
  assert.deepEqual([b?.id, b?.tags, b?.twinETag], ["b", { floor: 1 }, hub.twins.get({ deviceId: "b" }).twin.etag]);
  assert.deepEqual(((b?.authentication ?? {}) as typeof authentication).symmetricKey, authentication.symmetricKey);
  const { desired } = (b?.properties ?? {}) as { readonly desired: Record<string, unknown> };
  assert.deepEqual([desired.x, desired.$version, typeof desired.$metadata], [1, 1, "object"]);
  assert.deepEqual([module?.id, module?.moduleId, module?.status], ["b", "m", undefined]);
});

test("keys are left out on demand", async (t) => {
  const { hub, run, output } = await jobBench(t);
  await hub.registry.bulk([{ id: "a", authentication }], owner);
  await run({ ...exporting, excludeKeysInExport: true, outputBlobName: "plain.txt" });
  const [device] = documents(output("plain.txt"));
  assert.deepEqual(device?.authentication, {
    type: "sas",
    symmetricKey: { primaryKey: null, secondaryKey: null },
    x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
  });
});

test("an empty hub makes an empty file, and configurations one of their own", async (t) => {
  const { hub, run, output } = await jobBench(t);
  const body = {
    content: { deviceContent: { "properties.desired.x": 1 } },
    targetCondition: "tags.y = 1",
    priority: 3,
  };
  await hub.configurations.put({ ...owner, id: "c", body });
  const job = await run({ ...exporting, includeConfigurations: true });
  assert.deepEqual([job.status, output("devices.txt")], ["completed", ""]);
  const [configuration] = documents(output("configurations.txt"));
  assert.deepEqual([configuration?.id, configuration?.content, configuration?.priority], ["c", body.content, 3]);
});

test("progress is noted now and then, in order of the devices", async (t) => {
  const { hub, run, journal, output } = await jobBench(t);
  const ids = Array.from({ length: 2_500 }, (_, index) => `d${String(index).padStart(4, "0")}`);
  for (let at = 0; at < ids.length; at += 100) {
    await hub.registry.bulk(
      ids.slice(at, at + 100).map((id) => ({ id })),
      owner,
    );
  }
  await run(exporting);
  assert.deepEqual(
    documents(output("devices.txt")).map(({ id }) => id),
    ids,
  );
  const noted = journal.ofType("RegistryJobProgressed").map(({ progress, doneCount }) => [progress, doneCount]);
  assert.deepEqual(noted, [
    [40, 1_000],
    [80, 2_000],
  ]);
});

// spec/http-api 2.6: bad container
test("a container that refuses is refused at once, and later ends the job", async (t) => {
  const { run, create, hub, containers } = await jobBench(t);
  const { HubError } = await import("../../../../core/hub-error.ts");
  containers.onAsk = (what) => {
    if (what === "checkWritable") throw new HubError("BlobContainerValidationError", "no");
  };
  await assert.rejects(create(exporting), refusal("BlobContainerValidationError"));
  assert.deepEqual(hub.registryJobs.list(), []);
  containers.onAsk = (what) => {
    if (what === "write") throw new HubError("BlobContainerValidationError", "no more");
  };
  await hub.registry.bulk([{ id: "a" }], owner);
  const job = await run(exporting);
  assert.deepEqual([job.status, job.failureReason], ["failed", "no more"]);
});

test("the containers' signatures are nowhere to be found", async (t) => {
  const { hub, run, journal, containers } = await jobBench(t);
  await hub.registry.bulk([{ id: "a" }], owner);
  const job = await run(exporting);
  assert.ok(containers.opened.every((uri) => uri.endsWith(signature)));
  assert.equal(JSON.stringify(journal.events).includes("top-secret"), false);
  assert.equal(JSON.stringify([job, hub.registryJobs.list()]).includes("top-secret"), false);
  assert.equal(job.work.sealedOutput, "");
});

test("a job is kept for 30 days", async (t) => {
  const { hub, run, clock } = await jobBench(t);
  const { jobId } = await run(exporting);
  clock.nowMs += 30 * 86_400_000;
  assert.equal(hub.registryJobs.list().length, 1);
  clock.nowMs += 1;
  assert.deepEqual(hub.registryJobs.list(), []);
  assert.throws(() => hub.registryJobs.get(jobId), refusal("JobNotFound"));
  await assert.rejects(hub.registryJobs.cancel({ ...owner, jobId }), refusal("JobNotFound"));
});
