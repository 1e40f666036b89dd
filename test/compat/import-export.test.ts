import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  BlobServiceClient,
  type ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { Registry as ServiceRegistry } from "azure-iothub";
import { Registry } from "../support/azure-sdk.ts";
import { routeHttpsTo, startHub, type TestHub } from "../support/hub.ts";
import { openTestStorage, startedAccount } from "../support/storage.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

type JobStatus = {
  readonly jobId: string;
  readonly type: string;
  readonly status: string;
  readonly progress: number;
  readonly failureReason?: string;
  readonly outputBlobContainerUri?: string;
  readonly inputBlobContainerUri?: string;
};

/** The SDK's own type has no id. */
const jobIdOf = (job: object): string => (job as JobStatus).jobId;

/** Import and export by azure-iothub's Registry, to and from a real Azurite (spec/http-api 2.6). */
suite("import and export of devices", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;
  let container: ContainerClient;
  let containerUri: string;

  before(async () => {
    const storage = await openTestStorage(scope);
    const account = await startedAccount(storage);
    hub = await startHub(scope);
    routeHttpsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
    const credential = new StorageSharedKeyCredential(account.name, account.key);
    container = new BlobServiceClient(account.endpoint, credential).getContainerClient("registry");
    await container.create();
    const permissions = ContainerSASPermissions.parse("rwdl");
    const expiresOn = new Date(Date.now() + 3_600_000);
    const query = generateBlobSASQueryParameters({ containerName: "registry", permissions, expiresOn }, credential);
    containerUri = `${container.url}?${query.toString()}`;
  });

  const over = (jobId: string): Promise<JobStatus> =>
    waitFor(
      "the end of the job",
      async () => {
        const job = (await registry.getJob(jobId)) as JobStatus;
        return job.status !== "enqueued" && job.status !== "running" && job;
      },
      30_000,
    );
  const exported = async (excludeKeys: boolean): Promise<JobStatus> =>
    await over(jobIdOf(await registry.exportDevicesToBlob(containerUri, excludeKeys)));
  const imported = async (lines: readonly object[]): Promise<JobStatus> => {
    const text = lines.map((line) => `${JSON.stringify(line)}\r\n`).join("");
    await container.getBlockBlobClient("devices.txt").upload(text, Buffer.byteLength(text));
    return await over(jobIdOf(await registry.importDevicesFromBlob(containerUri, containerUri)));
  };
  const documents = async (name: string): Promise<readonly Record<string, unknown>[]> =>
    String(await container.getBlobClient(name).downloadToBuffer())
      .split("\r\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  // azure-iot-sdk-node, e2e tests of import and export
  test("devices come in from a blob and go out into one", async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `imported-${String(index).padStart(3, "0")}`);
    const job = await imported(ids.map((id) => ({ id, importMode: "create", status: "enabled", tags: { batch: 1 } })));
    assert.deepEqual([job.type, job.status, job.progress, job.failureReason], ["import", "completed", 100, undefined]);
    assert.equal(job.outputBlobContainerUri, container.url);
    assert.equal("inputBlobContainerUri" in job, false);
    assert.deepEqual(await documents("importErrors.log"), []);
    assert.deepEqual((await registry.getTwin("imported-007")).responseBody.tags, { batch: 1 });

    assert.equal((await exported(false)).status, "completed");
    const devices = await documents("devices.txt");
    assert.deepEqual(
      devices.map(({ id }) => id).filter((id) => String(id).startsWith("imported-")),
      ids,
    );
    const { primaryKey } = (await registry.get("imported-007")).responseBody.authentication?.symmetricKey ?? {};
    const line = devices.find(({ id }) => id === "imported-007") as { authentication: { symmetricKey: object } };
    assert.deepEqual((line.authentication.symmetricKey as { primaryKey: string }).primaryKey, primaryKey);

    assert.equal((await exported(true)).status, "completed");
    for (const device of await documents("devices.txt")) {
      const { symmetricKey } = device.authentication as { symmetricKey: object };
      assert.deepEqual(symmetricKey, { primaryKey: null, secondaryKey: null });
    }
  });

  test("what can't be imported is in the error log", async () => {
    const job = await imported([
      { id: "twice", importMode: "create" },
      { id: "twice", importMode: "create" },
    ]);
    assert.equal(job.status, "completed");
    const [fault, ...rest] = await documents("importErrors.log");
    assert.deepEqual([fault?.deviceId, fault?.errorCode, rest], ["twice", 409001, []]);
  });

  test("jobs are listed, cancelled, and refused", async () => {
    const { jobId } = await exported(false);
    const all = (await registry.listJobs()).responseBody as unknown as readonly JobStatus[];
    assert.equal(all[0]?.jobId, jobId);
    assert.equal(((await registry.cancelJob(jobId)) as JobStatus).status, "completed");
    await assert.rejects(registry.getJob("0123abcd-0000-0000-0000-000000000000"), /404|JobNotFound|not found/i);
    const wrong = containerUri.replace(/sig=[^&]*/, "sig=AAAA");
    await assert.rejects(registry.exportDevicesToBlob(wrong, false), { name: "ArgumentError" });
    await assert.rejects(registry.exportDevicesToBlob("http://a.test/c", false), { name: "ArgumentError" });
    await assert.rejects(registry.exportDevicesToBlobByIdentity(container.url, false), { name: "ArgumentError" });
  });
});
