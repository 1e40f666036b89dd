import type { Client as DeviceClient } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { Client, ModuleClient } from "./azure-sdk.ts";
import type { TestHub } from "./hub.ts";
import type { Scope } from "./suite-scope.ts";

/** Registers a device through the hub itself and returns its connection string. */
export async function registerDevice(
  hub: TestHub,
  deviceId: string,
  body: Record<string, unknown> = {},
): Promise<string> {
  const actor = { kind: "policy", policy: "iothubowner" } as const;
  const view = await hub.node.hub.registry.putDevice({
    deviceId,
    body: body as never,
    actor,
    correlationId: "test",
  });
  return deviceConnectionString(hub, deviceId, view.device.fields.authentication.symmetricKey.primaryKey ?? "");
}

/** The connection string of a device with a given key. */
const deviceConnectionString = (hub: TestHub, deviceId: string, key: string): string =>
  `HostName=${hub.deviceHostName};DeviceId=${deviceId};SharedAccessKey=${key}`;

/** Connects a device, or a module by its connection string, with the official SDK over MQTT. It closes with the test. */
export async function openDevice(scope: Scope, connectionString: string): Promise<DeviceClient> {
  const client = clientFor(connectionString);
  scope.after(() => client.close().catch(() => {}));
  await client.open();
  return client;
}

/** The official client, not yet connected. */
function clientFor(connectionString: string): DeviceClient {
  const isModule = connectionString.includes("ModuleId=");
  return isModule
    ? (ModuleClient.fromConnectionString(connectionString, Mqtt) as unknown as DeviceClient)
    : Client.fromConnectionString(connectionString, Mqtt);
}
