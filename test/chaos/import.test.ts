import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { parseRegistryJob } from "../../core/registry-job/parse-registry-job.ts";
import { owner } from "../support/domain-hub.ts";
import { startHub } from "../support/hub.ts";
import { readJournal } from "../support/hub-nodes.ts";
import { spawnHub } from "../support/hub-process.ts";
import { startNats, tempFolder } from "../support/nats.ts";
import { openTestStorage, startedAccount } from "../support/storage.ts";
import { waitFor } from "../support/wait-for.ts";

const deviceCount = 8_000;

// spec/http-api 2.6
test("an import goes on when its node is killed with -9, and every device is created once", {
  timeout: 180_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const scope = { after: (undo: () => unknown) => stack.defer(async () => void (await undo())) };
  const nats = await startNats(scope);
  const storage = await openTestStorage(scope);
  const account = await startedAccount(storage);
  const credential = new StorageSharedKeyCredential(account.name, account.key);
  const container = new BlobServiceClient(account.endpoint, credential).getContainerClient("registry");
  await container.create();
  const permissions = ContainerSASPermissions.parse("rwd");
  const expiresOn = new Date(Date.now() + 3_600_000);
  const query = generateBlobSASQueryParameters({ containerName: "registry", permissions, expiresOn }, credential);
  const uri = `${container.url}?${query.toString()}`;
  const ids = Array.from({ length: deviceCount }, (_, index) => `d${String(index).padStart(6, "0")}`);
  const text = ids.map((id) => `${JSON.stringify({ id, importMode: "create", tags: { a: 1 } })}\r\n`).join("");
  await container.getBlockBlobClient("devices.txt").upload(text, Buffer.byteLength(text));

  // The first node has the storage's CA as its own.
  const dataFolder = await tempFolder(scope);
  cpSync(storage.tlsFolder, join(dataFolder, "tls"), { recursive: true });
  // The first node wins the lease, and the second one shares the key that seals secrets.
  const first = await spawnHub({ dataFolder, flags: ["--nats-url", nats.url] });
  scope.after(() => first.stop("SIGKILL"));
  const masterKey = readFileSync(join(dataFolder, "master.key"), "utf8").trim();
  const { hub } = (await startHub(scope, { natsUrl: nats.url, masterKey })).node;
  const body = { type: "import", inputBlobContainerUri: uri, outputBlobContainerUri: uri };
  const { jobId } = await hub.registryJobs.create({ ...owner, input: parseRegistryJob(body) });
  const began = performance.now();
  await waitFor("the first devices", () => hub.registryJobs.get(jobId).doneCount >= 2_000, 30_000);
  await first.stop("SIGKILL");
  const atDeath = hub.registryJobs.get(jobId);
  assert.equal(atDeath.status, "running");
  const killedAt = performance.now();

  await waitFor("the end", () => hub.registryJobs.get(jobId).status !== "running", 90_000);
  const [tookMs, rateMs] = [performance.now() - killedAt, killedAt - began];
  t.diagnostic(
    `${atDeath.doneCount} lines after ${Math.round(rateMs)} ms at the kill, all ${Math.round(tookMs)} ms later`,
  );
  const job = hub.registryJobs.get(jobId);
  assert.deepEqual([job.status, job.doneCount, job.failedCount], ["completed", deviceCount, 0]);
  assert.equal(String(await container.getBlobClient("importErrors.log").downloadToBuffer()), "");
  const created = (await readJournal(nats)).flatMap(({ event }) =>
    event.type === "DeviceCreated" ? [event.data.deviceId] : [],
  );
  assert.deepEqual(created.filter((id) => /^d\d{6}$/.test(id)).toSorted(), ids);
});
