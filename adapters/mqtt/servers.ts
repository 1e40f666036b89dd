import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsContext } from "../tls/reloading-context.ts";
import { boundHandshakes } from "./handshakes.ts";
import { defaultLimits } from "./limits.ts";
import type { MqttListener } from "./listener.ts";

/** Where to listen: port 0 takes any free one, no host means all addresses. */
export type ListenOptions = { readonly listener: MqttListener; readonly port: number; readonly host?: string };

/** A port that is listened on. Disposing takes no more connections; those that stand are the MQTT listener's to close. */
export type Listening = { readonly port: number } & AsyncDisposable;

export type MqttsOptions = ListenOptions & { readonly tls: Pick<TlsContext, "options" | "onChange"> };

/** MQTT over TLS, IoT Hub's port 8883 (spec/mqtt 1). Throws the system's error when the port can't be had. */
export async function listenMqtts(options: MqttsOptions): Promise<Listening> {
  const { listener, tls } = options;
  const server = createTlsServer({ ...tls.options(), handshakeTimeout: defaultLimits.connectDeadlineMs });
  tls.onChange((options) => server.setSecureContext(options));
  boundHandshakes(server, defaultLimits.maxHalfOpen);
  server.on("secureConnection", (socket) => take(listener, socket));
  return await listen(server, options);
}

/** MQTT without TLS, for use behind a TLS proxy or on one machine: IoT Hub has no such port. Throws as `listenMqtts`. */
export async function listenMqtt(options: ListenOptions): Promise<Listening> {
  const server = createPlainServer((socket) => take(options.listener, socket));
  return await listen(server, options);
}

function take(listener: MqttListener, socket: Socket): void {
  // PUBACKs are gathered already; waiting for more bytes would only delay them.
  socket.setNoDelay(true);
  const { remoteAddress } = socket;
  listener.accept(socket, { protocol: "mqtt", ...(remoteAddress === undefined ? {} : { remoteAddress }) });
}

async function listen(server: Server, { port, host }: ListenOptions): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // It stays for later errors, such as a lack of file descriptors at accept: none of them may end the process.
  server.on("error", reject);
  server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP address");
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
