import type { Socket } from "node:net";
import { type Listening, type ListenTlsOptions, listenPlain, listenTls } from "../sockets/listen.ts";
import { defaultLimits } from "./limits.ts";
import type { MqttListener } from "./listener.ts";

/** Where to listen: port 0 takes any free one, no host means all addresses. */
export type ListenOptions = { readonly listener: MqttListener; readonly port: number; readonly host?: string };

export type MqttsOptions = ListenOptions & Pick<ListenTlsOptions, "tls">;

/** MQTT over TLS, IoT Hub's port 8883 (spec/mqtt 1). Throws the system's error when the port can't be had. */
export async function listenMqtts({ listener, ...options }: MqttsOptions): Promise<Listening> {
  const { connectDeadlineMs: handshakeTimeoutMs, maxHalfOpen: maxHandshakes } = defaultLimits;
  return await listenTls({ ...options, handshakeTimeoutMs, maxHandshakes, take: takerOf(listener) });
}

/** MQTT without TLS, for use behind a TLS proxy or on one machine: IoT Hub has no such port. Throws as `listenMqtts`. */
export async function listenMqtt({ listener, ...options }: ListenOptions): Promise<Listening> {
  return await listenPlain({ ...options, take: takerOf(listener) });
}

const takerOf =
  (listener: MqttListener) =>
  (socket: Socket): void => {
    const { remoteAddress } = socket;
    listener.accept(socket, { protocol: "mqtt", ...(remoteAddress === undefined ? {} : { remoteAddress }) });
  };
