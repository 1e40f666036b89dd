import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { connect as connectNats } from "nats";

/** How the servers of a run sync their files: the hub's setting and nats-server's are the same thing. */
export type Durability = "interval" | "always";

/** A folder that is gone when the run is over. */
export function scratchFolder(scope: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-bench-"));
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A nats-server with JetStream and its own MQTT, set up as the hub sets up its own. */
export async function startNatsServer(
  scope: AsyncDisposableStack,
  durability: Durability,
): Promise<{ url: string; mqttPort: number }> {
  const folder = scratchFolder(scope);
  const [port, mqttPort] = [await freePort(), await freePort()];
  const sync = durability === "always" ? "always" : "1s";
  const file = join(folder, "nats.conf");
  writeFileSync(
    file,
    `server_name: bench\nlisten: "127.0.0.1:${port}"\njetstream { store_dir: "${folder}/store", sync_interval: ${sync} }\nmqtt { listen: "127.0.0.1:${mqttPort}" }\n`,
  );
  const child = spawn(process.env.TWINSTREAM_NATS_SERVER ?? "nats-server", ["-c", file], { stdio: "ignore" });
  const gone = once(child, "exit");
  scope.defer(async () => {
    child.kill("SIGTERM");
    await gone;
  });
  const url = `nats://127.0.0.1:${port}`;
  const connection = await connectNats({ servers: url, waitOnFirstConnect: true, reconnectTimeWait: 50 });
  await connection.close();
  await keepForAbsentSubscriber(mqttPort);
  return { url, mqttPort };
}

/**
 * nats-server keeps a QoS 1 publish only while some session wants it, and throws it away otherwise. A session that
 * subscribed and went away makes it store every message, as the hub does.
 */
async function keepForAbsentSubscriber(port: number): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: "absent", clean: false });
  await client.subscribeAsync("t/#", { qos: 1 });
  await client.endAsync(true);
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
