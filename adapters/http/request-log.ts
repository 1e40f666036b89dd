import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { HubError } from "../../core/hub-error.ts";
import { rawPath } from "./request-path.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Why the request is answered with an error, if it is. */
    refusal: HubError | undefined;
  }
}

/** No line of this adapter names a credential; should an error ever carry one, it is not written either. */
const secretPaths = ["authorization", "*.authorization", "*.*.authorization", "*.*.*.authorization"];

/** The adapter's own log. */
export const httpLog = (log: Logger): Logger => log.child({ protocol: "https" }, { redact: secretPaths });

/**
 * Writes the one line of a request: `debug`, `warn` when the hub could not serve it, `error` with the cause when that is
 * a fault of the hub itself. The query stays out: a client may put a token there.
 */
export function logRequest(log: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const { method, id, refusal } = request;
  const fields = {
    requestId: id,
    method,
    path: rawPath(request.raw.url ?? "/"),
    status: reply.statusCode,
    elapsedMs: Math.round(reply.elapsedTime),
    ...callerOf(request),
    ...(refusal && { reason: refusal.reason, detail: refusal.detail }),
    ...(refusal?.cause !== undefined && { err: refusal.cause }),
  };
  if (refusal?.reason === "ServerError") log.error(fields, "request hit a fault");
  else if (reply.statusCode >= 500) log.warn(fields, "request failed");
  else log.debug(fields, "request answered");
}

function callerOf({ actor, principal }: FastifyRequest): object {
  if (principal !== undefined) return { deviceId: principal.deviceId, moduleId: principal.moduleId };
  return actor?.kind === "policy" ? { policy: actor.policy } : {};
}
