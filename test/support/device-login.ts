import { createHmac } from "node:crypto";
import type { IClientOptions } from "mqtt";
import type { HubProcess } from "./hub-process.ts";

/** How raw mqtt.js logs in as the first device of a hub process. It does not connect again by itself. */
export function deviceLogin(hub: HubProcess): IClientOptions {
  const connectionString = hub.variables.get("IOTHUB_DEVICE_CONNECTION_STRING") ?? "";
  const [, deviceId = "", key = ""] = /DeviceId=([^;]+);SharedAccessKey=(.+)$/.exec(connectionString) ?? [];
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const resource = encodeURIComponent(`localhost/devices/${deviceId}`);
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(`${resource}\n${expiry}`).digest("base64");
  return {
    clientId: deviceId,
    username: `localhost/${deviceId}/?api-version=2021-04-12`,
    password: `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}`,
    reconnectPeriod: 0,
  };
}
