import type { IncomingMessage } from "node:http";
import { HubError } from "../../core/hub-error.ts";
import { rawPath } from "../http/request-path.ts";

/** What a WebSocket carries, and the subprotocol that says so in the client's own spelling. */
export type Endpoint = { readonly protocol: "mqtt" | "amqp"; readonly subprotocol: string };

/** The version of RFC 6455, the only one that is spoken here. */
export const webSocketVersion = "13";

/**
 * Paths, and the subprotocols of each in lower case (spec/mqtt 1, spec/amqp 1): the C SDK offers `MQTT`, the others `mqtt`.
 * `mqttv3.1` stands for a version of MQTT that the hub does not speak.
 */
const endpoints: ReadonlyMap<string, ReadonlyMap<string, Endpoint["protocol"]>> = new Map([
  [
    "/$iothub/websocket",
    new Map([
      ["mqtt", "mqtt"],
      ["amqpwsb10", "amqp"],
    ]),
  ],
  ["/$servicebus/websocket", new Map([["amqpwsb10", "amqp"]])],
]);

/**
 * Chooses what a request to upgrade gets: of the subprotocols that it offers, the first that its path has. The path is
 * compared as it is, percent-decoded once; the query is ignored. Throws HubError `GenericNotFound` for a path without
 * WebSockets, `GenericMethodNotAllowed` and `InvalidProtocolVersion` for a request that RFC 6455 does not know, and
 * `GenericBadRequest` when no subprotocol fits.
 */
export function chooseEndpoint({
  url,
  method,
  headers,
}: Pick<IncomingMessage, "url" | "method" | "headers">): Endpoint {
  const protocols = endpoints.get(decoded(rawPath(url ?? "")));
  if (protocols === undefined) throw new HubError("GenericNotFound", "The path is not known");
  if (method !== "GET") throw new HubError("GenericMethodNotAllowed", "A WebSocket is opened with GET");
  if (headers["sec-websocket-version"] !== webSocketVersion)
    throw new HubError("InvalidProtocolVersion", `The WebSocket's version must be ${webSocketVersion}`);
  for (const offered of (headers["sec-websocket-protocol"] ?? "").split(",")) {
    const subprotocol = offered.trim();
    const protocol = protocols.get(subprotocol.toLowerCase());
    if (protocol !== undefined) return { protocol, subprotocol };
  }
  throw new HubError("GenericBadRequest", "The WebSocket must be opened with a subprotocol that the path has");
}

/** A path that can't be decoded is none that is known. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
