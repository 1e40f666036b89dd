import Type from "typebox";
import { HubError } from "../../core/hub-error.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, jsonAnswer } from "./schemas.ts";

/** Whether the hub can do its work; `reason` is for operators and names no secret. */
export type Readiness = () => { readonly ready: boolean; readonly reason?: string };

const tags = ["System"];
/** No token is asked for here. */
const security: [] = [];

/** What an operator's tools ask: is the process alive, can it work, what can it do. */
export function systemRoutes(app: HttpApp, readiness: Readiness): void {
  const status = jsonAnswer(Type.Object({ status: Type.String() }), { description: "Yes" });
  const health = { tags, security, summary: "Is the process alive?", response: answers({ 200: status }) };
  app.get("/healthz", { schema: health }, (_request, reply) => {
    reply.send({ status: "alive" });
  });

  const ready = { tags, security, summary: "Does the hub take requests?", response: answers({ 200: status }) };
  app.get("/readyz", { schema: ready }, (_request, reply) => {
    const { ready: isReady, reason } = readiness();
    if (!isReady) throw new HubError("ServiceUnavailable", reason ?? "The hub is not ready");
    reply.send({ status: "ready" });
  });

  const openapi = jsonAnswer(Type.Object({ openapi: Type.String() }), { description: "OpenAPI 3.1" });
  const schema = { tags, security, summary: "This description", response: answers({ 200: openapi }) };
  app.get("/openapi.json", { schema }, (_request, reply) => {
    reply.send(app.swagger());
  });
}
