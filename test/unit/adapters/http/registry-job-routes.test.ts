import assert from "node:assert/strict";
import { test } from "node:test";
import type { RegistryJob } from "../../../../core/registry-job/registry-job.ts";
import { assertRefused, openHttp, refuse, type Script } from "./http-fixture.ts";

const created = "2026-03-01T12:00:00.000Z";
const job: RegistryJob = {
  jobId: "0123abcd-4567-89ab-cdef-0123456789ab",
  work: {
    type: "import",
    devicesBlobName: "devices.txt",
    configurationsBlobName: null,
    outputContainer: "https://a.test/out",
    sealedOutput: "sealed-1",
    inputContainer: "https://a.test/in",
    sealedInput: "sealed-2",
  },
  createdBy: { kind: "policy", policy: "iothubowner" },
  createdTime: created,
  createdSequence: 7,
  status: "enqueued",
  attemptId: null,
  progress: 0,
  doneCount: 0,
  failedCount: 0,
  place: null,
  endTime: null,
  failureReason: null,
};
const document = {
  jobId: job.jobId,
  startTimeUtc: created,
  type: "import",
  status: "enqueued",
  progress: 0,
  outputBlobContainerUri: "https://a.test/out",
  excludeKeysInExport: false,
  includeConfigurations: false,
  storageAuthenticationType: "keyBased",
  useSecondaryStorageAsSource: false,
};
const script: Script = {
  "registryJobs.create": () => job,
  "registryJobs.list": () => [job],
  "registryJobs.get": () => ({ ...job, status: "failed", endTime: created, failureReason: "why" }),
  "registryJobs.cancel": () => job,
};
const version = "?api-version=2021-04-12";
const body = {
  type: "import",
  inputBlobContainerUri: "https://a.test/in?sig=s1",
  outputBlobContainerUri: "https://a.test/out?sig=s2",
};

// spec/http-api 2.6
test("the answer to the creation alone has the URIs as they were sent", async () => {
  await using http = await openHttp(script);
  const answer = await http.send({ method: "POST", url: `/jobs/create${version}`, payload: body });
  assert.equal(answer.statusCode, 200);
  const { inputBlobContainerUri, outputBlobContainerUri } = body;
  assert.deepEqual(answer.json(), { ...document, inputBlobContainerUri, outputBlobContainerUri });
  const [request] = http.only("registryJobs.create") as [{ input: object; actor: object }];
  assert.deepEqual(request.input, {
    type: "import",
    inputUri: inputBlobContainerUri,
    outputUri: outputBlobContainerUri,
    devicesBlobName: "devices.txt",
    configurationsBlobName: null,
  });
  assert.equal(JSON.stringify(http.lines).includes("sig="), false);
});

test("jobs are listed, shown and cancelled", async () => {
  await using http = await openHttp(script);
  assert.deepEqual((await http.send({ url: `/jobs${version}` })).json(), [document]);
  const shown = await http.send({ url: `/jobs/${job.jobId}${version}` });
  assert.deepEqual(shown.json(), { ...document, status: "failed", endTimeUtc: created, failureReason: "why" });
  const cancelled = await http.send({ method: "DELETE", url: `/jobs/${job.jobId}${version}` });
  assert.deepEqual([cancelled.statusCode, cancelled.json()], [200, document]);
  const [{ jobId }] = http.only("registryJobs.cancel") as [{ jobId: string }];
  assert.equal(jobId, job.jobId);
});

test("both rights of the registry are asked for", async () => {
  await using http = await openHttp(script);
  await http.send({ url: `/jobs${version}` });
  const rights = http.calls.flatMap(({ name, args }) => (name === "serviceAccess.authorize" ? args.slice(1) : []));
  assert.deepEqual(rights, ["RegistryRead", "RegistryWrite"]);
});

// spec/http-api 2.6, 11.3
test("refusals have IoT Hub's errors", async () => {
  const refusing = async (refusal: Script, options: Parameters<Awaited<ReturnType<typeof openHttp>>["send"]>[0]) => {
    await using http = await openHttp(refusal);
    return await http.send(options);
  };
  const post = { method: "POST", url: `/jobs/create${version}`, payload: body } as const;
  assertRefused(
    await refusing({ "registryJobs.create": refuse("JobQuotaExceeded", "one") }, post),
    403,
    "JobQuotaExceeded",
  );
  const container = refuse("BlobContainerValidationError", "no");
  assertRefused(await refusing({ "registryJobs.create": container }, post), 400, "BlobContainerValidationError");
  assertRefused(await refusing({}, { ...post, payload: { type: "export" } }), 400, "ArgumentNull");
  const get = { url: `/jobs/none${version}` };
  assertRefused(await refusing({ "registryJobs.get": refuse("JobNotFound", "none") }, get), 404, "JobNotFound");
});

// spec/twins-methods-jobs 11
test("as a job of the second version an import is unknown", async () => {
  await using http = await openHttp({ ...script, "jobs.get": refuse("JobNotFound", "none") });
  const answer = await http.send({ url: `/jobs/v2/${job.jobId}${version}` });
  assert.deepEqual([answer.statusCode, answer.json()], [200, { jobId: job.jobId, type: "unknown", status: "unknown" }]);
  assertRefused(await http.send({ url: `/jobs/v2/other${version}` }), 404, "JobNotFound");
});
