import type { FastifyRequest } from "fastify";
import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import { deviceGuard, principalOf, serviceGuard } from "./guards.ts";
import { sendNothing } from "./http-app.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, Count, DeviceParams, jsonAnswer, Nothing, Query } from "./schemas.ts";

const tags = ["File upload"];
const url = "/devices/:deviceId/files";

const UploadRequest = Type.Object(
  { blobName: Type.String({ minLength: 1, description: "name of the file; it may have slashes" }) },
  { $id: "FileUploadRequest" },
);

const Started = Type.Object(
  {
    correlationId: Type.String({ description: "names the upload at its completion" }),
    hostName: Type.String(),
    containerName: Type.String(),
    blobName: Type.String({ description: "`<deviceId>/<name asked for>`" }),
    sasToken: Type.String({ description: "the query of the blob's address; it counts for an hour" }),
  },
  {
    $id: "FileUploadSasUri",
    description: "The file is to be PUT to `https://{hostName}/{containerName}/{blobName}{sasToken}` (Azure Blob REST)",
  },
);

const Completion = Type.Object(
  {
    correlationId: Type.Optional(Type.String({ description: "when it does not stand in the path" })),
    isSuccess: Type.Boolean(),
    statusCode: Type.Optional(Type.Integer()),
    statusDescription: Type.Optional(Type.String()),
  },
  { $id: "FileUploadCompletion" },
);

const Upload = Type.Object(
  {
    correlationId: Type.String(),
    blobName: Type.String(),
    state: Type.String({ description: "`InProgress`, `Completed`, `Failed` (the device says) or `Expired`" }),
    startedTime: Type.String(),
    expiresAt: Type.Optional(Type.String({ description: "until when it may be completed" })),
    endedTime: Type.Optional(Type.String()),
    blobSizeInBytes: Type.Optional(Count),
    statusCode: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    statusDescription: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  { $id: "FileUpload", description: "Where an upload stands. Not a document of IoT Hub." },
);

/** File upload: a device's side (spec/http-api 9.3), and the hub's own list of a device's uploads. */
export function fileUploadRoutes(app: HttpApp, hub: Hub): void {
  for (const schema of [UploadRequest, Started, Completion, Upload]) app.addSchema(schema);
  start(app, hub);
  complete(app, hub);
  list(app, hub);
}

function start(app: HttpApp, hub: Hub): void {
  const schema = {
    tags,
    summary: "Ask as a device where to upload a file to",
    params: DeviceParams,
    querystring: Query,
    body: Type.Unsafe<JsonObject>(Type.Ref("FileUploadRequest#")),
    response: answers({ 200: jsonAnswer(Type.Ref("FileUploadSasUri#"), { description: "Where the file may go" }) }),
  };
  app.post(url, { schema, onRequest: deviceGuard(hub) }, async (request) =>
    hub.fileUploads.start({ ...originOf(request), ...callOf(request), body: request.body }),
  );
}

const UploadParams = Type.Object({
  ...DeviceParams.properties,
  correlationId: Type.String({ description: "as the answer to the upload's request has it" }),
});

/** SDKs differ in where they put the correlation id (spec/http-api 9.3). */
function complete(app: HttpApp, hub: Hub): void {
  const onRequest = deviceGuard(hub);
  const body = Type.Unsafe<JsonObject>(Type.Ref("FileUploadCompletion#"));
  const shared = { tags, querystring: Query, body, response: answers({ 204: Nothing }) };

  const named = { ...shared, summary: "Tell as a device how an upload went", params: DeviceParams };
  app.post(`${url}/notifications`, { schema: named, onRequest }, async (request, reply) => {
    await hub.fileUploads.complete({ ...originOf(request), body: request.body });
    return sendNothing(reply);
  });
  const summary = "Tell as a device how an upload went, its correlation id in the path";
  const addressed = { ...shared, summary, params: UploadParams };
  app.post(`${url}/notifications/:correlationId`, { schema: addressed, onRequest }, async (request, reply) => {
    const { body: told, params } = request;
    await hub.fileUploads.complete({ ...originOf(request), body: told, uploadId: params.correlationId });
    return sendNothing(reply);
  });
}

/** A request of a device is an act of its own, without a connection. */
function originOf(request: FastifyRequest) {
  const { deviceId } = principalOf(request);
  return { deviceId, actor: { kind: "device", deviceId }, correlationId: request.id } as const;
}

/** By what name the device called the hub, without a port: where the storage is the hub's own, it has that name too. */
function callOf({ host }: FastifyRequest): { calledBy?: string } {
  const url = `https://${host}`;
  return URL.canParse(url) ? { calledBy: new URL(url).hostname } : {};
}

function list(app: HttpApp, hub: Hub): void {
  const uploads = jsonAnswer(Type.Array(Type.Ref("FileUpload#")), { description: "The oldest first" });
  const schema = {
    tags,
    summary: "List a device's uploads: those under way and the latest that ended",
    params: DeviceParams,
    querystring: Query,
    response: answers({ 200: uploads }),
  };
  app.get(url, { schema, onRequest: serviceGuard(hub, "ServiceConnect") }, ({ params }, reply) => {
    reply.send(hub.fileUploads.list(params.deviceId));
  });
}
