import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { hubEnvFile, readHubEnv, writeHubEnv } from "../../../../adapters/settings/hub-env.ts";
import { readSettings, withoutOwnLeftovers } from "../../../../adapters/settings/read-settings.ts";
import { SettingsError } from "../../../../adapters/settings/settings-error.ts";

const nothing = { flags: {}, environment: {}, file: undefined };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-settings-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A settings file with this content. */
function settingsFile(t: TestContext, content: string): string {
  const file = join(folderFor(t), "settings.json");
  writeFileSync(file, content);
  return file;
}

test("without any source the defaults hold", () => {
  const { data, mqttsPort, mqttPort, httpsPort, durability, partitions } = readSettings(nothing);
  assert.deepEqual([data, mqttsPort, mqttPort, httpsPort], [".twinstream", 8883, undefined, undefined]);
  assert.deepEqual([durability, partitions], ["interval", 4]);
});

test("flags win over the environment, that over the file, that over the defaults", (t) => {
  const file = settingsFile(t, '{"mqttsPort": 1, "amqpsPort": 1, "partitions": 1}');
  const environment = {
    TWINSTREAM_MQTTS_PORT: "2",
    TWINSTREAM_AMQPS_PORT: "2",
    NATS_URL: "nats://a:1",
    TWINSTREAM_HOST: "",
  };
  const settings = readSettings({ flags: { "mqtts-port": "3" }, environment, file });
  assert.deepEqual([settings.mqttsPort, settings.amqpsPort, settings.partitions], [3, 2, 1]);
  assert.deepEqual([settings.natsUrl, settings.host, settings.syncIntervalMs], ["nats://a:1", undefined, 1000]);
});

test("every fault is listed, with the setting, the value and what is allowed", () => {
  const flags = { "https-port": "70000", durability: "sometimes" };
  assert.throws(() => readSettings({ ...nothing, flags, environment: { TWINSTREAM_PARTITIONS: "many" } }), {
    name: "SettingsError",
    message: [
      "--https-port is 70000, but must be a whole number from 0 to 65535",
      '--durability is "sometimes", but must be one of interval, always',
      'TWINSTREAM_PARTITIONS is "many", but must be a whole number from 1 to 128',
    ].join("\n"),
  });
});

// spec/messaging 3
test("consumer groups are a list, in texts separated by commas", (t) => {
  assert.deepEqual(readSettings(nothing).consumerGroups, []);
  const environment = { TWINSTREAM_CONSUMER_GROUPS: "archive, live.2" };
  assert.deepEqual(readSettings({ ...nothing, environment }).consumerGroups, ["archive", "live.2"]);
  assert.deepEqual(readSettings({ ...nothing, flags: { "consumer-groups": "a" }, environment }).consumerGroups, ["a"]);
  const file = settingsFile(t, '{"consumerGroups": ["a", "b"]}');
  assert.deepEqual(readSettings({ ...nothing, file }).consumerGroups, ["a", "b"]);
  const many = Array.from({ length: 20 }, (_, index) => `g${index}`).join();
  for (const text of ["$Default", "a,,b", "-a", many]) {
    assert.throws(
      () => readSettings({ ...nothing, flags: { "consumer-groups": text } }),
      /--consumer-groups is \[.*\], but must be up to 19 texts of the form \S+, separated by commas/,
    );
  }
});

test("secrets are not repeated, and none is taken from the command line", () => {
  const environment = { TWINSTREAM_MASTER_KEY: "s3cret", NATS_URL: "http://user:s3cret@host" };
  const refused = (error: unknown) => error instanceof SettingsError && !error.message.includes("s3cret");
  assert.throws(() => readSettings({ ...nothing, environment }), refused);
  const { masterKey, storageConnectionString } = readSettings({
    ...nothing,
    flags: { "master-key": "s3cret", "storage-connection-string": "s3cret" },
  });
  assert.deepEqual([masterKey, storageConnectionString], [undefined, undefined]);
});

// Azure docs: naming containers
test("the container for uploads has a name that Azure takes", () => {
  const named = (name: string) => readSettings({ ...nothing, flags: { "storage-container": name } }).storageContainer;
  assert.equal(readSettings(nothing).storageContainer, "uploads");
  for (const name of ["abc", "a-b", "0files", "a".repeat(63)]) assert.equal(named(name), name);
  for (const name of ["ab", "a".repeat(64), "-abc", "abc-", "a--b", "Abc", "a_b", "a/b", "abc\n"]) {
    assert.throws(() => named(name), /--storage-container is .*, but must be a text of the form/, name);
  }
});

test("a settings file with an unknown member, no object or no JSON is refused", (t) => {
  assert.throws(
    () => readSettings({ ...nothing, file: settingsFile(t, '{"prot": 1}') }),
    /prot in the settings file is no setting/,
  );
  assert.throws(() => readSettings({ ...nothing, file: settingsFile(t, "[]") }), /must hold one JSON object/);
  assert.throws(() => readSettings({ ...nothing, file: settingsFile(t, "{") }), /can't be read as JSON/);
});

test("a certificate without its key is refused", () => {
  assert.throws(() => readSettings({ ...nothing, flags: { "tls-cert": "a.pem" } }), /belong together/);
});

const hub = {
  hostName: "localhost",
  hubName: "twinstream",
  owner: { policy: "iothubowner", key: "b3du" },
  reader: { policy: "service", key: "cmVhZA==" },
  device: { deviceId: "it's", key: "ZGV2" },
  caFile: "/somewhere/ca.pem",
  ports: { https: 443, mqtts: 8883, amqps: 5671, mqtt: undefined },
  nats: { url: "nats://user:pass@127.0.0.1:1", embedded: true },
  storage: "AccountName=hub1;AccountKey=a2V5;BlobEndpoint=https://localhost:10000/hub1",
};

test("hub.env is read back as it was written, for its owner alone", (t) => {
  const folder = folderFor(t);
  writeHubEnv(folder, hub);
  assert.equal(statSync(hubEnvFile(folder)).mode & 0o777, 0o600);
  const variables = readHubEnv(folder);
  assert.equal(
    variables.get("IOTHUB_DEVICE_CONNECTION_STRING"),
    "HostName=localhost;DeviceId=it's;SharedAccessKey=ZGV2",
  );
  assert.equal(variables.get("TWINSTREAM_HTTPS_PORT"), "443");
  assert.equal(variables.get("AZURE_STORAGE_CONNECTION_STRING"), hub.storage);
  const events = (port: string) => new RegExp(`^Endpoint=sb://localhost${port}/;SharedAccessKeyName=.*;EntityPath=.+$`);
  assert.match(variables.get("EVENTHUB_CONNECTION_STRING") ?? "", events(""));
  writeHubEnv(folder, { ...hub, ports: { ...hub.ports, amqps: 15_671 } });
  assert.match(readHubEnv(folder).get("EVENTHUB_CONNECTION_STRING") ?? "", events(":15671"));
  assert.equal(variables.has("TWINSTREAM_MQTT_PORT"), false);
  assert.equal(readHubEnv(join(folder, "nowhere")).size, 0);
});

test("the NATS of an earlier run of the same hub is not taken for an outside server", (t) => {
  const folder = folderFor(t);
  writeHubEnv(folder, hub);
  const sourced: Record<string, string | undefined> = Object.fromEntries(readHubEnv(folder));
  assert.equal(sourced.NATS_URL, hub.nats.url);
  assert.equal(withoutOwnLeftovers(sourced).NATS_URL, undefined);
  const outside = { ...sourced, NATS_URL: "nats://elsewhere:4222" };
  assert.deepEqual(withoutOwnLeftovers(outside), outside);
  writeHubEnv(folder, { ...hub, nats: { ...hub.nats, embedded: false } });
  assert.equal(readHubEnv(folder).has("TWINSTREAM_EMBEDDED_NATS"), false);
});
