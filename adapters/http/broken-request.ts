import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { HubError } from "../../core/hub-error.ts";
import { type ErrorReply, errorReply } from "./error-reply.ts";

/**
 * Ends a connection whose request never got as far as a route: not HTTP, headers too large, or too slow. Where HTTP was
 * spoken it is answered; a failed TLS handshake or a reset is not.
 */
export function endBrokenRequest(log: Logger, error: ConnectionError, socket: Socket): void {
  const code = error.code ?? "";
  log.debug({ code, remoteAddress: socket.remoteAddress }, "connection ended before a request");
  const spokeHttp = code.startsWith("HPE_") || code === "ERR_HTTP_REQUEST_TIMEOUT";
  if (!spokeHttp || !socket.writable) return void socket.destroy();
  const requestId = randomUUID();
  const reply = errorReply(new HubError("GenericBadRequest", textOf(code)), requestId, new Date());
  socket.end(onTheWire(reply, requestId), () => socket.destroy());
}

type ConnectionError = Error & { readonly code?: string };

function textOf(code: string): string {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "The request took too long to arrive";
  if (code === "HPE_HEADER_OVERFLOW") return "The request headers are too large";
  return "The request is not HTTP";
}

/** The whole answer as text, for a socket that no route writes to; it is the last one there. */
export function onTheWire({ status, headers, body }: ErrorReply, requestId: string): string {
  const all = {
    connection: "close",
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    "x-ms-request-id": requestId,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`;
}
