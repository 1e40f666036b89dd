import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import pino from "pino";
import type { Ports } from "../../adapters/node/listeners.ts";
import { type HubNode, startHubNode } from "../../adapters/node/start-hub-node.ts";
import { readSettings } from "../../adapters/settings/read-settings.ts";
import type { Settings } from "../../adapters/settings/schema.ts";
import type { Scope } from "./suite-scope.ts";

/** A whole hub of a test's own: real nats-server, own data folder, own ports. */
export type TestHub = {
  readonly node: HubNode;
  readonly dataFolder: string;
  readonly ca: string;
  /** Connection string of the policy iothubowner, as the service SDK takes it. */
  readonly connectionString: string;
  /** `HostName` for device connection strings: the MQTT port is part of it, since tests don't own 8883. */
  readonly deviceHostName: string;
};

/** Starts a hub that ends with the test. */
export async function startHub(scope: Scope, overrides: Partial<Settings> = {}): Promise<TestHub> {
  const dataFolder = mkdtempSync(join(tmpdir(), "twinstream-test-"));
  scope.after(() => rmSync(dataFolder, { recursive: true, force: true }));
  const flags = {
    data: dataFolder,
    "https-port": "0",
    "mqtts-port": "0",
    "amqps-port": "0",
    "mqtt-port": "0",
    "storage-port": "0",
    bind: "127.0.0.1",
  };
  const environment = { TWINSTREAM_NATS_SERVER: process.env.TWINSTREAM_NATS_SERVER };
  const settings = { ...readSettings({ flags, environment, file: undefined }), ...overrides };
  const log = pino({ level: process.env.TEST_LOG ?? "silent" }, pino.destination(2));
  const node = await startHubNode(settings, log);
  scope.after(() => node[Symbol.asyncDispose]());
  const { variables, ports } = node;
  const connectionString = variables.get("IOTHUB_CONNECTION_STRING") ?? "";
  const ca = readFileSync(variables.get("NODE_EXTRA_CA_CERTS") ?? "", "utf8");
  // What NODE_EXTRA_CA_CERTS does for a process that starts after the hub.
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), ca]);
  return { node, dataFolder, ca, connectionString, deviceHostName: `localhost:${ports.mqtts}` };
}

/**
 * Lets the SDKs' HTTPS calls, which always go to port 443, reach this hub: connections of any agent to 443 are led to the
 * hub's port, as a port forwarding of the network would.
 */
export function routeHttpsTo(scope: Scope, hub: { readonly node: { readonly ports: Pick<Ports, "https"> } }): void {
  const prototype = https.Agent.prototype as unknown as { createConnection: (options: ConnectionTarget) => unknown };
  const direct = prototype.createConnection;
  prototype.createConnection = function (options) {
    const port = Number(options.port) === 443 ? hub.node.ports.https : options.port;
    return direct.call(this, { ...options, port });
  };
  scope.after(() => {
    prototype.createConnection = direct;
  });
}

type ConnectionTarget = { readonly port?: number | string | undefined };
