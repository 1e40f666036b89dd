import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceJobDocument } from "../../../../core/job/device-job.ts";
import { createJob, jobsBench, runAll, tagUpdate } from "./jobs-fixture.ts";

test("a device's history tells what jobs did on it, and nothing of other devices", async (t) => {
  const bench = await jobsBench(t, ["a", "b", "j"]);
  const { hub } = bench;
  await createJob(hub, "j", { ...tagUpdate({ x: 1 }), queryCondition: "deviceId IN ['a', 'b']" });
  await runAll(bench);
  const { events } = await hub.history.page({ deviceId: "b", limit: 100 });
  const of = events.slice(1).map(({ event }) => event);
  assert.deepEqual(
    of.map(({ type }) => type),
    ["JobChunkPlanned", "TwinUpdated", "JobTargetsEnded"],
  );
  assert.doesNotMatch(JSON.stringify(of), /"a"/);
  // A device that has the id of a job is another thing.
  const other = await hub.history.page({ deviceId: "j", limit: 100 });
  assert.deepEqual(
    other.events.map(({ event }) => event.type),
    ["DeviceCreated"],
  );
});

// spec/http-api 5
test("a row of devices.jobs has what there is", () => {
  const row = {
    key: { deviceId: "a", moduleId: "m" },
    jobId: "j",
    jobType: "scheduleDeviceMethod",
    createdTime: "1",
    lastUpdatedTime: "2",
    startTime: null,
    endTime: null,
    response: null,
    error: null,
  } as const;
  const asked = { deviceId: "a", moduleId: "m", jobId: "j", jobType: "scheduleDeviceMethod" };
  const times = { createdDateTimeUtc: "1", lastUpdatedDateTimeUtc: "2" };
  assert.deepEqual(deviceJobDocument({ ...row, status: "pending" }), { ...asked, status: "pending", ...times });
  const ended = { startTime: "3", endTime: "4" };
  const response = { status: 200, payload: null };
  assert.deepEqual(deviceJobDocument({ ...row, ...ended, status: "completed", response }), {
    ...asked,
    status: "completed",
    ...times,
    startTimeUtc: "3",
    endTimeUtc: "4",
    outcome: { deviceMethodResponse: { status: 200, payload: null } },
  });
  const error = { code: "DeviceNotOnline", description: "late" };
  assert.deepEqual(deviceJobDocument({ ...row, ...ended, status: "failed", error }).error, error);
});
