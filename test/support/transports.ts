import type { Client as DeviceClient } from "azure-iot-device";
import { Amqp, AmqpWs } from "azure-iot-device-amqp";
import { Http } from "azure-iot-device-http";
import { Mqtt, MqttWs } from "azure-iot-device-mqtt";
import type { Protocol } from "../../core/connection/connection.ts";
import { Client, ModuleClient, NoRetry } from "./azure-sdk.ts";
import { registerDevice } from "./device.ts";
import type { TestHub } from "./hub.ts";
import type { Scope } from "./suite-scope.ts";

/** One of the transports of the official device SDK, and what it is able to. */
export type DeviceTransport = {
  readonly name: string;
  /** As the hub records it; unique, so device ids may begin with it. HTTPS has no connection to record. */
  readonly protocol: Protocol | "https";
  /** The SDK's class. */
  readonly transport: TransportClass;
  /**
   * `HostName` of connection strings. The SDK takes a port in it for sockets of its own; over WebSockets and HTTPS it
   * always calls 443, which `leadWellKnownPortsTo` leads to the hub.
   */
  readonly hostName: (hub: TestHub) => string;
};

/** A transport that keeps a connection open: the one that has modules and twins, and tokens that run out while it is open. */
export type ConnectedTransport = DeviceTransport & {
  readonly protocol: Protocol;
  /** How the SDK brings a new token: it connects again, or puts the token on the connection that it has. */
  readonly renewsBy: "reconnecting" | "putting";
};

type TransportClass = Parameters<typeof Client.fromConnectionString>[1];

const localhost = () => "localhost";

/** Transports with a connection. */
export const connectedTransports: readonly ConnectedTransport[] = [
  {
    name: "MQTT",
    protocol: "mqtt",
    transport: Mqtt,
    hostName: ({ node }) => `localhost:${node.ports.mqtts}`,
    renewsBy: "reconnecting",
  },
  {
    name: "MQTT over WebSockets",
    protocol: "mqtt-ws",
    transport: MqttWs,
    hostName: localhost,
    renewsBy: "reconnecting",
  },
  {
    name: "AMQP",
    protocol: "amqp",
    transport: Amqp,
    hostName: ({ node }) => `localhost:${node.ports.amqps}`,
    renewsBy: "putting",
  },
  { name: "AMQP over WebSockets", protocol: "amqp-ws", transport: AmqpWs, hostName: localhost, renewsBy: "putting" },
];

/** HTTPS: telemetry of devices, a request each. */
export const httpsTransport: DeviceTransport = {
  name: "HTTPS",
  protocol: "https",
  transport: Http,
  hostName: localhost,
};

/** All transports of the device SDK. */
export const transports: readonly DeviceTransport[] = [...connectedTransports, httpsTransport];

/** The official client over one transport, for devices and modules of one hub. */
export type SdkDevices = {
  /** Registers a device and returns its connection string for this transport. */
  register(deviceId: string, body?: Record<string, unknown>): Promise<string>;
  /** Registers a module of a registered device and returns its connection string for this transport. */
  registerModule(deviceId: string, moduleId: string): Promise<string>;
  /** The client for a connection string, or for a token, not yet connected. It closes with the test. */
  client(scope: Scope, credentials: string): DeviceClient;
  /** As `client`, and connected. */
  open(scope: Scope, credentials: string): Promise<DeviceClient>;
};

/** Makes clients over one transport. They never try again by themselves: what the hub does wrong must show. */
export function sdkDevices(transport: DeviceTransport, hubOf: () => TestHub): SdkDevices {
  const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;
  const devices: SdkDevices = {
    async register(deviceId, body) {
      const hub = hubOf();
      return (await registerDevice(hub, deviceId, body)).replace(hub.deviceHostName, transport.hostName(hub));
    },
    async registerModule(deviceId, moduleId) {
      const hub = hubOf();
      const { module } = await hub.node.hub.registry.putModule({ deviceId, moduleId, body: {}, ...context });
      const key = module.fields.authentication.symmetricKey.primaryKey;
      const identity = `DeviceId=${deviceId};ModuleId=${moduleId}`;
      return `HostName=${transport.hostName(hub)};${identity};SharedAccessKey=${key}`;
    },
    client(scope, credentials) {
      const client = clientFor(transport, credentials);
      client.setRetryPolicy(new NoRetry());
      scope.after(() => client.close().catch(() => {}));
      return client;
    },
    async open(scope, credentials) {
      const client = devices.client(scope, credentials);
      await client.open();
      return client;
    },
  };
  return devices;
}

/** The key in a connection string. */
export const keyIn = (connectionString: string): string => connectionString.split("SharedAccessKey=")[1] ?? "";

function clientFor({ transport }: DeviceTransport, credentials: string): DeviceClient {
  if (credentials.startsWith("SharedAccessSignature ")) return Client.fromSharedAccessSignature(credentials, transport);
  if (!credentials.includes("ModuleId=")) return Client.fromConnectionString(credentials, transport);
  // The two clients have the same methods, but for those that the tests name themselves.
  return ModuleClient.fromConnectionString(credentials, transport) as unknown as DeviceClient;
}
