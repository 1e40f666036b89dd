import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { createAzureBlobs } from "../../../../adapters/storage/azure-blobs.ts";

const now = Date.parse("2026-03-01T12:00:00.000Z");

/** An account that answers each request as `answer` says: `method path` to status and error code. */
async function fakeAccount(t: TestContext, answer: (request: string) => readonly [number, string?]) {
  const requests: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    const request = `${method} ${url?.replace(/[?&]timeout=\d+$/, "")}`;
    requests.push(request);
    assert.match(headers.authorization ?? "", /^SharedKey acme1:/);
    const [status, code] = answer(request);
    if (code !== undefined) response.setHeader("x-ms-error-code", code);
    response.setHeader("last-modified", new Date(now).toUTCString());
    response.writeHead(status).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address() as { port: number };
  const clock = { ms: now, now: () => clock.ms };
  const lines: string[] = [];
  const note = (fields: object, text: string) => void lines.push(`${JSON.stringify(fields)} ${text}`);
  const blobs = createAzureBlobs({
    account: { name: "acme1", key: "c2VjcmV0", endpoint: `http://127.0.0.1:${port}/acme1` },
    containerName: "uploads",
    hostName: () => "acme1.blob.test",
    clock,
    log: { debug: note, info: note, warn: note, error: note },
  });
  return { blobs, requests, clock, lines, server };
}

const upload = { expiresAtMs: now + 3_600_000 };
const makesContainer = "PUT /acme1/uploads?restype=container";

// spec/messaging 8.1
test("a grant is for one blob, to read and write, over HTTPS, and began a while ago for late clocks", async (t) => {
  const { blobs } = await fakeAccount(t, () => [201]);
  const { hostName, containerName, sasToken } = await blobs.grantUpload("dev-1/a b", upload);
  assert.deepEqual([hostName, containerName], ["acme1.blob.test", "uploads"]);
  assert.match(sasToken, /^\?/);
  const { sv, sig, ...rest } = Object.fromEntries(new URLSearchParams(sasToken));
  assert.deepEqual(rest, {
    sr: "b",
    sp: "rw",
    spr: "https",
    st: "2026-03-01T11:55:00Z",
    se: "2026-03-01T13:00:00Z",
  });
  assert.match(sv ?? "", /^\d{4}-\d\d-\d\d$/);
  assert.equal(Buffer.from(sig ?? "", "base64").length, 32);
  assert.doesNotMatch(sasToken, /c2VjcmV0/);
});

test("the container is made once, for all who ask at once, and looked for again after a minute", async (t) => {
  const { blobs, requests, clock } = await fakeAccount(t, () => [409, "ContainerAlreadyExists"]);
  await Promise.all([blobs.grantUpload("d/a", upload), blobs.grantUpload("d/b", upload)]);
  clock.ms += 59_999;
  await blobs.grantUpload("d/c", upload);
  assert.deepEqual(requests, [makesContainer]);
  clock.ms += 1;
  await blobs.grantUpload("d/d", upload);
  assert.deepEqual(requests, [makesContainer, makesContainer]);
});

test("a refusal is told as the hub's error, logged without secrets, and not kept", async (t) => {
  let refuses = true;
  const { blobs, lines } = await fakeAccount(t, () => (refuses ? [403, "AuthenticationFailed"] : [201]));
  const detail = { status: 403, code: "AuthenticationFailed" };
  await assert.rejects(blobs.grantUpload("d/a", upload), { reason: "InvalidStorageEndpointOrBlob", detail });
  await assert.rejects(blobs.find("d/a"), { reason: "InvalidStorageEndpointOrBlob" });
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.includes("AuthenticationFailed") && !/c2VjcmV0|SharedKey|sig=/.test(line)));
  refuses = false;
  await blobs.grantUpload("d/a", upload);
});

test("a blob is found with its address as devices and back ends know it; one that is not there is undefined", async (t) => {
  const { blobs, requests } = await fakeAccount(t, (request) =>
    request.endsWith("/a%20b") ? [200] : [404, "BlobNotFound"],
  );
  const uri = "https://acme1.blob.test/uploads/dev-1/a%20b";
  assert.deepEqual(await blobs.find("dev-1/a b"), { uri, sizeInBytes: 0, lastModifiedMs: now });
  assert.equal(await blobs.find("dev-1/b"), undefined);
  assert.deepEqual(requests, ["HEAD /acme1/uploads/dev-1/a%20b", "HEAD /acme1/uploads/dev-1/b"]);
});

test("an account that is busy or out of reach is asked again, then told as unavailable", async (t) => {
  const answers: (readonly [number, string])[] = [[503, "ServerBusy"]];
  const { blobs, requests, server } = await fakeAccount(t, () => answers.shift() ?? [201]);
  await blobs.grantUpload("d/a", upload);
  assert.equal(requests.length, 2);
  server.close().closeAllConnections();
  await assert.rejects(blobs.find("d/a"), { reason: "ServiceUnavailable", detail: { code: "ECONNREFUSED" } });
});
