import assert from "node:assert/strict";
import { test } from "node:test";
import type { HubEvent } from "../../../core/events.ts";
import type { RegistryJobWork } from "../../../core/registry-job/registry-job.ts";
import { dawn, type Fact, groupCreated } from "../../support/events.ts";
import { given } from "../../support/views.ts";

const work: RegistryJobWork = {
  type: "import",
  devicesBlobName: "devices.txt",
  configurationsBlobName: "configurations.txt",
  inputContainer: "https://a.test/in",
  sealedInput: "sealed-1",
  outputContainer: "https://a.test/out",
  sealedOutput: "sealed-2",
};
const fact = (event: HubEvent): Fact => ({ key: { aggregate: "hub", id: "registry-jobs" }, event });
const of = (jobId: string) => ({ jobId, at: dawn, attemptId: "a" });
const created = (jobId: string): Fact =>
  fact({ type: "RegistryJobCreated", data: { jobId, at: dawn, createdBy: { kind: "hub", nodeId: "n" }, work } });
const started = (jobId: string): Fact => fact({ type: "RegistryJobStarted", data: { ...of(jobId), nodeId: "n" } });

// spec/http-api 2.6
test("imports and exports are there, the newest first, with the sequence of the last event", (t) => {
  given(t).check((read) => assert.deepEqual(read.registryJobs(), { value: [], sequence: 0 }));
  const place = { offset: 10, version: "v" };
  given(
    t,
    created("j1"),
    started("j1"),
    fact({ type: "RegistryJobFailed", data: { ...of("j1"), reason: "why" } }),
    created("j2"),
    started("j2"),
    fact({ type: "RegistryJobProgressed", data: { ...of("j2"), progress: 40, place, doneCount: 3, failedCount: 1 } }),
    groupCreated("g"),
  ).check((read) => {
    const { value, sequence } = read.registryJobs();
    assert.equal(sequence, 6);
    const [second, first] = value;
    assert.deepEqual(
      [first?.jobId, first?.status, first?.failureReason, first?.endTime],
      ["j1", "failed", "why", dawn],
    );
    assert.equal(first?.work.sealedOutput, "");
    assert.deepEqual([second?.jobId, second?.status, second?.progress, second?.place], ["j2", "running", 40, place]);
    assert.deepEqual([second?.doneCount, second?.failedCount, second?.createdSequence], [3, 1, 4]);
    assert.deepEqual(second?.work, work);
  });
});
