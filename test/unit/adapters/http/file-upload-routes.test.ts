import assert from "node:assert/strict";
import { test } from "node:test";
import { type CompleteUpload, createFileUploads, type StartUpload } from "../../../../core/file-upload/file-uploads.ts";
import { deviceCreated } from "../../../support/events.ts";
import { MemoryBlobs } from "../../../support/memory-blobs.ts";
import { memoryHub } from "../../../support/memory-hub.ts";
import { assertRefused, openHttp, refuse } from "./http-fixture.ts";

const files = "/devices/dev-1/files";

/** The routes over the real use cases, with a storage account in memory. */
async function openUploads() {
  const hub = memoryHub();
  const blobs = new MemoryBlobs();
  const { key, event } = deviceCreated("dev-1");
  const meta = { id: "e", time: "t", actor: { kind: "hub", nodeId: "n" }, correlationId: "c" } as const;
  await hub.journal.append(key, { event, meta });
  const uploads = createFileUploads({ ...hub, blobs });
  const http = await openHttp({
    "fileUploads.start": (request: StartUpload) => uploads.start(request),
    "fileUploads.complete": (request: CompleteUpload) => uploads.complete(request),
    "fileUploads.list": (deviceId: string) => uploads.list(deviceId),
  });
  const post = async (url: string, payload: object) => await http.send({ method: "POST", url, payload });
  return { http, hub, blobs, post, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

type Started = Record<"correlationId" | "hostName" | "containerName" | "blobName" | "sasToken", string>;

// spec/http-api 9.3, spec/messaging 8.1
test("a device asks where to upload a file to, with and without a slash at the end", async () => {
  await using bench = await openUploads();
  for (const url of [`${files}?api-version=2021-04-12`, "/devices/dev-1/Files/?api-version=2016-11-14"]) {
    const response = await bench.post(url, { blobName: "dir/a.txt" });
    assert.equal(response.statusCode, 200, response.body);
    assert.match(String(response.headers["content-type"]), /application\/json/);
    const { correlationId, sasToken, ...rest } = response.json<Started>();
    assert.deepEqual(rest, {
      hostName: "account.blob.test",
      containerName: "uploads",
      blobName: "dev-1/dir/a.txt",
    });
    assert.ok(correlationId.length > 0);
    assert.match(sasToken, /^\?/);
  }
});

// spec/messaging 8.1: what devices are told must lead them to the storage, by whatever name they know the hub
test("the storage hears by what name the device called, without its port", async () => {
  await using bench = await openUploads();
  const hosts = [
    ["hub.example.com", "hub.example.com"],
    ["Hub.example.com:8443", "hub.example.com"],
    ["[::1]:443", "[::1]"],
    ["not a name", undefined],
  ] as const;
  for (const [host, calledBy] of hosts) {
    const response = await bench.http.send({
      method: "POST",
      url: files,
      headers: { host },
      payload: { blobName: "a" },
    });
    assert.equal(response.statusCode, 200, response.body);
    assert.equal(bench.blobs.granted.at(-1)?.calledBy, calledBy, host);
  }
});

// spec/http-api 9.3, spec/messaging 8.2
test("a device tells how an upload went, in the form of the docs and in that of the Node SDK", async () => {
  await using bench = await openUploads();
  const begin = async (blobName: string) => (await bench.post(files, { blobName })).json<Started>().correlationId;
  const [byBody, byPath] = [await begin("a"), await begin("b")];
  bench.blobs.write("dev-1/a", 7);
  const told = { correlationId: byBody, isSuccess: true, statusCode: 200, statusDescription: "OK" };
  const first = await bench.post(`${files}/notifications/?api-version=2020-09-30`, told);
  assert.deepEqual([first.statusCode, first.body, first.headers["content-length"]], [204, "", "0"]);
  const second = await bench.http.send({
    method: "POST",
    url: `${files}/notifications/${encodeURIComponent(byPath)}?api-version=2021-04-12`,
    headers: { "content-type": "application/json; charset=utf-8", "iothub-name": "hub" },
    payload: JSON.stringify({ isSuccess: false, statusCode: -1 }),
  });
  assert.equal(second.statusCode, 204);
  assert.deepEqual(
    bench.hub.events.slice(-2).map(({ event, meta }) => [event.type, meta.actor]),
    [1, 2].map(() => ["FileUploadCompleted", { kind: "device", deviceId: "dev-1" }]),
  );
  const list = await bench.http.send({ method: "GET", url: `${files}?api-version=2021-04-12` });
  assert.deepEqual(
    list.json<{ blobName: string; state: string }[]>().map(({ blobName, state }) => [blobName, state]),
    [
      ["dev-1/a", "Completed"],
      ["dev-1/b", "Failed"],
    ],
  );
});

// spec/http-api 9.3, 11.3
test("each refusal has the error that the docs name", async () => {
  await using bench = await openUploads();
  const { correlationId } = (await bench.post(files, { blobName: "a" })).json<Started>();
  const notifications = `${files}/notifications`;
  assertRefused(await bench.post(files, {}), 400, "ArgumentNull");
  assertRefused(await bench.post(files, { blobName: "../b" }), 400, "ArgumentInvalid");
  assertRefused(await bench.post(files, []), 400, "IotHubFormatError");
  assertRefused(await bench.post(notifications, { isSuccess: true }), 400, "InvalidFileUploadCorrelationId");
  assertRefused(
    await bench.post(`${notifications}/unknown%2F%3D`, { isSuccess: true }),
    400,
    "InvalidFileUploadCorrelationId",
  );
  assertRefused(await bench.post(notifications, { correlationId }), 400, "InvalidFileUploadCompletionStatus");
  assertRefused(
    await bench.post(notifications, { correlationId, isSuccess: true }),
    400,
    "InvalidStorageEndpointOrBlob",
  );
  for (let count = 1; count < 10; count += 1) await bench.post(files, { blobName: `file-${count}` });
  const text = assertRefused(
    await bench.post(files, { blobName: "eleventh" }),
    403,
    "DeviceMaximumActiveFileUploadLimitExceeded",
  );
  assert.equal(text, "Number of active file upload requests cannot exceed 10");
  bench.hub.clock.nowMs += 3_600_000;
  assertRefused(
    await bench.post(notifications, { correlationId, isSuccess: false }),
    400,
    "ExpiredFileUploadCorrelationId",
  );
  await using none = await openHttp({ "fileUploads.start": refuse("DefaultStorageEndpointNotConfigured", "none") });
  const request = { method: "POST", url: files, payload: { blobName: "a" } } as const;
  assertRefused(await none.send(request), 400, "DefaultStorageEndpointNotConfigured");
});

// spec/identity-and-security 6
test("only the device itself may upload, and only a back end may look", async () => {
  const noOne = refuse("IotHubUnauthorizedAccess", "Unauthorized");
  await using http = await openHttp({
    "deviceAccess.authenticate": noOne,
    "fileUploads.list": () => [],
  });
  for (const path of ["", "/notifications", "/notifications/c"]) {
    const response = await http.send({ method: "POST", url: `${files}${path}`, payload: { isSuccess: true } });
    assertRefused(response, 401, "IotHubUnauthorizedAccess");
  }
  assert.equal((await http.send({ method: "GET", url: files })).statusCode, 200);
  assert.deepEqual(http.only("serviceAccess.authorize").slice(1), ["ServiceConnect"]);
});
