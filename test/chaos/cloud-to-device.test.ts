import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import mqtt, { type IPublishPacket } from "mqtt";
import { deviceLogin } from "../support/device-login.ts";
import { type HubProcess, spawnHub } from "../support/hub-process.ts";
import { waitFor } from "../support/wait-for.ts";

const main = join(import.meta.dirname, "../../adapters/cli/main.ts");
const run = promisify(execFile);

/** A device whose PUBACKs the test sends, with a session that outlives its connections. */
function connectDevice(hub: HubProcess) {
  const port = hub.variables.get("TWINSTREAM_MQTT_PORT");
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { ...deviceLogin(hub), clean: false });
  client.on("error", () => {});
  const came: { readonly packet: IPublishPacket; readonly acknowledge: () => void }[] = [];
  // mqtt.js acknowledges when the callback is called.
  client.handleMessage = (packet, done) => void came.push({ packet, acknowledge: () => done() });
  return { client, next: () => waitFor("a message", () => came.shift()) };
}

// spec/messaging 6.3, 7; [MQTT-4.4.0-1]
test("a hub killed with -9 between delivery and completion delivers again, and its feedback comes once", {
  timeout: 120_000,
}, async (t) => {
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-chaos-"));
  t.after(() => rmSync(dataFolder, { recursive: true, force: true }));
  const twinstream = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [main, "c2d", ...words, "--data", dataFolder])).stdout.trimEnd();

  const hub = await spawnHub({ dataFolder });
  const before = connectDevice(hub);
  await new Promise((connected) => before.client.once("connect", connected));
  await before.client.subscribeAsync("devices/device-1/messages/devicebound/#", { qos: 1 });
  await twinstream("send", "device-1", "open", "--message-id", "valve-1", "--ack", "full");
  const first = await before.next();
  assert.equal(first.packet.dup, false);
  await hub.stop("SIGKILL");
  // The device acknowledges what nobody hears any more.
  first.acknowledge();
  await before.client.endAsync(true);

  const again = await spawnHub({ dataFolder });
  t.after(() => again.stop("SIGTERM"));
  const after = connectDevice(again);
  t.after(() => after.client.endAsync(true));
  const second = await after.next();
  assert.deepEqual(
    [second.packet.topic, String(second.packet.payload), second.packet.messageId, second.packet.dup],
    [first.packet.topic, "open", first.packet.messageId, true],
  );
  assert.equal(await twinstream("feedback"), "");
  second.acknowledge();
  await waitFor("the completion", async () => (await twinstream("show", "device-1", "valve-1")).includes("Completed"));
  assert.match(await twinstream("feedback"), /^\S+Z device-1 valve-1 Success$/);
  assert.equal(await twinstream("feedback"), "");
});
