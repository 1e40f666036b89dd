import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { before, suite, test } from "node:test";
import { connect } from "node:tls";
import { processesWith } from "../../../../adapters/processes/find-processes.ts";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import type { Blobs } from "../../../../core/file-upload/blobs.ts";
import { tempFolder } from "../../../support/nats.ts";
import { grantOf, openTestStorage, type TestStorage, uploaderOf } from "../../../support/storage.ts";
import { suiteScope } from "../../../support/suite-scope.ts";
import { waitFor } from "../../../support/wait-for.ts";

const blobName = "dev-1/pictures/ü 1.txt";

/** Uploads a text as a device does. */
async function upload(blobs: Blobs, name: string, text: string): Promise<void> {
  await uploaderOf(await grantOf(blobs, name), name).upload(text, Buffer.byteLength(text));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A log that keeps what it is told. */
function keepingLog() {
  const lines: string[] = [];
  const note = (fields: object, text: string) => void lines.push(`${JSON.stringify(fields)} ${text}`);
  return { lines, log: { debug: note, info: note, warn: note, error: note } };
}

suite("grants of one storage", () => {
  const scope = suiteScope();
  let storage: TestStorage;

  before(async () => {
    storage = await openTestStorage(scope);
  });

  // spec/messaging 8.1
  test("a grant lets a device write and read its blob, which the hub then finds", async () => {
    const { blobs, azurite, account } = storage;
    const grant = await grantOf(blobs, blobName);
    assert.equal(grant.hostName, `localhost:${await azurite.listening()}/${account.name}`);
    assert.equal(grant.containerName, "uploads");
    assert.equal(await blobs.find(blobName), undefined);
    const device = uploaderOf(grant, blobName);
    const startedMs = Math.floor(Date.now() / 1_000) * 1_000;
    await device.upload("hello", 5);
    assert.equal((await device.downloadToBuffer()).toString(), "hello");
    const found = await blobs.find(blobName);
    assert.equal(found?.sizeInBytes, 5);
    assert.equal(found.uri, `https://${grant.hostName}/uploads/dev-1/pictures/%C3%BC%201.txt`);
    assert.ok(found.lastModifiedMs >= startedMs && found.lastModifiedMs <= Date.now());
  });

  // spec/messaging 8.1
  test("a grant is for one blob, for a time, and for nothing but to write and read it", async () => {
    const { blobs } = storage;
    const grant = await grantOf(blobs, "dev-1/mine");
    const refused = { statusCode: 403 };
    await assert.rejects(uploaderOf(grant, "dev-2/other").upload("x", 1), refused);
    await assert.rejects(uploaderOf(grant, "dev-1/mine/too").upload("x", 1), refused);
    const late = await blobs.grantUpload("dev-1/mine", { expiresAtMs: Date.now() - 1_000 });
    await assert.rejects(uploaderOf(late, "dev-1/mine").upload("x", 1), refused);
    const device = uploaderOf(grant, "dev-1/mine");
    await device.upload("x", 1);
    await assert.rejects(device.delete(), refused);
    await assert.rejects(uploaderOf({ ...grant, sasToken: "" }, "dev-1/mine").download(), refused);
    const forged = { ...grant, sasToken: grant.sasToken.replace(/se=[^&]+/, "se=2099-01-01T00%3A00%3A00Z") };
    await assert.rejects(uploaderOf(forged, "dev-1/mine").upload("x", 1), refused);
  });

  test("a device is told the name by which it called the hub", async () => {
    const { blobs, azurite, account } = storage;
    const expiresAtMs = Date.now() + 60_000;
    const named = async (calledBy: string) => (await blobs.grantUpload("d/a", { expiresAtMs, calledBy })).hostName;
    const port = await azurite.listening();
    assert.equal(await named("hub.example.com"), `hub.example.com:${port}/${account.name}`);
    assert.equal(await named("[::1]"), `[::1]:${port}/${account.name}`);
  });
});

test("callers of the first moment share one start, and nothing runs before or after", async (t) => {
  const { log, lines } = keepingLog();
  const { blobs, azurite, folder, account } = await openTestStorage(t, { log });
  assert.equal(azurite.pid, undefined);
  assert.equal(azurite.hasBlobs(), false);
  await Promise.all(["a", "b", "c"].map((name) => grantOf(blobs, `d/${name}`)));
  const [pid, ...others] = await processesWith([folder]);
  assert.equal(pid, azurite.pid);
  assert.deepEqual(others, []);
  assert.equal(azurite.hasBlobs(), true);
  await azurite[Symbol.asyncDispose]();
  assert.deepEqual(await processesWith([folder]), []);
  assert.equal(readdirSync(folder).includes("marker"), false);
  assert.equal(
    lines.some((line) => line.includes(account.key)),
    false,
  );
  assert.equal(statSync(join(folder, "account.json")).mode & 0o777, 0o600);
  await assert.rejects(azurite.listening(), /the hub stops/);
});

test("a hub that stops while Azurite starts leaves none behind", async (t) => {
  const { azurite, folder } = await openTestStorage(t);
  const starting = azurite.listening();
  const failed = assert.rejects(starting);
  await azurite[Symbol.asyncDispose]();
  await failed;
  assert.deepEqual(await processesWith([folder]), []);
});

test("Azurite that is killed comes back on its port, with every blob that the hub had found", async (t) => {
  const { blobs, azurite } = await openTestStorage(t);
  await upload(blobs, blobName, "kept");
  const killed = azurite.pid ?? 0;
  const port = await azurite.listening();
  assert.equal((await blobs.find(blobName))?.sizeInBytes, 4);
  process.kill(killed, "SIGKILL");
  await waitFor("another Azurite", () => azurite.pid !== undefined && azurite.pid !== killed);
  const found = await waitFor("an answer", () => blobs.find(blobName).catch(() => undefined), 20_000);
  assert.equal(found.sizeInBytes, 4);
  assert.equal(await azurite.listening(), port);
  await upload(blobs, "d/after", "x");
});

test("Azurite ends with a hub that is killed, and the next hub has its blobs", async (t) => {
  const root = await tempFolder(t);
  const { hub, azuritePid } = await otherHub(root);
  hub.kill("SIGKILL");
  await waitFor("the end of Azurite", () => !isAlive(azuritePid));
  const { blobs, azurite } = await openTestStorage(t, { root });
  assert.equal(azurite.hasBlobs(), true);
  assert.equal((await blobs.find(blobName))?.sizeInBytes, 5);
});

/** Starts a process with a storage of its own, as a hub would, with a blob that was just uploaded. */
async function otherHub(root: string): Promise<{ hub: ChildProcess; azuritePid: number }> {
  const module = new URL("../../../support/storage.ts", import.meta.url).href;
  const program = `
    import { grantOf, openTestStorage, uploaderOf } from ${JSON.stringify(module)};
    const { blobs, azurite } = await openTestStorage({ after() {} }, { root: ${JSON.stringify(root)} });
    const name = ${JSON.stringify(blobName)};
    await uploaderOf(await grantOf(blobs, name), name).upload("hello", 5);
    console.log(azurite.pid);`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
  const hub = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: hub.stdout }), "line")) as [string];
  return { hub, azuritePid: Number(line) };
}

test("a port that is taken is named to the operator, and used as soon as it is free", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const { log, lines } = keepingLog();
  const { blobs } = await openTestStorage(t, { port, log });
  await assert.rejects(grantOf(blobs, "d/a"), { name: "HubError", reason: "ServiceUnavailable" });
  assert.ok(lines.some((line) => line.includes(`port ${port} is taken`) && line.includes("storagePort")));
  other.close();
  await once(other, "close");
  await upload(blobs, "d/a", "x");
});

test("a new certificate of the hub is served at once, by the Azurite that runs", async (t) => {
  const { blobs, azurite, tlsFolder } = await openTestStorage(t);
  await upload(blobs, blobName, "x");
  const { pid } = azurite;
  const port = await azurite.listening();
  const old = await servedCertificate(port);
  rmSync(join(tlsFolder, "server.pem"));
  await ensureDevelopmentCertificate({ folder: tlsFolder, hostNames: ["localhost", "hub.test"] });
  const made = new X509Certificate(readFileSync(join(tlsFolder, "server.pem"))).fingerprint256;
  assert.notEqual(made, old);
  await waitFor("the new certificate", async () => (await servedCertificate(port)) === made);
  assert.equal(azurite.pid, pid);
  assert.equal((await blobs.find(blobName))?.sizeInBytes, 1);
  await upload(blobs, "d/after", "x");
});

async function servedCertificate(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost" });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
