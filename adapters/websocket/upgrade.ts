import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { HubError } from "../../core/hub-error.ts";
import { asHubError } from "../http/error-reply.ts";
import { WebSocketStream } from "./byte-stream.ts";
import { chooseEndpoint, type Endpoint } from "./endpoint.ts";
import { defaultLimits, type WebSocketLimits } from "./limits.ts";
import { refuse } from "./refuse.ts";

/** Takes a stream of bytes whose life is the taker's from now on. It must not throw. */
type Accept<P> = (stream: Duplex, info: { readonly protocol: P; readonly remoteAddress?: string }) => void;

/** Node's HTTP or HTTPS server. From 24.9 on it asks which requests to upgrade are to be handed over. */
type HttpServer = EventEmitter & { shouldUpgradeCallback?: ((request: IncomingMessage) => boolean) | undefined };

export type WebSocketOptions = {
  readonly server: HttpServer;
  readonly mqtt: Accept<"mqtt-ws">;
  readonly amqp: Accept<"amqp-ws">;
  readonly log: Logger;
  readonly limits?: Partial<WebSocketLimits>;
};

/** The WebSockets of a server. */
export type WebSockets = {
  /** Takes no more of them and cuts off those that stand. A server waits for them, so this comes before its own close. */
  close(): void;
  /** WebSockets that stand, those included that are closing. */
  readonly connectionCount: number;
};

/**
 * Opens WebSockets on an HTTP server: MQTT and AMQP on `/$iothub/websocket`, AMQP for Event Hubs clients on
 * `/$servicebus/websocket` (spec/mqtt 1, spec/amqp 1). Who the client is, it says inside. `Origin` is not looked at: no
 * credential comes with the request that a foreign page could use.
 *
 * A silent peer is found by TCP keep-alive, which also works while the stream is not read, and by the protocols' own
 * timeouts; so no WebSocket pings wake devices that sleep.
 */
export function attachWebSockets({ server, mqtt, amqp, log, limits: given }: WebSocketOptions): WebSockets {
  const limits = { ...defaultLimits, ...given };
  const webSockets = new Set<WebSocket>();
  const lingering = new Set<WebSocket>();
  const handshakes = createHandshakes(limits);
  handshakes.on("wsClientError", (error, socket, request) =>
    refuse(log, request, socket, new HubError("GenericBadRequest", error.message)),
  );

  const open = (webSocket: WebSocket, request: IncomingMessage, wire: Duplex, protocol: Endpoint["protocol"]) => {
    const { remoteAddress } = request.socket;
    const stream = new WebSocketStream(webSocket, wire);
    webSockets.add(webSocket);
    webSocket.once("close", () => {
      webSockets.delete(webSocket);
      lingering.delete(webSocket);
    });
    stream.once("error", (error) => {
      log.debug({ remoteAddress, violation: error.message }, "WebSocket broke");
      if (!webSockets.has(webSocket)) return;
      if (lingering.size >= limits.maxLingering) webSocket.terminate();
      else lingering.add(webSocket);
    });
    const address = remoteAddress === undefined ? {} : { remoteAddress };
    if (protocol === "mqtt") mqtt(stream, { protocol: "mqtt-ws", ...address });
    else amqp(stream, { protocol: "amqp-ws", ...address });
  };

  const onUpgrade = (request: IncomingMessage, wire: Duplex, head: Buffer) => {
    let endpoint: Endpoint;
    try {
      endpoint = chooseEndpoint(request);
    } catch (error) {
      refuse(log, request, wire, asHubError(error));
      return;
    }
    if (wire instanceof Socket) wire.setKeepAlive(true, limits.keepAliveMs);
    handshakes.handleUpgrade(request, wire, head, (webSocket) => open(webSocket, request, wire, endpoint.protocol));
  };

  const stopListening = listenForUpgrades(server, onUpgrade);
  return {
    close() {
      stopListening();
      for (const webSocket of webSockets) webSocket.terminate();
    },
    get connectionCount() {
      return webSockets.size;
    },
  };
}

function createHandshakes(limits: WebSocketLimits): WebSocketServer {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes,
    maxFragments: limits.maxFragments,
    maxBufferedChunks: limits.maxWaitingChunks,
    closeTimeout: limits.closeTimeoutMs,
    handleProtocols: (_: Set<string>, request: IncomingMessage) => chooseEndpoint(request).subprotocol,
  };
  return new WebSocketServer(options);
}

type OnUpgrade = (request: IncomingMessage, wire: Duplex, head: Buffer) => void;

/**
 * Has a server hand over its requests for WebSockets. A request to upgrade to anything else is answered as if it asked
 * for no upgrade (RFC 9110 §7.8); a server that hands over all of them has it refused. Returns the way to stop.
 */
function listenForUpgrades(server: HttpServer, onUpgrade: OnUpgrade): () => void {
  const before = server.shouldUpgradeCallback;
  server.shouldUpgradeCallback = ({ headers }) => headers.upgrade?.toLowerCase() === "websocket";
  server.on("upgrade", onUpgrade);
  return () => {
    server.off("upgrade", onUpgrade);
    server.shouldUpgradeCallback = before;
  };
}
