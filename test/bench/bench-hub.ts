import { randomBytes } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { sasToken } from "../support/device-login.ts";
import { type HubProcess, spawnHub } from "../support/hub-process.ts";
import type { AmqpDevice } from "./amqp-device-frames.ts";
import type { MqttClient } from "./mqtt-load.ts";
import { type Durability, scratchFolder } from "./servers.ts";

/** A hub under load, with devices of its own. */
export type BenchHub = {
  readonly process: HubProcess;
  readonly ca: string;
  readonly mqttPort: number;
  readonly mqttsPort: number;
  readonly amqpsPort: number;
  readonly httpsPort: number;
  readonly clients: readonly BenchClient[];
};

/** What a load generator needs to connect as a device: the names that each protocol has for it, and a token. */
export type BenchClient = MqttClient & AmqpDevice & { readonly password: string; readonly username: string };

/** Starts a hub with `devices` devices, each with a token for a day; over views that `views` names, which become its own. */
export async function startBenchHub(
  scope: AsyncDisposableStack,
  durability: Durability,
  devices: number,
  views?: string,
): Promise<BenchHub> {
  const dataFolder = scratchFolder(scope);
  if (views !== undefined) renameSync(views, join(dataFolder, "views.db"));
  const hub = await spawnHub({ dataFolder, flags: ["--durability", durability] });
  scope.defer(() => hub.stop("SIGTERM"));
  const ca = readFileSync(hub.variables.get("NODE_EXTRA_CA_CERTS") ?? "", "utf8");
  const keys = Array.from({ length: devices }, (_, index) => ({
    id: `bench-${String(index).padStart(5, "0")}`,
    key: randomBytes(32).toString("base64"),
  }));
  for (let first = 0; first < keys.length; first += 100) await register(hub, ca, keys.slice(first, first + 100));
  return {
    process: hub,
    ca,
    mqttPort: Number(hub.variables.get("TWINSTREAM_MQTT_PORT")),
    mqttsPort: Number(hub.variables.get("TWINSTREAM_MQTTS_PORT")),
    amqpsPort: Number(hub.variables.get("TWINSTREAM_AMQPS_PORT")),
    httpsPort: Number(hub.variables.get("TWINSTREAM_HTTPS_PORT")),
    clients: keys.map(({ id, key }) => benchClient(id, key)),
  };
}

function benchClient(deviceId: string, key: string): BenchClient {
  const resource = `localhost/devices/${deviceId}`;
  const token = sasToken(resource, key);
  return {
    deviceId,
    clientId: deviceId,
    username: `localhost/${deviceId}/?api-version=2021-04-12`,
    password: token,
    topic: `devices/${deviceId}/messages/events/`,
    audience: encodeURIComponent(resource),
    token,
  };
}

/** Registers up to 100 devices in one call of the bulk API. */
async function register(hub: HubProcess, ca: string, devices: readonly { id: string; key: string }[]): Promise<void> {
  const entries = devices.map(({ id, key }) => ({
    id,
    importMode: "create",
    status: "enabled",
    authentication: { type: "sas", symmetricKey: { primaryKey: key, secondaryKey: key } },
  }));
  await callHub({ process: hub, ca }, "/devices?api-version=2021-04-12", entries);
}

/** Posts JSON as the hub's owner and resolves when it is answered 200. */
export async function callHub({ process, ca }: Pick<BenchHub, "process" | "ca">, path: string, body: unknown) {
  const { variables } = process;
  const ownerKey = /SharedAccessKey=(.*)$/.exec(variables.get("IOTHUB_CONNECTION_STRING") ?? "")?.[1] ?? "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = {
    authorization: `${sasToken("localhost", ownerKey)}&skn=iothubowner`,
    "content-type": "application/json",
  };
  const port = variables.get("TWINSTREAM_HTTPS_PORT");
  const call = request({ method: "POST", host: "localhost", port, path, ca, headers }, (response) => {
    response.resume();
    response.on("end", () =>
      response.statusCode === 200 ? resolve() : reject(new Error(`POST ${path}: ${response.statusCode}`)),
    );
  });
  call.on("error", reject);
  call.end(JSON.stringify(body));
  await promise;
}
