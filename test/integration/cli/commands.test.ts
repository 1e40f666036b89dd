import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { before, suite, test } from "node:test";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { deviceLogin } from "../../support/device-login.ts";
import { type HubProcess, spawnHub } from "../../support/hub-process.ts";
import { suiteScope } from "../../support/suite-scope.ts";

const main = join(import.meta.dirname, "../../../adapters/cli/main.ts");
const run = promisify(execFile);

/** The command line against a running hub, as an operator types it. */
suite("the command line", () => {
  const scope = suiteScope();
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-cli-"));
  scope.after(() => rmSync(dataFolder, { recursive: true, force: true }));
  let hub: HubProcess;

  before(async () => {
    hub = await spawnHub({ dataFolder, flags: ["--consumer-groups", "archive,live"] });
    scope.after(() => hub.stop("SIGTERM"));
  });

  const twinstream = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [main, ...words, "--data", dataFolder])).stdout.trimEnd();
  const json = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse(await twinstream(...words, "--json"));

  /** A command that must fail: its exit code and what it says. */
  async function refused(...words: readonly string[]): Promise<{ code: number; stderr: string }> {
    const failure: unknown = await twinstream(...words).then(
      () => assert.fail("the command succeeded"),
      (error: unknown) => error,
    );
    return failure as { code: number; stderr: string };
  }

  test("a hub leaves its connection strings for its owner alone", () => {
    assert.equal(statSync(join(dataFolder, "hub.env")).mode & 0o777, 0o600);
    assert.match(
      hub.variables.get("IOTHUB_CONNECTION_STRING") ?? "",
      /^HostName=localhost;SharedAccessKeyName=iothubowner;/,
    );
    assert.match(hub.variables.get("IOTHUB_DEVICE_CONNECTION_STRING") ?? "", /;DeviceId=device-1;/);
  });

  test("a second hub on the same data folder is refused", async () => {
    await assert.rejects(spawnHub({ dataFolder }), /ended before it was ready/);
  });

  test("devices are created, listed, shown, given keys and deleted", async () => {
    assert.match(
      await twinstream("device", "create", "cli.1"),
      /^HostName=localhost;DeviceId=cli\.1;SharedAccessKey=.{44}$/,
    );
    assert.match((await refused("device", "create", "cli.1")).stderr, /DeviceAlreadyExists/);
    assert.match(await twinstream("device", "list"), /cli\.1 +enabled +Disconnected +sas/);
    const before = (await json("device", "keys", "cli.1")) as { primaryKey: string; secondaryKey: string };
    const after = (await json("device", "keys", "cli.1", "--regenerate", "primary")) as typeof before;
    assert.notEqual(after.primaryKey, before.primaryKey);
    assert.equal(after.secondaryKey, before.secondaryKey);
    assert.equal(((await json("device", "show", "cli.1")) as { deviceId: string }).deviceId, "cli.1");
    await twinstream("device", "delete", "cli.1");
    assert.match((await refused("device", "show", "cli.1")).stderr, /DeviceNotFound/);
  });

  test("a twin is patched and shown, and its history tells of it", async () => {
    await twinstream("device", "create", "cli-twin");
    await twinstream("twin", "patch", "cli-twin", "--desired", '{"a": 1}', "--tags", '{"site": "A"}');
    const twin = (await json("twin", "show", "cli-twin")) as { properties: { desired: { a: number } }; tags: unknown };
    assert.equal(twin.properties.desired.a, 1);
    assert.deepEqual(twin.tags, { site: "A" });
    assert.match(
      (await refused("twin", "patch", "cli-twin", "--desired", "[1]")).stderr,
      /--desired must be a JSON object/,
    );
    const lines = (await twinstream("history", "cli-twin")).split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(" ")[2]),
      ["DeviceCreated", "TwinUpdated"],
    );
    const limited = await twinstream("history", "cli-twin", "--type", "TwinUpdated", "--limit", "5", "--json");
    assert.equal((JSON.parse(limited) as { type: string }).type, "TwinUpdated");
  });

  // spec/twins-methods-jobs 10
  test("a method is invoked, its answer printed, and its failure told", async () => {
    const client = await mqtt.connectAsync(
      `mqtt://127.0.0.1:${hub.variables.get("TWINSTREAM_MQTT_PORT")}`,
      deviceLogin(hub),
    );
    client.on("message", (topic, payload) => client.publish(topic.replace("POST/echo", "res/201"), payload));
    await client.subscribeAsync("$iothub/methods/POST/#");
    const words = ["method", "invoke", "device-1", "echo"];
    assert.equal(await twinstream(...words), "201 null");
    assert.equal(await twinstream(...words, "--payload", '{"a":[1]}', "--timeout", "10"), '201 {"a":[1]}');
    assert.deepEqual(await json(...words, "--payload", '"text"'), { status: 201, payload: "text" });
    await client.endAsync();
    assert.match((await refused(...words)).stderr, /^DeviceNotOnline: Timed out waiting for device to connect\.$/m);
    assert.match((await refused(...words, "--module", "nobody")).stderr, /ModuleNotFound/);
    assert.match((await refused(...words, "--payload", "{no")).stderr, /--payload is no JSON/);
    assert.match((await refused(...words, "--timeout", "4")).stderr, /--timeout is "4"/);
    assert.match((await refused("method", "call", "device-1", "echo")).stderr, /method call is unknown/);
    const types = (await twinstream("history", "device-1", "--type", "MethodCalled,MethodAnswered")).split("\n");
    assert.equal(types.filter((line) => line.includes("MethodAnswered by device:device-1")).length, 3);
  });

  // spec/messaging 6, 7
  test("a message is sent, listed, completed by its device, and heard of", async () => {
    const sent = ["c2d", "send", "device-1", "open the valve", "--message-id", "valve-1", "--ack", "full"];
    const content = ["--properties", '{"Room": "küche"}', "--content-type", "text/plain", "--ttl", "600"];
    assert.equal(await twinstream(...sent, ...content), "valve-1");
    assert.match(await twinstream("c2d", "list", "device-1"), /^valve-1 +Enqueued +\S+ +\S+ +0$/m);
    const client = mqtt.connect(`mqtt://127.0.0.1:${hub.variables.get("TWINSTREAM_MQTT_PORT")}`, deviceLogin(hub));
    const message = new Promise<string>((resolve) => {
      client.on("message", (topic, payload) => resolve(`${topic} ${payload.toString()}`));
    });
    await new Promise((connected) => client.once("connect", connected));
    await client.subscribeAsync("devices/device-1/messages/devicebound/#", { qos: 1 });
    const expected = /%24\.mid=valve-1&.*%24\.ct=text%2Fplain&iothub-ack=full&Room=k%C3%BCche open the valve$/;
    assert.match(await message, expected);
    await client.endAsync();
    assert.match(await twinstream("c2d", "show", "device-1", "valve-1"), /^valve-1 Completed Success at \S+Z$/);
    assert.match(await twinstream("c2d", "feedback"), /^\S+Z device-1 valve-1 Success$/);
    assert.equal(await twinstream("c2d", "feedback"), "");
    const types = (await json("history", "device-1", "--type", "CommandDelivered")) as { type: string };
    assert.equal(types.type, "CommandDelivered");

    await twinstream("c2d", "send", "device-1", "one more");
    assert.equal(await twinstream("c2d", "purge", "device-1"), "dropped 1");
    assert.match((await refused("c2d", "send", "nobody", "x")).stderr, /DeviceNotFound/);
    assert.match((await refused("c2d", "send", "device-1", "x", "--ack", "maybe")).stderr, /ArgumentInvalid/);
    assert.match((await refused("c2d", "send", "device-1", "x", "--properties", "[]")).stderr, /--properties must be/);
    assert.match((await refused("c2d", "show", "device-1", "nothing")).stderr, /GenericNotFound/);
  });

  // spec/messaging 8
  test("the uploads of a device are listed, those of nobody are not", async () => {
    assert.deepEqual(await json("upload", "list", "device-1"), []);
    assert.match((await refused("upload", "list", "nobody")).stderr, /DeviceNotFound/);
    assert.match((await refused("upload", "show", "device-1")).stderr, /upload show is unknown/);
  });

  // spec/messaging 3
  test("consumer groups of the settings are there, others are created, listed and deleted", async () => {
    const names = async () => ((await json("consumer-group", "list")) as { name: string }[]).map(({ name }) => name);
    assert.deepEqual(await names(), ["$Default", "archive", "live"]);
    assert.equal(await twinstream("consumer-group", "create", "Reports"), "Reports");
    assert.equal(await twinstream("consumer-group", "create", "reports"), "Reports");
    assert.match(await twinstream("consumer-group", "list"), /^\$Default +with the hub$/m);
    assert.match(await twinstream("consumer-group", "list"), /^Reports +\w{3}, \d\d .* GMT$/m);
    assert.equal(await twinstream("consumer-group", "delete", "live"), "deleted live");
    assert.deepEqual(await names(), ["$Default", "Reports", "archive"]);
    assert.match((await refused("consumer-group", "delete", "$Default")).stderr, /InvalidOperation/);
    assert.match((await refused("consumer-group", "delete", "live")).stderr, /GenericNotFound/);
    assert.match((await refused("consumer-group", "create", "a/b")).stderr, /ArgumentInvalid/);
  });

  test("monitor and history --follow show what happens", async () => {
    const monitor = follow("monitor", "device-1");
    const history = follow("history", "device-1", "--follow");
    await history.line(/DeviceCreated/);
    const client = await mqtt.connectAsync(
      `mqtt://127.0.0.1:${hub.variables.get("TWINSTREAM_MQTT_PORT")}`,
      deviceLogin(hub),
    );
    // The monitor shows what comes after it has begun, so the device goes on until something is shown.
    const sending = setInterval(
      () => client.publish("devices/device-1/messages/events/k=v", '{"n": 1}', { qos: 1 }),
      50,
    );
    assert.match(await monitor.line(/device-1/), /^\S+ device-1 k=v \{"n":1\}$/);
    clearInterval(sending);
    await history.line(/DeviceConnected/);
    await client.endAsync();
    await history.line(/DeviceDisconnected.*ClientDisconnected/);
    await Promise.all([monitor.stop(), history.stop()]);
  });

  // spec/amqp 9
  test("monitor reads through the built-in endpoint too, from where it is told", async () => {
    const client = await mqtt.connectAsync(
      `mqtt://127.0.0.1:${hub.variables.get("TWINSTREAM_MQTT_PORT")}`,
      deviceLogin(hub),
    );
    const began = new Date().toISOString();
    const topic = "devices/device-1/messages/events/%24.ct=application%2Fjson&%24.mid=m-1&k=v";
    await client.publishAsync(topic, '{"n": 7}', { qos: 1 });
    const line = /^\S+ device-1 message-id=m-1 content-type=application\/json k=v \{"n":7\}$/;
    for (const from of ["earliest", "0", began]) {
      const monitor = follow("monitor", "device-1", "--event-hubs", "--consumer-group", "archive", "--from", from);
      await monitor.line(line);
      await monitor.stop();
    }
    const latest = follow("monitor", "--event-hubs", "--json");
    const sending = setInterval(() => client.publish("devices/device-1/messages/events/", '{"n": 8}', { qos: 1 }), 50);
    const { body, enqueuedTime } = JSON.parse(await latest.line(/./)) as { body: unknown; enqueuedTime: string };
    clearInterval(sending);
    assert.deepEqual(body, { n: 8 });
    assert.ok(enqueuedTime >= began);
    await latest.stop();
    await client.endAsync();
    assert.match((await refused("monitor", "--event-hubs", "--consumer-group", "nobody")).stderr, /could not be found/);
    assert.match((await refused("monitor", "--event-hubs", "--from", "noon")).stderr, /--from is "noon"/);
    assert.match((await refused("monitor", "--from", "latest")).stderr, /--from goes with --event-hubs/);
  });

  test("wrong words are told and end with 2, help with 0", async () => {
    assert.equal((await refused("device", "create", "x", "--nonsense")).code, 2);
    const help = await run(process.execPath, [main, "device", "--help"]);
    assert.match(help.stdout, /twinstream device create/);
    const overview = await run(process.execPath, [main, "--help"]);
    for (const command of [
      "start",
      "device",
      "twin",
      "query",
      "index",
      "method",
      "upload",
      "configuration",
      "monitor",
      "consumer-group",
      "history",
      "rebuild",
    ])
      assert.match(overview.stdout, new RegExp(`^  ${command}`, "m"));
  });

  test("rebuild needs the hub stopped, and then gives the same answers", async () => {
    assert.match((await refused("rebuild")).stderr, /in use|another hub|running|held/i);
    const before = await twinstream("device", "list");
    hub.child.kill("SIGTERM");
    await hub.stop("SIGTERM");
    assert.deepEqual(
      [hub.child.exitCode, hub.child.signalCode],
      [0, null],
      "a second signal must not cut the end short",
    );
    const { events } = (await json("rebuild")) as { events: number };
    assert.ok(events > 5);
    hub = await spawnHub({ dataFolder });
    assert.equal(await twinstream("device", "list"), before);
  });

  /** Runs a command that goes on, and gives its lines as they come. */
  function follow(...words: readonly string[]) {
    const child = spawn(process.execPath, [main, ...words, "--data", dataFolder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      line: async (pattern: RegExp): Promise<string> => {
        for (;;) {
          const { value, done } = await lines.next();
          if (done === true) throw new Error(`${words.join(" ")} ended before ${pattern}`);
          if (pattern.test(value)) return value;
        }
      },
      stop: async () => {
        const gone = once(child, "exit");
        child.kill("SIGINT");
        assert.deepEqual(await gone, [0, null]);
      },
    };
  }
});
