import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { connectNats } from "../../../../adapters/nats/connect.ts";
import { startEmbeddedServer } from "../../../../adapters/nats/embedded-server.ts";
import { processesWith } from "../../../../adapters/processes/find-processes.ts";
import { natsServerBinary, silentLog, startNats, tempFolder, until } from "../../../support/nats.ts";

const durability = { sync: "interval", intervalMs: 1_000 } as const;
const binary = natsServerBinary();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Starts a process with a server of its own, as a hub would; resolves with the ids of both. */
async function otherHub(folder: string) {
  const module = new URL("../../../../adapters/nats/embedded-server.ts", import.meta.url).href;
  const options = JSON.stringify({ binary, folder, durability });
  const program = `
    import { startEmbeddedServer } from ${JSON.stringify(module)};
    const silent = () => {};
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const server = await startEmbeddedServer({ ...${options}, log });
    console.log(server.pid);`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
  const hub = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: hub.stdout }), "line")) as [string];
  return { hub, serverPid: Number(line) };
}

test("a server that is killed comes back on its port with its streams, and connections follow", async (t) => {
  const nats = await startNats(t);
  const nc = await nats.connect();
  const manager = await nc.jetstreamManager({ timeout: 500 });
  await manager.streams.add({ name: "KEPT", subjects: ["kept"] });
  await nc.jetstream().publish("kept");
  const { url } = nats;
  await nats.killAndRestart();
  await nats.killAndRestart();
  assert.equal(nats.url, url);
  await until(async () => (await manager.streams.info("KEPT").catch(() => undefined))?.state.messages === 1);
});

test("the password is random, in a file for the owner alone, and never logged", async (t) => {
  const folder = await tempFolder(t);
  const logged: string[] = [];
  const note = (fields: object, text: string) => void logged.push(JSON.stringify(fields) + text);
  const log = { debug: note, info: note, warn: note, error: note };
  const server = await startEmbeddedServer({ binary, folder, durability, log });
  const { password, hostname } = new URL(server.url);
  assert.equal(hostname, "127.0.0.1");
  assert.ok(password.length >= 32);
  const config = join(folder, "nats-server", "nats-server.conf");
  assert.equal((await stat(config)).mode & 0o777, 0o600);
  assert.ok((await readFile(config, "utf8")).includes(password));
  await assert.rejects(
    connectNats({ url: server.url.replace(password, "wrong"), name: "test", log }),
    /cannot connect/,
  );
  await (await connectNats({ url: server.url, name: "test", log })).close();
  await server[Symbol.asyncDispose]();
  assert.ok(logged.some((line) => line.includes("Server is ready")));
  assert.ok(logged.every((line) => !line.includes(password)));
  assert.deepEqual(await readdir(join(folder, "nats-server")), []);
});

test("disposing stops the server, and it stays stopped", async (t) => {
  const folder = await tempFolder(t);
  const server = await startEmbeddedServer({ binary, folder, durability, log: silentLog });
  const { pid } = server;
  assert.ok(pid !== undefined && isAlive(pid));
  await server[Symbol.asyncDispose]();
  assert.equal(isAlive(pid), false);
  assert.equal(server.pid, undefined);
});

test("disposing while the server is down does not start it again", async (t) => {
  const folder = await tempFolder(t);
  const server = await startEmbeddedServer({ binary, folder, durability, log: silentLog });
  assert.ok(server.pid !== undefined);
  process.kill(server.pid, "SIGKILL");
  await until(() => server.pid === undefined);
  await server[Symbol.asyncDispose]();
  assert.equal(server.pid, undefined);
});

test("the server that a killed hub left behind is stopped before the next one starts", async (t) => {
  const folder = await tempFolder(t);
  const { hub, serverPid } = await otherHub(folder);
  hub.kill("SIGKILL");
  await once(hub, "exit");
  assert.ok(isAlive(serverPid));
  await using server = await startEmbeddedServer({ binary, folder, durability, log: silentLog });
  // By their command lines: a process that its new parent has not reaped yet still takes signals.
  const running = await processesWith([join(await realpath(folder), "nats-server", "nats-server.conf")]);
  assert.deepEqual(running, [server.pid]);
  assert.notEqual(server.pid, serverPid);
});

test("a hub on a copy of the data folder leaves the server of the original alone", async (t) => {
  const folder = await tempFolder(t);
  const copy = join(await tempFolder(t), "copy");
  await using server = await startEmbeddedServer({ binary, folder, durability, log: silentLog });
  const { pid } = server;
  assert.ok(pid !== undefined);
  await cp(folder, copy, { recursive: true });
  await using _other = await startEmbeddedServer({ binary, folder: copy, durability, log: silentLog });
  assert.ok(isAlive(pid));
  assert.equal(server.pid, pid);
});

test("a process that has the id of a dead server is left alone", async (t) => {
  const folder = await tempFolder(t);
  const bystander = spawn("sleep", ["60"]);
  t.after(() => bystander.kill());
  await startEmbeddedServer({ binary, folder, durability, log: silentLog }).then((server) =>
    server[Symbol.asyncDispose](),
  );
  await writeFile(join(folder, "nats-server", "marker"), "sleep\n");
  await using _server = await startEmbeddedServer({ binary, folder, durability, log: silentLog });
  assert.equal(bystander.exitCode, null);
  assert.equal(bystander.signalCode, null);
});

test("each durability setting starts a server", async (t) => {
  const nats = await startNats(t, { sync: "always" });
  assert.equal((await nats.connect()).info?.jetstream, true);
});

test("a server that cannot start says why", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "jetstream"), "a file where a folder should be");
  await assert.rejects(
    startEmbeddedServer({ binary, folder, durability, log: silentLog }),
    /EEXIST|ENOTDIR|did not start/,
  );
});
