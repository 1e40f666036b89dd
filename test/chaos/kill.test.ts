import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import mqtt from "mqtt";
import { processesWith } from "../../adapters/processes/find-processes.ts";
import { deviceLogin } from "../support/device-login.ts";
import { type HubProcess, spawnHub } from "../support/hub-process.ts";
import { readAllTelemetry } from "../support/telemetry.ts";
import { waitFor } from "../support/wait-for.ts";

const total = 20_000;
/** Where in the run the blow falls. */
const killAt = 7000;

/** A folder for a hub that goes with the test. */
function dataFolderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-chaos-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The hub's first device, connected over plain MQTT without retries. */
const connectFirstDevice = (hub: HubProcess): Promise<mqtt.MqttClient> =>
  mqtt.connectAsync(`mqtt://127.0.0.1:${hub.variables.get("TWINSTREAM_MQTT_PORT")}`, deviceLogin(hub));

/** Publishes numbers from 0 with 500 in flight; `acknowledged` learns of every PUBACK. Resolves when all are settled. */
async function publishAll(
  client: mqtt.MqttClient,
  count: number,
  acknowledged: (number: number) => void,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      try {
        await client.publishAsync("devices/device-1/messages/events/", String(number), { qos: 1 });
      } catch {
        return;
      }
      acknowledged(number);
    }
  };
  await Promise.all(Array.from({ length: 500 }, worker));
}

async function storedNumbers(hub: HubProcess): Promise<readonly number[]> {
  const messages = await readAllTelemetry(hub.variables.get("NATS_URL") ?? "");
  return messages.map(({ body }) => Number(Buffer.from(body).toString()));
}

function assertAllStored(acknowledged: ReadonlySet<number>, stored: readonly number[]): void {
  const kept = new Set(stored);
  assert.deepEqual(
    [...acknowledged].filter((number) => !kept.has(number)),
    [],
  );
}

// Durable before acknowledged: a PUBACK promises that JetStream holds the message.
test("a hub killed with -9 amid 20,000 publishes has lost none that it acknowledged", {
  timeout: 120_000,
}, async (t) => {
  const dataFolder = dataFolderFor(t);
  const hub = await spawnHub({ dataFolder });
  const client = await connectFirstDevice(hub);
  client.on("error", () => {});
  const acknowledged = new Set<number>();
  const publishing = publishAll(client, total, (number) => {
    acknowledged.add(number);
    if (acknowledged.size === killAt) hub.child.kill("SIGKILL");
  });
  await hub.stop("SIGKILL").then(() => client.endAsync(true));
  await publishing;
  assert.ok(acknowledged.size < total, "the kill must come before the end");

  const again = await spawnHub({ dataFolder });
  t.after(() => again.stop("SIGTERM"));
  assertAllStored(acknowledged, await storedNumbers(again));
});

test("a nats-server killed with -9 amid 20,000 publishes has lost none that the hub acknowledged", {
  timeout: 120_000,
}, async (t) => {
  const dataFolder = dataFolderFor(t);
  const hub = await spawnHub({ dataFolder });
  t.after(() => hub.stop("SIGTERM"));
  const client = await connectFirstDevice(hub);
  const acknowledged = new Set<number>();
  let killed: Promise<void> | undefined;
  await publishAll(client, total, (number) => {
    acknowledged.add(number);
    if (acknowledged.size === killAt) killed = killNatsServer(dataFolder);
  });
  await killed;
  // The hub outlives its server, starts it again and sends what was under way anew.
  assert.equal(acknowledged.size, total);
  const stored = await waitFor("the stream", async () => storedNumbers(hub).catch(() => undefined), 30_000);
  assertAllStored(acknowledged, stored);
  await client.endAsync();
});

/** Ends the nats-server that the hub on this data folder started, by the configuration file that only it was given. */
async function killNatsServer(dataFolder: string): Promise<void> {
  const configFile = join(realpathSync(dataFolder), "nats", "nats-server", "nats-server.conf");
  const pids = await processesWith([configFile]);
  assert.equal(pids.length, 1);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}
