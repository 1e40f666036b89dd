import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect as connectTls, createServer } from "node:tls";
import { listenMqtt, listenMqtts } from "../../../../adapters/mqtt/servers.ts";
import { boundHandshakes } from "../../../../adapters/sockets/handshakes.ts";
import { ensureDevelopmentCertificate } from "../../../../adapters/tls/dev-ca.ts";
import { type HubTlsOptions, hubTlsOptions } from "../../../../adapters/tls/tls-options.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { connectPacket, publishPacket, startBench, TestClient, telemetryTopic, timeout } from "./mqtt-client.ts";

const host = "127.0.0.1";

/** The options of a development certificate made for this test. */
async function certificate(t: TestContext): Promise<HubTlsOptions> {
  const folder = await mkdtemp(join(tmpdir(), "mqtt-tls-"));
  t.after(() => rm(folder, { recursive: true }));
  await ensureDevelopmentCertificate({ folder, hostNames: ["localhost"] });
  const [cert, key] = await Promise.all(
    ["server.pem", "server-key.pem"].map((name) => readFile(join(folder, name), "utf8")),
  );
  return hubTlsOptions({ cert: cert ?? "", key: key ?? "" });
}

async function sendOne(stream: Socket): Promise<void> {
  const client = new TestClient(stream);
  client.send(connectPacket(), publishPacket(telemetryTopic, "over a socket", { messageId: 3 }));
  assert.equal((await client.next()).cmd, "connack");
  assert.equal((await client.next()).messageId, 3);
}

test("A device speaks MQTT over TCP, and its disposal leaves it alone", { timeout }, async () => {
  await using bench = startBench();
  const listening = await listenMqtt({ listener: bench.listener, port: 0, host });
  const socket = connect(listening.port, host);
  await sendOne(socket);
  await listening[Symbol.asyncDispose]();
  const client = new TestClient(socket);
  assert.deepEqual(await client.untilPing(), []);
  const late = connect(listening.port, host);
  await assert.rejects(once(late, "connect"), { code: "ECONNREFUSED" });
});

// spec/mqtt 1
test("A device speaks MQTT over TLS, also after a change of certificate", { timeout }, async (t) => {
  await using bench = startBench();
  const options = await certificate(t);
  let change: ((options: HubTlsOptions) => void) | undefined;
  const onChange = (listener: typeof change) => {
    change = listener;
  };
  const tls = { options: () => options, onChange };
  await using listening = await listenMqtts({ listener: bench.listener, port: 0, host, tls });
  await sendOne(connectTls({ port: listening.port, host, rejectUnauthorized: false }));
  const changed = await certificate(t);
  change?.(changed);
  const socket = connectTls({ port: listening.port, host, rejectUnauthorized: false });
  await sendOne(socket);
  assert.ok(String(changed.cert).includes(socket.getPeerCertificate().raw.toString("base64").slice(0, 60)));
});

test("A port that can't be had is an error", { timeout }, async () => {
  await using bench = startBench();
  await using listening = await listenMqtt({ listener: bench.listener, port: 0, host });
  await assert.rejects(listenMqtt({ listener: bench.listener, port: listening.port, host }), { code: "EADDRINUSE" });
});

test("Handshakes over the limit are closed at once, and room comes back", { timeout }, async (t) => {
  const server = createServer(await certificate(t), (socket) => socket.on("error", () => {}).resume());
  boundHandshakes(server, 2);
  server.listen(0, host);
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const stranger = async () => {
    const socket = connect(port, host).resume();
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  };
  const handshake = () => {
    const socket = connectTls({ port, host, rejectUnauthorized: false });
    t.after(() => socket.destroy());
    return new Promise<boolean>((resolve) => {
      socket.once("secureConnect", () => resolve(true)).once("error", () => resolve(false));
    });
  };
  for (let round = 0; round < 5; round += 1) assert.ok(await handshake(), "those that finish leave room");
  const strangers = [await stranger(), await stranger()];
  await waitFor("no room", async () => !(await handshake()));
  strangers[0]?.destroy();
  strangers[1]?.write("not TLS at all, and long enough to be known as such");
  await waitFor("room", handshake);
});
