import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { BlobServiceClient } from "@azure/storage-blob";
import pino from "pino";
import { type OpenStorage, openStorage } from "../../../adapters/node/open-storage.ts";
import { openTls } from "../../../adapters/node/open-tls.ts";
import { systemClock } from "../../../adapters/node/system.ts";
import { processesWith } from "../../../adapters/processes/find-processes.ts";
import { readSettings } from "../../../adapters/settings/read-settings.ts";
import { tempFolder } from "../../support/nats.ts";
import { grantOf } from "../../support/storage.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Opens the storage of a hub whose data folder is `root`. */
async function open(t: TestContext, root: string, environment: Record<string, string>): Promise<OpenStorage> {
  const settings = readSettings({ flags: { bind: "127.0.0.1", host: "hub.test" }, environment, file: undefined });
  const log = pino({ level: "silent" });
  const tls = await openTls({ settings, folder: join(root, "tls"), log });
  t.after(() => tls[Symbol.asyncDispose]());
  const folder = join(root, "storage");
  const storage = await openStorage({ settings, folder, tls, clock: systemClock(), log });
  t.after(() => storage[Symbol.asyncDispose]());
  return storage;
}

test("back ends are told of the hub's own storage before it runs, where its port is fixed", async (t) => {
  const root = await tempFolder(t);
  const { connectionString = "" } = await open(t, root, { TWINSTREAM_STORAGE_PORT: "10000" });
  const { accountName, url } = BlobServiceClient.fromConnectionString(connectionString);
  assert.equal(url, `https://hub.test:10000/${accountName}`);
  assert.equal((await open(t, root, { TWINSTREAM_STORAGE_PORT: "0" })).connectionString, undefined);
  assert.deepEqual(await processesWith([join(root, "storage")]), []);
});

test("a hub that has files from before serves them from its start", async (t) => {
  const root = await tempFolder(t);
  const environment = { TWINSTREAM_STORAGE_PORT: "0" };
  const first = await open(t, root, environment);
  await grantOf(first.blobs, "d/a");
  await first[Symbol.asyncDispose]();
  await open(t, root, environment);
  await waitFor("Azurite", async () => (await processesWith([join(root, "storage")])).length === 1);
});

test("a connection string of no use keeps the hub from starting, and is not repeated", async (t) => {
  const root = await tempFolder(t);
  const environment = { TWINSTREAM_STORAGE_CONNECTION_STRING: "AccountName=acme1;AccountKey=s3cret!" };
  await assert.rejects(open(t, root, environment), ({ message }: Error) => {
    return /AccountKey/.test(message) && !message.includes("s3cret");
  });
});
