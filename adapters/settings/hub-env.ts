import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a running hub leaves for shells and tools: the content of `hub.env` in its data folder. */
export type HubEnvironment = {
  readonly hostName: string;
  readonly hubName: string;
  readonly owner: { readonly policy: string; readonly key: string };
  readonly reader: { readonly policy: string; readonly key: string };
  readonly device: { readonly deviceId: string; readonly key: string } | undefined;
  /** The CA that clients must trust; undefined with the operator's own certificate. */
  readonly caFile: string | undefined;
  readonly ports: {
    readonly https: number;
    readonly mqtts: number;
    readonly amqps: number;
    readonly mqtt: number | undefined;
  };
  readonly nats: { readonly url: string; readonly embedded: boolean };
  /** Connection string of the storage that the hub brings along, if back ends can be told of it. */
  readonly storage: string | undefined;
};

/** Where a hub with this data folder leaves its `hub.env`. */
export const hubEnvFile = (dataFolder: string): string => join(dataFolder, "hub.env");

/** The variables in the order in which they are written. What the hub does not have is left out. */
export function hubVariables(hub: HubEnvironment): ReadonlyMap<string, string> {
  const { hostName, owner, reader, device, ports } = hub;
  const entries: readonly (readonly [string, string | number | undefined])[] = [
    [
      "IOTHUB_CONNECTION_STRING",
      `HostName=${hostName};SharedAccessKeyName=${owner.policy};SharedAccessKey=${owner.key}`,
    ],
    [
      "IOTHUB_DEVICE_CONNECTION_STRING",
      device && `HostName=${hostName};DeviceId=${device.deviceId};SharedAccessKey=${device.key}`,
    ],
    [
      "EVENTHUB_CONNECTION_STRING",
      `Endpoint=sb://${hostName}${portIn(ports.amqps)}/;SharedAccessKeyName=${reader.policy};SharedAccessKey=${reader.key};EntityPath=${hub.hubName}`,
    ],
    ["AZURE_STORAGE_CONNECTION_STRING", hub.storage],
    ["NODE_EXTRA_CA_CERTS", hub.caFile],
    ["TWINSTREAM_HTTPS_PORT", ports.https],
    ["TWINSTREAM_MQTTS_PORT", ports.mqtts],
    ["TWINSTREAM_AMQPS_PORT", ports.amqps],
    ["TWINSTREAM_MQTT_PORT", ports.mqtt],
    ["NATS_URL", hub.nats.url],
    // By this a hub that starts in a shell with this file's variables tells its own NATS of before from an outside one.
    ["TWINSTREAM_EMBEDDED_NATS", hub.nats.embedded ? hub.nats.url : undefined],
  ];
  return new Map(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

/** The port that Event Hubs clients take for granted need not be told (spec/amqp 1). */
const portIn = (amqps: number): string => (amqps === 5_671 ? "" : `:${amqps}`);

/** Writes `hub.env`, readable by its owner alone, in one step, so that no reader sees half of it. */
export function writeHubEnv(dataFolder: string, hub: HubEnvironment): void {
  const lines = [...hubVariables(hub)].map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  const file = hubEnvFile(dataFolder);
  writeFileSync(`${file}.new`, lines.join(""), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Reads what `writeHubEnv` wrote; empty when no hub ever ran on this folder. */
export function readHubEnv(dataFolder: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(hubEnvFile(dataFolder), "utf8");
  } catch {
    return new Map();
  }
  const found = text.matchAll(/^export (\w+)='(.*)'$/gm);
  return new Map(Array.from(found, ([, name = "", value = ""]) => [name, value.replaceAll(`'\\''`, "'")]));
}

/** A shell word that stands for exactly this text. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
