import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { JobClient as IotHubJobs } from "azure-iothub";
import { JobClient, Registry } from "../support/azure-sdk.ts";
import { openDevice, registerDevice } from "../support/device.ts";
import { owner } from "../support/domain-hub.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

/** A job as the SDK hands it on: the body of the answer as it is. */
type JobResponse = {
  readonly jobId: string;
  readonly type: string;
  readonly status: string;
  readonly createdTime?: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly failureReason?: string;
  readonly deviceJobStatistics?: Readonly<Record<string, number>>;
};

const over = new Set(["completed", "failed", "cancelled"]);

/** azure-iothub's JobClient against a whole hub (spec/twins-methods-jobs 11, spec/http-api 6). */
suite("JobClient", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let jobs: IotHubJobs;

  before(async () => {
    hub = await startHub(scope);
    routeHttpsTo(scope, hub);
    jobs = JobClient.fromConnectionString(hub.connectionString);
    for (const deviceId of ["a", "b", "c"]) await registerDevice(hub, deviceId);
    await hub.node.hub.twins.update({ deviceId: "c", tags: { floor: 3 }, ...owner });
  });

  const get = async (jobId: string): Promise<JobResponse> => (await jobs.getJob(jobId)).jobStatus as JobResponse;

  const ended = (jobId: string): Promise<JobResponse> =>
    waitFor(`the end of ${jobId}`, async () => {
      const job = await get(jobId);
      return over.has(job.status) && job;
    });

  test("scheduleTwinUpdate updates the twins of the condition, for who asked", async () => {
    const patch = { etag: "*", tags: { floor: 4, old: null }, properties: { desired: { fan: "on" } } };
    const created = await jobs.scheduleTwinUpdate("twins-1", "deviceId IN ['a', 'b']", patch, new Date(), 300);
    assert.deepEqual(created.jobStatus, { jobId: "twins-1", type: "scheduleUpdateTwin", status: "queued" });
    const job = await ended("twins-1");
    const { createdTime = "", startTime = "", endTime = "", ...rest } = job;
    assert.deepEqual(rest, {
      jobId: "twins-1",
      queryCondition: "deviceId IN ['a', 'b']",
      maxExecutionTimeInSeconds: 300,
      type: "scheduleUpdateTwin",
      updateTwin: patch,
      status: "completed",
      deviceJobStatistics: { deviceCount: 2, failedCount: 0, succeededCount: 2, runningCount: 0, pendingCount: 0 },
    });
    // spec/http-api 6.2: the Java SDK takes these dates only.
    for (const time of [createdTime, startTime, endTime])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const registry = Registry.fromConnectionString(hub.connectionString);
    const { responseBody: twin } = await registry.getTwin("b");
    assert.deepEqual([twin.tags, twin.properties.desired.fan], [{ floor: 4 }, "on"]);
    const { events } = await hub.node.hub.history.page({ deviceId: "a", limit: 100 });
    assert.deepEqual(
      events.slice(-3).map(({ event: { type }, meta }) => [type, meta.actor.kind, meta.correlationId]),
      [
        ["JobChunkPlanned", "hub", "job:twins-1"],
        ["TwinUpdated", "policy", "job:twins-1"],
        ["JobTargetsEnded", "hub", "job:twins-1"],
      ],
    );
    assert.deepEqual((await registry.getTwin("c")).responseBody.tags, { floor: 3 });
  });

  test("scheduleDeviceMethod calls each device, and an offline one is counted as failed", async (t) => {
    const connectionString = await registerDevice(hub, "online");
    const device = await openDevice(t, connectionString);
    const calls: unknown[] = [];
    device.onDeviceMethod("reboot", ({ payload }, response) => {
      calls.push(payload);
      response.send(200, { restarting: true }, () => {});
    });
    await waitFor("the subscription", async () => {
      const { events } = await hub.node.hub.history.page({ deviceId: "online", limit: 100 });
      return JSON.stringify(events).includes("methods/POST");
    });
    const params = { methodName: "reboot", payload: { delay: 1 }, responseTimeoutInSeconds: 10 };
    await jobs.scheduleDeviceMethod("methods-1", "deviceId IN ['online', 'a']", params, new Date(), 60);
    const job = await ended("methods-1");
    assert.equal(job.status, "completed");
    assert.deepEqual(job.deviceJobStatistics, {
      deviceCount: 2,
      failedCount: 1,
      succeededCount: 1,
      runningCount: 0,
      pendingCount: 0,
    });
    assert.deepEqual(calls, [{ delay: 1 }]);
    const outcomes = hub.node.hub.history.page({ deviceId: "a", types: ["JobTargetsEnded"], limit: 100 });
    const { event } = (await outcomes).events.at(-1) ?? {};
    assert.ok(event?.type === "JobTargetsEnded");
    assert.deepEqual(event.data.outcomes, [
      {
        deviceId: "a",
        status: "failed",
        error: { code: "DeviceNotOnline", description: "Timed out waiting for device to connect." },
      },
    ]);
  });

  test("cancelJob cancels a job that is yet to begin; an end that came before can't be taken back", async () => {
    const later = new Date(Date.now() + 6 * 86_400_000);
    const patch = { etag: "*", tags: { never: true } };
    await jobs.scheduleTwinUpdate("later-1", "*", patch, later, 300);
    assert.equal((await get("later-1")).status, "scheduled");
    for (const _time of [1, 2]) {
      const { jobStatus } = await jobs.cancelJob("later-1");
      assert.equal((jobStatus as JobResponse).status, "cancelled");
    }
    assert.equal((await get("later-1")).status, "cancelled");
    await assert.rejects(jobs.cancelJob("twins-1"), { name: "InvalidEtagError" });
    await assert.rejects(jobs.cancelJob("nothing"), { message: "Not found" });
    await assert.rejects(jobs.getJob("nothing"), { message: "Not found" });
  });

  // spec/twins-methods-jobs 11: azure-iot-sdk-csharp#40, azure-iot-sdk-node#847
  test("a whole query as condition makes the job fail; an id that exists and a null start are refused", async () => {
    const patch = { etag: "*", tags: { a: 1 } };
    await jobs.scheduleTwinUpdate("select-1", "SELECT * FROM devices", patch, new Date());
    const { status, failureReason = "" } = await ended("select-1");
    assert.equal(status, "failed");
    assert.match(failureReason, /^SQL query parse failed due to following errors: \n\tLine 1:29 .*SELECT/);
    await assert.rejects(jobs.scheduleTwinUpdate("select-1", "*", patch, new Date()), {
      name: "DeviceAlreadyExistsError",
    });
    await assert.rejects(jobs.scheduleTwinUpdate("null-1", "*", patch), { name: "ArgumentError" });
  });

  // spec/http-api 5
  test("devices.jobs has a row for each device of a job, with its answer or its error", async () => {
    const registry = Registry.fromConnectionString(hub.connectionString);
    const { result } = await registry
      .createQuery("SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'methods-1'")
      .next();
    const rows = (result as Readonly<Record<string, unknown>>[]).map((row) => {
      const { startTimeUtc, endTimeUtc, createdDateTimeUtc, lastUpdatedDateTimeUtc, ...rest } = row;
      for (const time of [startTimeUtc, endTimeUtc, createdDateTimeUtc, lastUpdatedDateTimeUtc]) {
        assert.match(String(time), /^\d{4}-.*Z$/);
      }
      return rest;
    });
    const of = { jobId: "methods-1", jobType: "scheduleDeviceMethod" };
    const error = { code: "DeviceNotOnline", description: "Timed out waiting for device to connect." };
    const outcome = { deviceMethodResponse: { status: 200, payload: { restarting: true } } };
    assert.deepEqual(rows, [
      { ...of, deviceId: "a", status: "failed", error },
      { ...of, deviceId: "online", status: "completed", outcome },
    ]);
  });

  test("createQuery lists jobs, page by page, by type and by status", async () => {
    const idsOf = async (query: ReturnType<IotHubJobs["createQuery"]>): Promise<readonly string[]> => {
      const ids: string[] = [];
      while (query.hasMoreResults) {
        // Without it the SDK begins at the first page again.
        const { result } = await query.next(query.continuationToken);
        ids.push(...(result as JobResponse[]).map(({ jobId }) => jobId));
      }
      return ids;
    };
    const all = ["select-1", "later-1", "methods-1", "twins-1"];
    assert.deepEqual(await idsOf(jobs.createQuery()), all);
    assert.deepEqual(await idsOf(jobs.createQuery(undefined, undefined, 1)), all);
    assert.deepEqual(await idsOf(jobs.createQuery("scheduleDeviceMethod")), ["methods-1"]);
    assert.deepEqual(await idsOf(jobs.createQuery("scheduleUpdateTwin", "cancelled")), ["later-1"]);
    assert.deepEqual(await idsOf(jobs.createQuery(undefined, "running")), []);
  });
});
