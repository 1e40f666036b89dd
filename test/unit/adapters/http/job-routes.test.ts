import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job, JobFilter } from "../../../../core/job/job.ts";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const time = "2026-03-01T12:00:00.000Z";
const scheduled: Job = {
  jobId: "j",
  jobType: "scheduleUpdateTwin",
  updateTwin: { etag: "*", tags: { a: 1 } },
  queryCondition: "*",
  createdBy: { kind: "policy", policy: "service" },
  createdTime: time,
  createdSequence: 7,
  startTime: "2026-03-02T12:00:00.000Z",
  maxExecutionTimeInSeconds: 60,
  status: "scheduled",
  run: null,
  endTime: null,
  failureReason: null,
};
const shown = {
  jobId: "j",
  queryCondition: "*",
  createdTime: time,
  startTime: "2026-03-02T12:00:00.000Z",
  maxExecutionTimeInSeconds: 60,
  type: "scheduleUpdateTwin",
  updateTwin: { etag: "*", tags: { a: 1 } },
  status: "scheduled",
};
const body = { type: "scheduleUpdateTwin", queryCondition: "*", updateTwin: { etag: "*", tags: { a: 1 } } };
const url = "/jobs/v2/j?api-version=2021-04-12";

// spec/http-api 6.1
test("a job is created, and answered as queued whatever its start", async () => {
  await using http = await openHttp({ "jobs.create": () => scheduled });
  const payload = { ...body, StartTime: "2026-03-02T13:00:00.1234567+01:00" };
  const response = await http.send({ method: "PUT", url, payload });
  assert.equal(response.statusCode, 200, response.body);
  assert.deepEqual(response.json(), { jobId: "j", type: "scheduleUpdateTwin", status: "queued" });
  const [request] = http.only("jobs.create") as readonly [Record<string, unknown>];
  assert.deepEqual([request.jobId, request.body], ["j", payload]);
  assert.equal(request.startMs, Date.parse("2026-03-02T12:00:00.123Z"));
  assert.deepEqual(request.actor, { kind: "policy", policy: "iothubowner" });
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["ServiceConnect"]);
});

// spec/http-api 6.2, azure-iot-sdk-node#847
test("a start may be left out, but is no null and no other text", async () => {
  await using http = await openHttp({ "jobs.create": () => scheduled });
  for (const startTime of [null, "soon", "", 1, "2026-13-01T00:00:00Z"]) {
    const reason = startTime === null ? "ArgumentNull" : "ArgumentInvalid";
    assertRefused(await http.send({ method: "PUT", url, payload: { ...body, startTime } }), 400, reason);
  }
  assert.equal((await http.send({ method: "PUT", url, payload: body })).statusCode, 200);
  const [request] = http.only("jobs.create") as readonly [Record<string, unknown>];
  assert.equal(request.startMs, undefined);
});

// spec/http-api 6.1: Node cancels with an empty body, Java with {}
test("a job is shown, and cancelled with and without a body", async () => {
  await using http = await openHttp({
    "jobs.get": () => scheduled,
    "jobs.cancel": () => ({ ...scheduled, status: "cancelled", endTime: time }),
  });
  assert.deepEqual((await http.send({ method: "GET", url })).json(), shown);
  const cancel = "/jobs/v2/j/cancel?api-version=2021-04-12";
  const cancelled = { ...shown, endTime: time, status: "cancelled" };
  for (const request of [{}, { payload: {} }]) {
    const response = await http.send({ method: "POST", url: cancel, ...request });
    assert.equal(response.statusCode, 200, response.body);
    assert.deepEqual(response.json(), cancelled);
  }
});

// spec/http-api 6.1, 11.3
test("each refusal has the error that the docs name", async () => {
  await using http = await openHttp({
    "jobs.create": refuse("JobAlreadyExists", "there"),
    "jobs.get": refuse("JobNotFound", "not there"),
    "registryJobs.list": () => [],
    "jobs.cancel": refuse("JobRunPreconditionFailed", "over"),
  });
  assertRefused(await http.send({ method: "PUT", url, payload: body }), 409, "JobAlreadyExists");
  assertRefused(await http.send({ method: "GET", url }), 404, "JobNotFound");
  assertRefused(await http.send({ method: "POST", url: "/jobs/v2/j/cancel" }), 412, "JobRunPreconditionFailed");
  assertRefused(await http.send({ method: "PUT", url, payload: [] }), 400, "IotHubFormatError");
});

// spec/http-api 5, 6.1
test("jobs are listed in pages; the last one has no continuation, and all say what they hold", async () => {
  const all = ["4", "3", "2", "1"].map((jobId) => ({ ...scheduled, jobId }));
  const list = ({ after, limit }: JobFilter) => {
    const start = after === undefined ? 0 : all.findIndex(({ jobId }) => jobId === after.jobId) + 1;
    return all.slice(start, start + limit);
  };
  await using http = await openHttp({ "jobs.list": list });
  const ids: string[] = [];
  let continuation: string | undefined;
  let pages = 0;
  do {
    const headers = { "x-ms-max-item-count": "2", ...(continuation && { "x-ms-continuation": continuation }) };
    const response = await http.send({ method: "GET", url: "/jobs/v2/query?api-version=2021-04-12", headers });
    assert.equal(response.statusCode, 200, response.body);
    assert.equal(response.headers["x-ms-item-type"], "JobResponse");
    ids.push(...response.json<{ jobId: string }[]>().map(({ jobId }) => jobId));
    const next = response.headers["x-ms-continuation"];
    continuation = next === undefined ? undefined : String(next);
    pages += 1;
  } while (continuation !== undefined);
  assert.deepEqual([ids, pages], [["4", "3", "2", "1"], 2]);
});

// spec/http-api 6.1: Node sends camelCase, .NET PascalCase
test("filters count in any case, and queued is enqueued", async () => {
  const cases: readonly (readonly [string, object])[] = [
    ["jobType=ScheduleDeviceMethod&jobStatus=Completed", { types: ["scheduleDeviceMethod"], statuses: ["completed"] }],
    ["jobstatus=enqueued", {}],
    ["jobStatus=enqueued", { statuses: ["queued"] }],
    ["jobType=export", { types: [] }],
    ["jobStatus=unknown", { statuses: [] }],
    ["", {}],
  ];
  for (const [query, filter] of cases) {
    await using http = await openHttp({ "jobs.list": () => [] });
    const response = await http.send({ method: "GET", url: `/jobs/v2/query?${query}` });
    assert.equal(response.statusCode, 200, response.body);
    assert.deepEqual(http.only("jobs.list"), [{ ...filter, limit: 101 }], query);
  }
});

test("a filter, a page size or a continuation that is none is refused", async () => {
  await using http = await openHttp({ "jobs.list": () => [] });
  const get = (query: string, headers = {}) => http.send({ method: "GET", url: `/jobs/v2/query?${query}`, headers });
  for (const query of ["jobType=reboot", "jobStatus=canceled"]) assertRefused(await get(query), 400, "ArgumentInvalid");
  for (const size of ["0", "-1", "ten", "1.5"]) {
    assertRefused(await get("", { "x-ms-max-item-count": size }), 400, "ArgumentInvalid");
  }
  for (const value of ["1", "e30", Buffer.from('["a"]').toString("base64url"), "%%%"]) {
    assertRefused(await get("", { "x-ms-continuation": value }), 400, "ArgumentInvalid");
  }
  assert.equal((await get("", { "x-ms-max-item-count": "5000" })).statusCode, 200);
  assert.deepEqual(http.only("jobs.list"), [{ limit: 1001 }]);
});
