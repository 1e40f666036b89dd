import { createHmac } from "node:crypto";
import type { IClientOptions } from "mqtt";
import type { HubProcess } from "./hub-process.ts";

/** How raw mqtt.js logs in as the first device of a hub process. It does not connect again by itself. */
export function deviceLogin(hub: HubProcess): IClientOptions {
  const connectionString = hub.variables.get("IOTHUB_DEVICE_CONNECTION_STRING") ?? "";
  const [, deviceId = "", key = ""] = /DeviceId=([^;]+);SharedAccessKey=(.+)$/.exec(connectionString) ?? [];
  return {
    clientId: deviceId,
    username: `localhost/${deviceId}/?api-version=2021-04-12`,
    password: sasToken(`localhost/devices/${deviceId}`, key),
    reconnectPeriod: 0,
  };
}

/**
 * A token for a resource, signed with a device's or a policy's key (spec/identity-and-security 5). It lasts a day unless
 * told; with a negative lifetime it is over.
 */
export function sasToken(resource: string, key: string, lifetimeSeconds = 86_400): string {
  const expiry = Math.floor(Date.now() / 1000) + lifetimeSeconds;
  const encoded = encodeURIComponent(resource);
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(`${encoded}\n${expiry}`).digest("base64");
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}
