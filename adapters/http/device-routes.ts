import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import { deviceDocument } from "./device-document.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { ifMatchOf } from "./if-match.ts";
import { answers, DeviceParams, etagHeader, IfMatch, jsonAnswer, ListQuery, Nothing, Query } from "./schemas.ts";

const tags = ["Devices"];
const deviceAnswer = jsonAnswer(Type.Ref("Device#"), { description: "The device", headers: etagHeader });
const DeviceBody = Type.Unsafe<JsonObject>(Type.Ref("DeviceWrite#"));

/** The identity registry's devices (spec/http-api 2.2). */
export function deviceRoutes(app: HttpApp, hub: Hub): void {
  putAndDelete(app, hub);
  reads(app, hub);
}

function putAndDelete(app: HttpApp, hub: Hub): void {
  const onRequest = serviceGuard(hub, "RegistryWrite");
  const shared = { tags, params: DeviceParams, querystring: Query, headers: IfMatch };

  const put = {
    ...shared,
    summary: "Create or update a device",
    body: DeviceBody,
    response: answers({ 200: deviceAnswer }),
  };
  app.put("/devices/:deviceId", { schema: put, onRequest }, async (request, reply) => {
    const { params, headers, body } = request;
    const command = { ...contextOf(request), ...params, ...ifMatchOf(headers["if-match"]), body };
    const view = await hub.registry.putDevice(command);
    reply.header("etag", `"${view.device.etag}"`);
    return deviceDocument(view, "written");
  });

  const remove = {
    ...shared,
    summary: "Delete a device with its modules and twins",
    response: answers({ 204: Nothing }),
  };
  app.delete("/devices/:deviceId", { schema: remove, onRequest }, async (request, reply) => {
    const { params, headers } = request;
    await hub.registry.deleteDevice({ ...contextOf(request), ...params, ...ifMatchOf(headers["if-match"]) });
    return sendNothing(reply);
  });
}

function reads(app: HttpApp, hub: Hub): void {
  const onRequest = serviceGuard(hub, "RegistryRead");

  const get = {
    tags,
    summary: "Get a device",
    params: DeviceParams,
    querystring: Query,
    response: answers({ 200: deviceAnswer }),
  };
  app.get("/devices/:deviceId", { schema: get, onRequest }, ({ params }, reply) => {
    const view = hub.registry.getDevice(params.deviceId);
    reply.header("etag", `"${view.device.etag}"`).send(deviceDocument(view, "read"));
  });

  const devices = jsonAnswer(Type.Array(Type.Ref("Device#")), { description: "Devices in no order to rely on" });
  const list = { tags, summary: "List devices", querystring: ListQuery, response: answers({ 200: devices }) };
  app.get("/devices", { schema: list, onRequest }, ({ query }, reply) => {
    reply.send(hub.registry.listDevices(topOf(query.top)).map((view) => deviceDocument(view, "read")));
  });
}

const maxTop = 1000;

/** What is no number from 1 to 1000 means 1000 (spec/http-api 2.2). */
function topOf(text: string | undefined): number {
  const top = Number(text);
  return Number.isInteger(top) && top >= 1 && top <= maxTop ? top : maxTop;
}
