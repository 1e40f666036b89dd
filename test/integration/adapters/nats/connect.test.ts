import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { connectNats } from "../../../../adapters/nats/connect.ts";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import { natsServerBinary, silentLog, startNats, tempFolder, until } from "../../../support/nats.ts";
import type { Scope } from "../../../support/suite-scope.ts";

/** Starts a nats-server with the given configuration, and resolves with its port. */
async function startServer(t: Scope, folder: string, config: string): Promise<number> {
  const file = join(folder, "test.conf");
  await writeFile(file, `listen: "127.0.0.1:-1"\n${config}`);
  const server = spawn(natsServerBinary(), ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => {
    server.kill("SIGKILL");
    return once(server, "exit");
  });
  for await (const line of createInterface({ input: server.stderr })) {
    const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error("nats-server did not start");
}

test("tls:// verifies the server by the CA that is named", async (t) => {
  const folder = await tempFolder(t);
  const { caFile, certFile, keyFile } = await ensureDevelopmentCertificate({ folder, hostNames: ["localhost"] });
  const tls = `tls { cert_file: ${JSON.stringify(certFile)}, key_file: ${JSON.stringify(keyFile)} }`;
  const port = await startServer(t, folder, `${tls}\njetstream { store_dir: ${JSON.stringify(join(folder, "js"))} }`);
  const url = `tls://localhost:${port}`;
  assert.ok(caFile !== undefined);
  await (await connectNats({ url, caFile, name: "test", log: silentLog })).close();
  await assert.rejects(connectNats({ url, name: "test", log: silentLog }), /cannot connect to NATS at localhost/);
});

test("a server without JetStream, or with too small messages, is refused", async (t) => {
  const plain = await startServer(t, await tempFolder(t), "");
  await assert.rejects(connectNats({ url: `nats://127.0.0.1:${plain}`, name: "test", log: silentLog }), /no JetStream/);
  const folder = await tempFolder(t);
  const store = `jetstream { store_dir: ${JSON.stringify(folder)} }`;
  const small = await startServer(t, folder, `max_payload: 64KB\n${store}`);
  await assert.rejects(connectNats({ url: `127.0.0.1:${small}`, name: "test", log: silentLog }), /max_payload/);
});

test("one of several servers is enough, and a missing creds file is an error", async (t) => {
  const nats = await startNats(t);
  const { username, password, port } = new URL(nats.url);
  const url = `nats://${username}:${password}@127.0.0.1:1,127.0.0.1:${port}`;
  await (await connectNats({ url, name: "test", log: silentLog })).close();
  const credsFile = join(nats.folder, "missing.creds");
  await assert.rejects(connectNats({ url: nats.url, credsFile, name: "test", log: silentLog }));
});

test("a token in the address lets the hub in, and a wrong one is not shown", async (t) => {
  const folder = await tempFolder(t);
  const store = `jetstream { store_dir: ${JSON.stringify(folder)} }`;
  const port = await startServer(t, folder, `authorization { token: "t0ken" }\n${store}`);
  await (await connectNats({ url: `nats://t0ken@127.0.0.1:${port}`, name: "test", log: silentLog })).close();
  await assert.rejects(
    connectNats({ url: `nats://other@127.0.0.1:${port}`, name: "test", log: silentLog }),
    (error: Error) => {
      assert.doesNotMatch(`${error.message} ${error.stack}`, /other@/);
      return true;
    },
  );
});

test("lost and restored connections are logged, without credentials", async (t) => {
  const nats = await startNats(t);
  const logged: string[] = [];
  const note = (fields: object, text: string) => void logged.push(`${text} ${JSON.stringify(fields)}`);
  const log = { debug: note, info: note, warn: note, error: note };
  const nc = await connectNats({ url: nats.url, name: "watched", log });
  await nats.killAndRestart();
  await until(() => logged.some((line) => line.startsWith("NATS connection restored")));
  await nc.close();
  await until(() => logged.some((line) => line.startsWith("NATS connection closed")));
  assert.ok(logged[0]?.startsWith("NATS connection lost"));
  assert.ok(logged.every((line) => !line.includes(new URL(nats.url).password)));
});
