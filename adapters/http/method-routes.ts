import type { FastifyReply } from "fastify";
import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import { contextOf, serviceOrModuleGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, DeviceParams, jsonAnswer, ModuleParams, Query } from "./schemas.ts";

const MethodCall = Type.Object(
  {
    methodName: Type.String({ minLength: 1, maxLength: 256 }),
    payload: Type.Optional(Type.Unknown({ description: "any JSON, up to 128 KiB; null when absent" })),
    responseTimeoutInSeconds: Type.Optional(
      Type.Integer({ description: "5 to 3600, how long the device may take; 30 when absent or 0" }),
    ),
    connectTimeoutInSeconds: Type.Optional(
      Type.Integer({ description: "0 to 300, how long to wait for a device that is not online; 0 when absent" }),
    ),
  },
  { $id: "MethodCall" },
);

const MethodResult = Type.Object(
  {
    status: Type.Integer({ description: "the device's own status" }),
    payload: Type.Unknown({ description: "any JSON" }),
  },
  { $id: "MethodResult" },
);

const MethodHeaders = Type.Object({
  "x-ms-edge-moduleid": Type.Optional(
    Type.String({
      maxLength: 257,
      description: "`<deviceId>/<moduleId>` of a module that calls with its own key, in place of a policy",
    }),
  ),
});

/** Direct methods of devices and modules (spec/http-api 4). */
export function methodRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(MethodCall);
  app.addSchema(MethodResult);
  methodPath(app, hub, { url: "/twins/:deviceId/methods", params: DeviceParams, what: "device" });
  methodPath(app, hub, { url: "/twins/:deviceId/modules/:moduleId/methods", params: ModuleParams, what: "module" });
}

type MethodPath = {
  readonly url: string;
  readonly params: typeof DeviceParams | typeof ModuleParams;
  readonly what: string;
};

function methodPath(app: HttpApp, hub: Hub, { url, params, what }: MethodPath): void {
  const description = "The device answered: whatever its own status says, this is a success";
  const schema = {
    tags: ["Direct methods"],
    summary: `Call a method of a ${what} and wait for its answer`,
    params,
    querystring: Query,
    headers: MethodHeaders,
    body: Type.Unsafe<JsonObject>(Type.Ref("MethodCall#")),
    response: answers({ 200: jsonAnswer(Type.Ref("MethodResult#"), { description }) }),
  };
  const onRequest = serviceOrModuleGuard(hub, "ServiceConnect");
  app.post(url, { schema, onRequest }, async (request, reply) => {
    const call = { ...request.params, ...contextOf(request), body: request.body, signal: goneSignal(reply) };
    return await hub.methods.invoke(call);
  });
}

/** Aborted when the caller's connection ends before it is answered. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableEnded) gone.abort();
  });
  return gone.signal;
}
