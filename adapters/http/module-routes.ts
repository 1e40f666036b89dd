import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import { moduleDocument } from "./device-document.ts";
import { contextOf, modulesGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { ifMatchOf } from "./if-match.ts";
import { answers, DeviceParams, IfMatch, jsonAnswer, ModuleParams, Nothing, Query } from "./schemas.ts";

const tags = ["Modules"];
const url = "/devices/:deviceId/modules/:moduleId";
const moduleAnswer = jsonAnswer(Type.Ref("Module#"), { description: "The module" });
const ModuleBody = Type.Unsafe<JsonObject>(Type.Ref("ModuleWrite#"));

/** The identity registry's modules (spec/http-api 2.3). A device may write its own: IoT Edge does. No ETag header here. */
export function moduleRoutes(app: HttpApp, hub: Hub): void {
  writes(app, hub);
  reads(app, hub);
}

function writes(app: HttpApp, hub: Hub): void {
  const onRequest = modulesGuard(hub, "RegistryWrite");
  const shared = { tags, params: ModuleParams, querystring: Query, headers: IfMatch };

  const put = {
    ...shared,
    summary: "Create or update a module",
    body: ModuleBody,
    response: answers({ 200: moduleAnswer }),
  };
  app.put(url, { schema: put, onRequest }, async (request) => {
    const { params, headers, body } = request;
    const command = { ...contextOf(request), ...params, ...ifMatchOf(headers["if-match"]), body };
    return moduleDocument(await hub.registry.putModule(command), "written");
  });

  const remove = { ...shared, summary: "Delete a module with its twin", response: answers({ 204: Nothing }) };
  app.delete(url, { schema: remove, onRequest }, async (request, reply) => {
    const { params, headers } = request;
    await hub.registry.deleteModule({ ...contextOf(request), ...params, ...ifMatchOf(headers["if-match"]) });
    return sendNothing(reply);
  });
}

function reads(app: HttpApp, hub: Hub): void {
  const onRequest = modulesGuard(hub, "RegistryRead");

  const get = {
    tags,
    summary: "Get a module",
    params: ModuleParams,
    querystring: Query,
    response: answers({ 200: moduleAnswer }),
  };
  app.get(url, { schema: get, onRequest }, ({ params }, reply) => {
    reply.send(moduleDocument(hub.registry.getModule(params.deviceId, params.moduleId), "read"));
  });

  const modules = jsonAnswer(Type.Array(Type.Ref("Module#")), { description: "All modules of the device" });
  const list = {
    tags,
    summary: "List a device's modules",
    params: DeviceParams,
    querystring: Query,
    response: answers({ 200: modules }),
  };
  app.get("/devices/:deviceId/modules", { schema: list, onRequest }, ({ params }, reply) => {
    reply.send(hub.registry.listModules(params.deviceId).map((view) => moduleDocument(view, "read")));
  });
}
