import { randomUUID } from "node:crypto";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { type FastifyReply, type FastifyRequest, fastify, type RouteOptions } from "fastify";
import type { Logger } from "pino";
import { HubError } from "../../core/hub-error.ts";
import type { HubTlsOptions } from "../tls/tls-options.ts";
import { endBrokenRequest } from "./broken-request.ts";
import { asHubError, errorReply } from "./error-reply.ts";
import type { HttpApp } from "./http-types.ts";
import { readJsonBodies } from "./json-bodies.ts";
import { createKnownPaths, type KnownPaths } from "./known-paths.ts";
import { logRequest } from "./request-log.ts";
import { prepareRequest, rawPath, shiftsWhenLowered } from "./request-path.ts";
import { validatorCompiler } from "./validation.ts";

/** A slow client holds a connection, so each phase ends: handshake and headers, the whole request, silence between two. */
const handshakeTimeoutMs = 30_000;
const headersTimeoutMs = 30_000;
const requestTimeoutMs = 60_000;
/** SDKs keep idle connections for their next call (spec/http-api 10). */
const keepAliveTimeoutMs = 240_000;
/** Room for the properties of a message, which travel in headers; Node's own limit is half of it. */
const maxHeaderSizeBytes = 32_768;
/** An id of 128 characters, each of them percent-encoded, and more than that: the schema says what is wrong. */
const maxParamLength = 1024;

/** Makes the server with everything that all routes share, and no route yet. */
export function createHttpApp({ log, tlsOptions }: { log: Logger; tlsOptions: HubTlsOptions }): HttpApp {
  const app: HttpApp = fastify({
    https: {
      ...tlsOptions,
      handshakeTimeout: handshakeTimeoutMs,
      headersTimeout: headersTimeoutMs,
      maxHeaderSize: maxHeaderSizeBytes,
    },
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, maxParamLength },
    genReqId: () => randomUUID(),
    rewriteUrl: prepareRequest,
    // Until the last connection ends a request is answered like any other.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => endBrokenRequest(log, error, socket),
    // A request that the router could not read passes no hook.
    frameworkErrors: (error, request, reply) => {
      setCommonHeaders(request, reply);
      sendError(error, request, reply);
      logRequest(log, request, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  readJsonBodies(app);
  app.setValidatorCompiler(validatorCompiler);
  // Documents hold keys of devices and callers: a serializer made from a schema would drop them.
  app.setSerializerCompiler(() => (document) => JSON.stringify(document));
  app.decorateRequest("actor", undefined);
  app.decorateRequest("principal", undefined);
  app.decorateRequest("refusal", undefined);
  answerEveryRequest(app, log, createKnownPaths());
  return app;
}

function answerEveryRequest(app: HttpApp, log: Logger, paths: KnownPaths): void {
  app.addHook("onRoute", ({ url, method }: RouteOptions) => paths.add(url, method));
  app.addHook("onRequest", async (request, reply) => {
    setCommonHeaders(request, reply);
    const path = rawPath(request.raw.url ?? "/");
    if (shiftsWhenLowered(path)) throw notFound();
    return request.is404 ? answerUnrouted(request, reply, paths.methodsOf(path)) : undefined;
  });
  app.addHook("onResponse", (request, reply, done) => {
    logRequest(log, request, reply);
    done();
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
}

/** A path without a route is answered before its body is read. */
function answerUnrouted(request: FastifyRequest, reply: FastifyReply, methods: readonly string[]): FastifyReply {
  if (methods.length === 0) throw notFound();
  const allow = [...methods, "OPTIONS"].join(", ");
  if (request.method === "OPTIONS") return sendNothing(reply.header("allow", allow));
  reply.header("allow", allow);
  throw new HubError("GenericMethodNotAllowed", "The method is not allowed here");
}

const notFound = () => new HubError("GenericNotFound", "The path is not known");

/** `Server` says what this is: no SDK asks, and it is not Microsoft's (spec/http-api 1.6). */
function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ server: "Twinstream", vary: "Origin", "x-ms-request-id": request.id });
}

/** Answers 204 as the service does, which states the length of what is not there (spec/http-api 1.6). */
export const sendNothing = (reply: FastifyReply): FastifyReply => reply.code(204).header("content-length", "0").send();

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = asHubError(error);
  request.refusal = refusal;
  const { status, headers, body } = errorReply(refusal, request.id, new Date());
  return reply.code(status).headers(headers).serializer(String).send(body);
}
