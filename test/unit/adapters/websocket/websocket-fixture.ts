import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import pino from "pino";
import { WebSocket } from "ws";
import type { WebSocketLimits } from "../../../../adapters/websocket/limits.ts";
import { attachWebSockets, type WebSockets } from "../../../../adapters/websocket/upgrade.ts";

/** What tests wait for comes at once or never; this is how long "never" takes. */
export const timeout = 10_000;

/** A stream that the hub's MQTT or AMQP side was given. */
export type Accepted = {
  readonly stream: Duplex;
  readonly protocol: string;
  readonly remoteAddress: string | undefined;
};

/** An HTTP server with WebSockets; a plain request is answered with its own URL. */
export type Fixture = AsyncDisposable & {
  readonly server: Server;
  readonly webSockets: WebSockets;
  readonly port: number;
  /** The streams that were handed over and not yet taken from here. */
  readonly accepted: Accepted[];
  readonly log: string[];
  /** The next stream that is handed over. */
  next(): Promise<Accepted>;
  /** A client whose WebSocket is open, and the stream at the other end. */
  open(): Promise<{ client: WebSocket; stream: Duplex }>;
  /** A bare connection. */
  raw(): Promise<Socket>;
};

/** Starts such a server. `onStream` sees each stream as soon as it is handed over. */
export async function startFixture(
  limits: Partial<WebSocketLimits> = {},
  onStream: (stream: Duplex) => void = () => {},
): Promise<Fixture> {
  const server = createServer((request, response) => response.end(request.url));
  const accepted: Accepted[] = [];
  const waiting: ((accepted: Accepted) => void)[] = [];
  const accept = (stream: Duplex, info: { protocol: string; remoteAddress?: string }) => {
    onStream(stream);
    const taken = { stream, protocol: info.protocol, remoteAddress: info.remoteAddress };
    const waiter = waiting.shift();
    if (waiter === undefined) accepted.push(taken);
    else waiter(taken);
  };
  const log: string[] = [];
  const logger = pino({ level: "trace" }, { write: (line: string) => void log.push(line) });
  const webSockets = attachWebSockets({ server, mqtt: accept, amqp: accept, log: logger, limits });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;

  const next = () =>
    new Promise<Accepted>((resolve) => {
      const first = accepted.shift();
      if (first === undefined) waiting.push(resolve);
      else resolve(first);
    });
  return {
    server,
    webSockets,
    port,
    accepted,
    log,
    next,
    async open() {
      const client = new WebSocket(`ws://127.0.0.1:${port}/$iothub/websocket`, ["mqtt"]);
      const [{ stream }] = await Promise.all([next(), once(client, "open")]);
      return { client, stream };
    },
    async raw() {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
    async [Symbol.asyncDispose]() {
      webSockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The lines of a good request, to which headers can be added or which they can replace. */
export function upgradeRequest(
  changes: { target?: string; method?: string; headers?: object; body?: string } = {},
): string {
  const headers = {
    host: "hub",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "mqtt",
    ...changes.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const { method = "GET", target = "/$iothub/websocket", body = "" } = changes;
  return `${[`${method} ${target} HTTP/1.1`, ...lines].join("\r\n")}\r\n\r\n${body}`;
}

/** Resolves once a stream is closed, whether it failed or not. */
export const closed = (stream: Duplex) => new Promise<void>((resolve) => stream.once("close", () => resolve()));

/** Everything that the peer sends until it ends the connection. */
export async function untilEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await closed(socket);
  return Buffer.concat(chunks).toString();
}

/** A masked frame of a client (RFC 6455 §5.2). The mask is zero, so that the payload stays readable. */
export function frame(opcode: number, payload: Uint8Array, { final = true } = {}): Buffer {
  const { length } = payload;
  const long = length > 125;
  const header = Buffer.alloc((long ? 10 : 2) + 4);
  header[0] = (final ? 0x80 : 0) | opcode;
  header[1] = 0x80 | (long ? 127 : length);
  if (long) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}
