import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { HubError, Reason } from "../../core/hub-error.ts";
import { onTheWire } from "../http/broken-request.ts";
import { type ErrorReply, errorReply } from "../http/error-reply.ts";
import { rawPath } from "../http/request-path.ts";
import { webSocketVersion } from "./endpoint.ts";

/** What HTTP asks of some answers to a request to upgrade (RFC 6455 §4.4, RFC 9110 §15.5.6 and §15.5.22). */
const particulars: ReadonlyMap<Reason, Partial<ErrorReply>> = new Map([
  ["GenericMethodNotAllowed", { headers: { allow: "GET" } }],
  [
    "InvalidProtocolVersion",
    {
      status: 426,
      headers: { "sec-websocket-version": webSocketVersion, upgrade: "websocket", connection: "Upgrade, close" },
    },
  ],
]);

/** Answers a request to upgrade with an error in the hub's form, then ends its socket. */
export function refuse(log: Logger, request: IncomingMessage, socket: Duplex, error: HubError): void {
  const requestId = randomUUID();
  const common = errorReply(error, requestId, new Date());
  const particular = particulars.get(error.reason);
  const reply = { ...common, ...particular, headers: { ...common.headers, ...particular?.headers } };
  const { remoteAddress } = request.socket;
  const fields = { requestId, path: rawPath(request.url ?? ""), status: reply.status, reason: error.reason };
  log.debug({ ...fields, remoteAddress }, "upgrade refused");
  // A client that is gone already is nobody's fault.
  socket.on("error", () => {});
  socket.end(onTheWire(reply, requestId), () => socket.destroy());
}
