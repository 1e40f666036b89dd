import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, suite, test } from "node:test";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { deviceLogin } from "../../support/device-login.ts";
import { type HubProcess, spawnHub } from "../../support/hub-process.ts";
import { suiteScope } from "../../support/suite-scope.ts";

const main = join(import.meta.dirname, "../../../adapters/cli/main.ts");
const run = promisify(execFile);

suite("the past on the command line", () => {
  const scope = suiteScope();
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-cli-"));
  scope.after(() => rmSync(dataFolder, { recursive: true, force: true }));
  let hub: HubProcess;

  before(async () => {
    hub = await spawnHub({ dataFolder });
    scope.after(() => hub.stop("SIGTERM"));
  });

  const twinstream = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [main, ...words, "--data", dataFolder])).stdout.trimEnd();
  const json = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse(await twinstream(...words, "--json"));
  const refused = async (...words: readonly string[]): Promise<{ readonly stderr: string }> =>
    await twinstream(...words).then(
      () => assert.fail("the command succeeded"),
      (error: { readonly stderr: string }) => error,
    );

  test("a twin is shown as it was, its changes are told, and it is restored", async () => {
    await twinstream("device", "create", "cli-past");
    await twinstream("twin", "patch", "cli-past", "--desired", '{"a": 1}', "--tags", '{"site": "A"}');
    await twinstream("twin", "patch", "cli-past", "--desired", '{"a": 2}', "--tags", '{"site": "B"}');
    type Twin = {
      readonly version: number;
      readonly properties: { readonly desired: { readonly a: number } };
      tags: unknown;
    };
    const past = (await json("twin", "show", "cli-past", "--as-of", "v:3")) as Twin;
    assert.deepEqual([past.version, past.properties.desired.a, past.tags], [3, 1, { site: "A" }]);
    assert.match((await refused("twin", "show", "cli-past", "--as-of", "2020-01-01")).stderr, /DeviceNotFound/);
    assert.match(
      (await refused("twin", "show", "cli-past", "--as-of", "then")).stderr,
      /asOf must be a time in ISO 8601/,
    );
    const lines = (await twinstream("twin", "diff", "cli-past", "--from", "v:3")).split("\n");
    assert.match(lines[0] ?? "", /^\S+Z #\d+ TwinUpdated by policy:iothubowner$/);
    const patch = ['  ~ /tags/site "B"', "  ~ /properties/desired/a 2"];
    assert.deepEqual(lines.slice(1), [...patch, "in all", ...patch]);
    const restored = (await json("twin", "restore", "cli-past", "--as-of", "v:3", "--only", "tags")) as Twin;
    assert.deepEqual([restored.version, restored.properties.desired.a, restored.tags], [5, 2, { site: "A" }]);
    assert.match((await refused("twin", "restore", "cli-past")).stderr, /--as-of is missing/);
  });

  test("history is filtered by actor and cause, merged with telemetry, and exported", async () => {
    const port = hub.variables.get("TWINSTREAM_MQTT_PORT");
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, deviceLogin(hub));
    await client.publishAsync("devices/device-1/messages/events/", '{"t": 1}', { qos: 1 });
    await client.endAsync();
    const own = await twinstream("history", "device-1", "--actor", "device", "--type", "connection");
    assert.match(own, /DeviceConnected by device:device-1/);
    assert.doesNotMatch(own, /by (policy|hub):/);
    const merged = (await twinstream("history", "device-1", "--telemetry", "--json")).split("\n");
    const events = merged.map((line) => JSON.parse(line) as { type: string; correlationId: string; data: unknown });
    const telemetry = events.find(({ type }) => type === "Telemetry");
    assert.ok(telemetry !== undefined);
    assert.deepEqual((telemetry.data as { body: unknown }).body, { t: 1 });
    const cause = (await json("history", "--correlation", telemetry.correlationId, "--limit", "1")) as { type: string };
    assert.equal(cause.type, "DeviceConnected");
    const ofDevice = (await twinstream("history", "device-1", "--ndjson")).split("\n");
    assert.equal(JSON.parse(ofDevice[0] ?? "").type, "DeviceCreated");
    const rows = (await twinstream("history", "device-1", "--csv")).split("\n");
    assert.match(rows[0] ?? "", /^sequence,time,type,/);
    assert.equal(rows.length, ofDevice.length + 1);
    const whole = (await twinstream("history", "--ndjson")).split("\n");
    assert.ok(whole.length > ofDevice.length);
    assert.ok(!whole.some((line) => line.includes('"v1.')), "no sealed key");
    assert.deepEqual(
      whole.map((line) => (JSON.parse(line) as { sequence: number }).sequence),
      whole.map((_, index) => index + 1),
    );
    assert.match((await refused("history", "--csv", "--actor", "nobody")).stderr, /actor must be policy:<name>/);
    assert.match((await refused("history", "nobody", "--csv")).stderr, /DeviceNotFound/);
    assert.match((await refused("history")).stderr, /the device id is missing/);
  });
});
