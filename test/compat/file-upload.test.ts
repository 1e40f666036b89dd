import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { before, suite, test } from "node:test";
import { BlobClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { Client as DeviceClient, Message as SdkMessage } from "azure-iot-device";
import type { Client as BackEnd } from "azure-iothub";
import { localAccount } from "../../adapters/storage/azurite-account.ts";
import type { StorageAccount } from "../../adapters/storage/storage-account.ts";
import type { UploadGrant } from "../../core/file-upload/blobs.ts";
import type { FileNotification } from "../../core/file-upload/notification.ts";
import { openBackEnd, textIn } from "../support/back-end.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { openTestStorage, startedAccount, uploaderOf } from "../support/storage.ts";
import { type Scope, suiteScope } from "../support/suite-scope.ts";
import { connectedTransports, sdkDevices } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

const mebibyte = 1_048_576;
const kinds = connectedTransports.filter(({ protocol }) => protocol === "mqtt" || protocol === "amqp");

/** What `getBlobSharedAccessSignature` gives. */
type SdkGrant = UploadGrant & { readonly correlationId: string; readonly blobName: string };

/** `uploadToBlob` and its parts, with Azurite as the hub's own storage (spec/messaging 8). */
suite("file upload with the SDKs", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let service: BackEnd;
  const notifications: FileNotification[] = [];

  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
    service = await openBackEnd(scope, hub);
    await collectNotifications(service, notifications);
  });

  for (const transport of kinds) {
    for (const [name, size] of [
      ["empty", 0],
      ["one", mebibyte],
      ["large", 64 * mebibyte],
    ] as const) {
      test(`${size} bytes of a device with ${transport.name} arrive, and back ends hear of them`, async (t) => {
        const deviceId = `${transport.protocol}-${name}`;
        const client = await openDevice(t, hub, deviceId, transport);
        const content = randomBytes(size);
        const started = performance.now();
        await client.uploadToBlob(`dir/${name} file.bin`, streamOf(content), anyLength(content));
        t.diagnostic(`${(performance.now() - started).toFixed(0)} ms`);
        const told = await waitFor("the notification", () => notifications.find((one) => one.deviceId === deviceId));
        assert.equal(told.blobName, `${deviceId}/dir/${name} file.bin`);
        assert.equal(told.blobSizeInBytes, size);
        assert.match(told.lastUpdatedTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
        assert.match(told.enqueuedTimeUtc, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
        assert.equal(digestOf(await readBack(accountOf(hub), told.blobUri)), digestOf(content));
        const [upload] = hub.node.hub.fileUploads.list(deviceId);
        assert.equal(upload?.state, "Completed");
        assert.equal(notifications.filter((one) => one.deviceId === deviceId).length, 1);
      });
    }
  }

  // spec/messaging 8.1, 8.2
  test("a device may do each step itself, and tell of a failure", async (t) => {
    const client = await openDevice(t, hub, "steps");
    const grant = await grantFor(client, "a/b c.txt");
    assert.deepEqual([grant.blobName, grant.containerName], ["steps/a/b c.txt", "uploads"]);
    assert.match(grant.sasToken, /^\?.*sp=rw/);
    await uploaderOf(grant, grant.blobName).upload("hello", 5);
    await client.notifyBlobUploadStatus(grant.correlationId, true, 200, "");
    const told = await waitFor("the notification", () => notifications.find((one) => one.deviceId === "steps"));
    assert.equal((await readBack(accountOf(hub), told.blobUri)).toString(), "hello");

    const failed = await grantFor(client, "failed.txt");
    await client.notifyBlobUploadStatus(failed.correlationId, false, -1, "no power");
    const [, second] = hub.node.hub.fileUploads.list("steps");
    assert.deepEqual([second?.state, second?.blobName], ["Failed", "steps/failed.txt"]);
    await assert.rejects(client.notifyBlobUploadStatus("made up", true, 200, ""), refusal(/Bad Request/));
    assert.equal(notifications.filter((one) => one.deviceId === "steps").length, 1);
  });

  // spec/messaging 8.1
  test("the eleventh upload under way is refused, until one is complete", async (t) => {
    const client = await openDevice(t, hub, "busy");
    const grants: SdkGrant[] = [];
    for (let number = 0; number < 10; number += 1) grants.push(await grantFor(client, `${number}`));
    const isLimit = refusal(/Forbidden/, /UploadLimitExceeded;Number of active file upload requests cannot exceed 10/);
    await assert.rejects(grantFor(client, "one more"), isLimit);
    await client.notifyBlobUploadStatus(grants[0]?.correlationId ?? "", false, 0, "");
    await grantFor(client, "one more");
  });
});

/** The storage is an account by its connection string: an Azurite that the hub knows nothing else of. */
suite("file upload to an account of the operator's", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let account: StorageAccount;

  before(async () => {
    account = await startedAccount(await openTestStorage(scope));
    hub = await startHub(scope, { storageConnectionString: connectionStringOf(account), storageContainer: "others" });
    leadWellKnownPortsTo(scope, hub);
  });

  test("a file arrives in the container that the settings name", async (t) => {
    const client = await openDevice(t, hub, "d");
    const content = randomBytes(1_000);
    await client.uploadToBlob("a", streamOf(content), content.length);
    assert.deepEqual(await readBack(account, `${account.endpoint}/others/d/a`), content);
    assert.equal(existsSync(join(hub.dataFolder, "storage")), false);
    assert.equal(hub.node.variables.has("AZURE_STORAGE_CONNECTION_STRING"), false);
  });
});

suite("file upload to an account that refuses the hub", () => {
  const scope = suiteScope();
  let hub: TestHub;

  before(async () => {
    const account = await startedAccount(await openTestStorage(scope));
    hub = await startHub(scope, { storageConnectionString: connectionStringOf({ ...account, key: "d3Jvbmc=" }) });
    leadWellKnownPortsTo(scope, hub);
  });

  // spec/messaging 8.1
  test("the device is told so, and keeps its place", async (t) => {
    const client = await openDevice(t, hub, "d");
    await assert.rejects(grantFor(client, "a"), refusal(/Bad Request/, /InvalidStorageEndpointOrBlob/));
    await assert.rejects(client.uploadToBlob("a", streamOf(randomBytes(1)), 1), { name: "BlobSasError" });
    assert.deepEqual(hub.node.hub.fileUploads.list("d"), []);
  });
});

const mqtt = () => kinds.find(({ protocol }) => protocol === "mqtt") ?? assert.fail("no MQTT");

/** Connects a device that calls the hub by a name without a port: the SDK takes none for its HTTPS calls. */
async function openDevice(t: Scope, hub: TestHub, deviceId: string, transport = mqtt()): Promise<DeviceClient> {
  const devices = sdkDevices(transport, () => hub);
  const credentials = await devices.register(deviceId);
  return await devices.open(t, credentials.replace(/HostName=[^;]+/, "HostName=localhost"));
}

/** The content in chunks, as a file has them. */
function streamOf(content: Buffer): Readable {
  const chunkBytes = 65_536;
  const count = Math.ceil(content.length / chunkBytes);
  return Readable.from(
    Array.from({ length: count }, (_, index) => content.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
    { objectMode: false },
  );
}

/** The SDK takes no length of 0, and makes no use of any other. */
const anyLength = (content: Buffer): number => Math.max(1, content.length);

const digestOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

async function grantFor(client: DeviceClient, blobName: string): Promise<SdkGrant> {
  return (await client.getBlobSharedAccessSignature(blobName)) as unknown as SdkGrant;
}

/** The SDK's HTTPS client has the reason of the status line, and of a grant's refusal the body. */
const refusal =
  (reason: RegExp, body = /.*/s) =>
  (error: Error & { responseBody?: string }): boolean =>
    reason.test(error.message) && body.test(error.responseBody ?? "");

type AccountKey = Pick<StorageAccount, "name" | "key">;

/** The account of a hub's own storage. */
const accountOf = ({ dataFolder }: TestHub): AccountKey => localAccount(join(dataFolder, "storage"));

const connectionStringOf = ({ name, key, endpoint }: StorageAccount): string =>
  `AccountName=${name};AccountKey=${key};BlobEndpoint=${endpoint}`;

/** Reads a blob as a back end does, with the account's key. */
const readBack = ({ name, key }: AccountKey, uri: string): Promise<Buffer> =>
  new BlobClient(uri, new StorageSharedKeyCredential(name, key)).downloadToBuffer();

async function collectNotifications(service: BackEnd, into: FileNotification[]): Promise<void> {
  const receiver = await new Promise<BackEnd.ServiceReceiver>((resolve, reject) => {
    service.getFileNotificationReceiver((error, opened) => {
      if (opened === undefined) reject(error ?? new Error("no receiver"));
      else resolve(opened);
    });
  });
  receiver.on("message", (message: SdkMessage) => {
    into.push(JSON.parse(textIn(message)) as FileNotification);
    receiver.complete(message);
  });
}
