import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsContext } from "../tls/reloading-context.ts";
import { boundHandshakes } from "./handshakes.ts";

/** Where to listen, and who takes the sockets. Port 0 takes any free one, no host means all addresses. */
export type ListenOptions = {
  readonly port: number;
  readonly host?: string;
  /** Takes a socket, over TLS once its handshake is done. Its life is the taker's from now on. */
  readonly take: (socket: Socket) => void;
};

/** A port that is listened on. Disposing takes no more connections; those that stand are their taker's to close. */
export type Listening = { readonly port: number } & AsyncDisposable;

/** Listens for TLS. */
export type ListenTlsOptions = ListenOptions & {
  readonly tls: Pick<TlsContext, "options" | "onChange">;
  /** For the handshake, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Handshakes under way at once; beyond it new connections are closed. */
  readonly maxHandshakes: number;
};

/** Listens on a TLS port. Throws the system's error when the port can't be had. */
export async function listenTls(options: ListenTlsOptions): Promise<Listening> {
  const { tls, handshakeTimeoutMs, maxHandshakes, take } = options;
  const server = createTlsServer({ ...tls.options(), handshakeTimeout: handshakeTimeoutMs });
  tls.onChange((changed) => server.setSecureContext(changed));
  boundHandshakes(server, maxHandshakes);
  server.on("secureConnection", (socket) => takeQuick(socket, take));
  return await listen(server, options);
}

/** Listens on a port without TLS. Throws as `listenTls`. */
export async function listenPlain(options: ListenOptions): Promise<Listening> {
  return await listen(
    createPlainServer((socket) => takeQuick(socket, options.take)),
    options,
  );
}

/** What the hub sends is gathered already; waiting for more bytes would only delay it. */
function takeQuick(socket: Socket, take: ListenOptions["take"]): void {
  socket.setNoDelay(true);
  take(socket);
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
