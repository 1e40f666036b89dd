import assert from "node:assert/strict";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { before, suite, test } from "node:test";
import {
  BlobServiceClient,
  type ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { createCallerContainers } from "../../../../adapters/storage/caller-containers.ts";
import type { CallerContainers } from "../../../../core/registry-job/caller-containers.ts";
import { refusal } from "../../../support/memory-hub.ts";
import { silentLog } from "../../../support/nats.ts";
import { openTestStorage, startedAccount, type TestStorage } from "../../../support/storage.ts";
import { suiteScope } from "../../../support/suite-scope.ts";

/** Containers of callers in a real Azurite (spec/http-api 2.6). */
suite("containers of callers", () => {
  const scope = suiteScope();
  const never = new AbortController().signal;
  const logged: object[] = [];
  let storage: TestStorage;
  let container: ContainerClient;
  let containers: CallerContainers;
  let sas: (permissions: string) => string;

  before(async () => {
    storage = await openTestStorage(scope);
    const account = await startedAccount(storage);
    const credential = new StorageSharedKeyCredential(account.name, account.key);
    container = new BlobServiceClient(account.endpoint, credential).getContainerClient("exports");
    await container.create();
    sas = (permissions) => {
      const query = generateBlobSASQueryParameters(
        {
          containerName: "exports",
          permissions: ContainerSASPermissions.parse(permissions),
          expiresOn: new Date(Date.now() + 3_600_000),
        },
        credential,
      );
      return `${container.url}?${query.toString()}`;
    };
    const log = { ...silentLog, warn: (fields: object) => void logged.push(fields) };
    containers = createCallerContainers({ caPem: storage.caPem, log });
  });

  const textOf = async (name: string): Promise<string> =>
    String(await container.getBlobClient(name).downloadToBuffer());

  async function* pieces(count: number, size: number): AsyncGenerator<string, void, void> {
    for (let index = 0; index < count; index += 1)
      yield await Promise.resolve(`${JSON.stringify("x".repeat(size))}\r\n`);
  }

  test("a text of many blocks is written whole, and its lines are read from any place", async () => {
    const out = containers(sas("rwd"));
    await out.checkWritable();
    await out.write("devices.txt", pieces(100, 100_000), never);
    await out.checkReadable("devices.txt");
    const blob = await out.openLines("devices.txt", { from: 0, version: undefined, signal: never });
    assert.equal(blob.sizeInBytes, 100 * 100_004);
    const ends = (await Array.fromAsync(blob.lines)).map(({ value, end }) => (typeof value === "string" ? end : 0));
    assert.deepEqual(
      ends,
      Array.from({ length: 100 }, (_, index) => (index + 1) * 100_004),
    );
    const rest = await out.openLines("devices.txt", { from: ends[97] ?? 0, version: blob.version, signal: never });
    assert.deepEqual(
      (await Array.fromAsync(rest.lines)).map(({ end }) => end),
      ends.slice(98),
    );
    const none = await out.openLines("devices.txt", { from: blob.sizeInBytes, version: undefined, signal: never });
    assert.deepEqual(await Array.fromAsync(none.lines), []);
    await out.write("devices.txt", pieces(1, 1), never);
    const changed = out.openLines("devices.txt", { from: 0, version: blob.version, signal: never });
    await assert.rejects(changed, refusal("BlobContainerValidationError"));
    assert.deepEqual(
      (await Array.fromAsync(container.listBlobsFlat())).map(({ name }) => name),
      ["devices.txt"],
    );
  });

  test("a text that breaks off leaves the former blob, and its own fault comes back", async () => {
    const out = containers(sas("rwd"));
    await out.write("whole.txt", pieces(1, 3), never);
    async function* broken(): AsyncGenerator<string, void, void> {
      yield* pieces(100, 100_000);
      throw new RangeError("mine");
    }
    await assert.rejects(out.write("whole.txt", broken(), never), RangeError);
    const stopping = new AbortController();
    async function* stopped(): AsyncGenerator<string, void, void> {
      yield* pieces(100, 100_000);
      stopping.abort();
      yield* pieces(100, 100_000);
    }
    await assert.rejects(out.write("whole.txt", stopped(), stopping.signal));
    assert.equal(await textOf("whole.txt"), '"xxx"\r\n');
  });

  test("a log is begun anew and appended to", async () => {
    const out = containers(sas("rwd"));
    await out.write("importErrors.log", pieces(1, 3), never);
    await out.startLog("importErrors.log");
    assert.equal(await textOf("importErrors.log"), "");
    for (const line of ["a\r\n", "ä\r\n"]) await out.appendLog("importErrors.log", line);
    assert.equal(await textOf("importErrors.log"), "a\r\nä\r\n");
  });

  test("rights that are missing, and blobs, are all the same fault, and no signature is logged", async () => {
    await assert.rejects(containers(sas("r")).checkWritable(), refusal("BlobContainerValidationError"));
    await assert.rejects(containers(sas("rw")).checkWritable(), refusal("BlobContainerValidationError"));
    await assert.rejects(containers(sas("w")).checkReadable("devices.txt"), refusal("BlobContainerValidationError"));
    await assert.rejects(containers(sas("r")).checkReadable("none"), refusal("BlobContainerValidationError"));
    assert.ok(logged.length >= 4);
    assert.equal(/sig|se=/.test(JSON.stringify(logged)), false);
  });

  test("a redirect to another host is not followed", async (t) => {
    const { key, cert } = storage.tls.options();
    const hits: string[] = [];
    const open = async (answer: (server: { url?: string | undefined }) => string | undefined): Promise<number> => {
      const server: Server = createServer({ key, cert }, (request, response) => {
        const location = answer(request);
        response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location }).end();
      });
      t.after(() => void server.close());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    };
    const inner = await open(({ url }) => void hits.push(url ?? ""));
    const outer = await open(() => `https://localhost:${inner}/secret`);
    const input = containers(`https://localhost:${outer}/c?sig=s`);
    await assert.rejects(input.checkReadable("devices.txt"), refusal("BlobContainerValidationError"));
    assert.deepEqual(hits, []);
  });
});
