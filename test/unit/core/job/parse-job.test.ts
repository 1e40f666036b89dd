import assert from "node:assert/strict";
import { test } from "node:test";
import { checkJobId, parseJob } from "../../../../core/job/parse-job.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";

const update: JsonObject = {
  type: "scheduleUpdateTwin",
  queryCondition: "tags.floor = 4",
  updateTwin: { etag: "*", tags: { a: null }, properties: { desired: { b: 1 } } },
};
const call: JsonObject = {
  type: "scheduleDeviceMethod",
  queryCondition: "*",
  cloudToDeviceMethod: { methodName: "reboot", payload: null, responseTimeoutInSeconds: 10 },
};

// spec/http-api 6.2
test("a twin job and a method job are read, with what clients leave out", () => {
  assert.deepEqual(parseJob({ ...update, maxExecutionTimeInSeconds: 60, jobId: "j" }, "j"), {
    work: { jobType: "scheduleUpdateTwin", updateTwin: update.updateTwin },
    queryCondition: "tags.floor = 4",
    maxExecutionTimeInSeconds: 60,
  });
  assert.deepEqual(parseJob(call, "j"), {
    work: {
      jobType: "scheduleDeviceMethod",
      cloudToDeviceMethod: {
        methodName: "reboot",
        payload: null,
        responseTimeoutInSeconds: 10,
        connectTimeoutInSeconds: 0,
      },
    },
    queryCondition: "*",
    maxExecutionTimeInSeconds: 3600,
  });
});

// spec/http-api 1.2
test("names and the type count in any case; of a whole twin tags and desired properties count", () => {
  const echoed = {
    TYPE: "ScheduleUpdateTwin",
    QueryCondition: "*",
    UpdateTwin: {
      deviceId: null,
      ETag: "*",
      version: 4,
      tags: { a: 1 },
      properties: { desired: { b: 1, $version: 2, $metadata: {} }, reported: { c: 1 } },
    },
  };
  assert.deepEqual(parseJob(echoed, "j").work, {
    jobType: "scheduleUpdateTwin",
    updateTwin: { etag: "*", tags: { a: 1 }, properties: { desired: { b: 1 } } },
  });
});

const cases: readonly (readonly [string, JsonObject, string])[] = [
  ["no type", { ...update, type: "" }, "ArgumentNull"],
  // azure-docs#29484
  ["a type of older docs", { ...update, type: "scheduleTwinUpdate" }, "GenericBadRequest"],
  ["another type of job", { ...update, type: "export" }, "GenericBadRequest"],
  ["a type that is no text", { ...update, type: 1 }, "GenericBadRequest"],
  ["no condition", { ...update, queryCondition: "" }, "ArgumentNull"],
  ["a blank condition", { ...update, queryCondition: " \n" }, "ArgumentNull"],
  ["a condition that is no text", { ...update, queryCondition: ["a"] }, "ArgumentInvalid"],
  // azure-iot-sdk-csharp#1680
  ["too long a condition", { ...update, queryCondition: "x".repeat(8193) }, "PreconditionFailed"],
  ["no update", { ...update, updateTwin: null }, "ArgumentNull"],
  ["an update that is no object", { ...update, updateTwin: [] }, "ArgumentInvalid"],
  ["an update without an etag", { ...update, updateTwin: { tags: {} } }, "ArgumentInvalid"],
  ["an update with another etag", { ...update, updateTwin: { etag: "AAAA" } }, "ArgumentInvalid"],
  ["tags that are no object", { ...update, updateTwin: { etag: "*", tags: 1 } }, "ArgumentInvalid"],
  ["properties that are none", { ...update, updateTwin: { etag: "*", properties: 1 } }, "ArgumentInvalid"],
  [
    "desired properties with a bad key",
    { ...update, updateTwin: { etag: "*", properties: { desired: { "a.b": 1 } } } },
    "ArgumentInvalid",
  ],
  [
    "an update that no twin could hold",
    {
      ...update,
      updateTwin: {
        etag: "*",
        tags: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, "x".repeat(4000)])),
      },
    },
    "ArgumentInvalid",
  ],
  ["no method", { ...call, cloudToDeviceMethod: undefined as never }, "ArgumentNull"],
  ["a method without a name", { ...call, cloudToDeviceMethod: { payload: 1 } }, "ArgumentNull"],
  ["a time limit of null", { ...update, maxExecutionTimeInSeconds: null }, "ArgumentNull"],
  ["a time limit of 0", { ...update, maxExecutionTimeInSeconds: 0 }, "ArgumentInvalid"],
  ["a time limit of a month and a second", { ...update, maxExecutionTimeInSeconds: 2_592_001 }, "ArgumentInvalid"],
  ["a time limit as text", { ...update, maxExecutionTimeInSeconds: "60" }, "ArgumentInvalid"],
  ["another id than the path's", { ...update, jobId: "k" }, "ArgumentInvalid"],
];

for (const [name, body, reason] of cases) {
  test(`${name} is refused: ${reason}`, () => {
    assert.throws(() => parseJob(body, "j"), refusal(reason));
  });
}

test("a job's id is as that of a device, but not the name of the list", () => {
  for (const jobId of ["j", "job-1.%_*?!(),=@$'", "x".repeat(128)]) checkJobId(jobId);
  for (const jobId of ["", "a b", "a/b", "ü", "x".repeat(129), "query", "Query"]) {
    assert.throws(() => checkJobId(jobId), refusal("ArgumentInvalid"), jobId);
  }
});
