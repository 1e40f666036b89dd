import type { Socket } from "node:net";
import { type Listening, type ListenTlsOptions, listenTls } from "../sockets/listen.ts";
import { defaultLimits } from "./limits.ts";
import type { AmqpListener } from "./listener.ts";

/** Where to listen: port 0 takes any free one, no host means all addresses. */
export type AmqpsOptions = Pick<ListenTlsOptions, "port" | "host" | "tls"> & { readonly listener: AmqpListener };

/** AMQP over TLS, IoT Hub's port 5671 (spec/amqp 1). Throws the system's error when the port can't be had. */
export async function listenAmqps({ listener, ...options }: AmqpsOptions): Promise<Listening> {
  const { provingDeadlineMs: handshakeTimeoutMs, maxHalfOpen: maxHandshakes } = defaultLimits;
  return await listenTls({
    ...options,
    handshakeTimeoutMs,
    maxHandshakes,
    take: (socket: Socket) => {
      const { remoteAddress } = socket;
      listener.accept(socket, { protocol: "amqp", ...(remoteAddress === undefined ? {} : { remoteAddress }) });
    },
  });
}
