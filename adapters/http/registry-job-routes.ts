import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import type { JsonObject } from "../../core/json.ts";
import { parseRegistryJob } from "../../core/registry-job/parse-registry-job.ts";
import { createdRegistryJobDocument, registryJobDocument } from "../../core/registry-job/registry-job-document.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, jsonAnswer, Query } from "./schemas.ts";

const tags = ["Import and export"];
const url = "/jobs/:jobId";

const Params = Type.Object({ jobId: Type.String({ minLength: 1, maxLength: 128, description: "id of the job" }) });

const uri = (description: string) =>
  Type.Optional(Type.String({ description: `${description}: an https URI with a shared access signature` }));

const NewRegistryJob = Type.Object(
  {
    type: Type.String({ description: "`export` or `import`" }),
    inputBlobContainerUri: uri("container that an import reads"),
    outputBlobContainerUri: uri(
      "container that an export, or an import's error log, is written to; with write and delete",
    ),
    inputBlobName: Type.Optional(Type.String({ description: "`devices.txt` when absent" })),
    outputBlobName: Type.Optional(Type.String({ description: "`devices.txt` when absent" })),
    excludeKeysInExport: Type.Optional(Type.Boolean()),
    includeConfigurations: Type.Optional(Type.Boolean()),
    configurationsBlobName: Type.Optional(Type.String({ description: "`configurations.txt` when absent" })),
    storageAuthenticationType: Type.Optional(Type.String({ description: "`keyBased`" })),
  },
  { $id: "NewRegistryJob" },
);

const RegistryJob = Type.Object(
  {
    jobId: Type.String(),
    type: Type.String(),
    status: Type.String({ description: "`enqueued`, `running`, `completed`, `failed` or `cancelled`" }),
    progress: Type.Integer({ description: "0 to 100" }),
    startTimeUtc: Type.String(),
    endTimeUtc: Type.Optional(Type.String()),
    inputBlobContainerUri: Type.Optional(Type.String({ description: "in the answer to the creation only" })),
    outputBlobContainerUri: Type.String({ description: "with its signature in the answer to the creation only" }),
    excludeKeysInExport: Type.Boolean(),
    failureReason: Type.Optional(Type.String()),
  },
  { $id: "RegistryJob" },
);

/** Import and export of devices (spec/http-api 2.6). That they need both rights of the registry is unconfirmed. */
export function registryJobRoutes(app: HttpApp, hub: Hub): void {
  app.addSchema(NewRegistryJob);
  app.addSchema(RegistryJob);
  const onRequest = [...serviceGuard(hub, "RegistryRead"), ...serviceGuard(hub, "RegistryWrite")];
  const response = answers({ 200: jsonAnswer(Type.Ref("RegistryJob#"), { description: "The job" }) });
  const shared = { tags, querystring: Query };

  const body = Type.Unsafe<JsonObject>(Type.Ref("NewRegistryJob#"));
  const create = { ...shared, summary: "Export all devices to a blob container, or import devices", body, response };
  app.post("/jobs/create", { schema: create, onRequest }, async (request) => {
    const input = parseRegistryJob(request.body);
    return createdRegistryJobDocument(await hub.registryJobs.create({ ...contextOf(request), input }), input);
  });

  const all = jsonAnswer(Type.Array(Type.Ref("RegistryJob#")), {
    description: "Those of the last 30 days, the newest first",
  });
  const list = { ...shared, summary: "List imports and exports", response: answers({ 200: all }) };
  app.get("/jobs", { schema: list, onRequest }, (_request, reply) => {
    reply.send(hub.registryJobs.list().map(registryJobDocument));
  });

  const get = { ...shared, summary: "Tell where an import or export stands", params: Params, response };
  app.get(url, { schema: get, onRequest }, ({ params }, reply) => {
    reply.send(registryJobDocument(hub.registryJobs.get(params.jobId)));
  });

  // IoT Hub answers 200 or 204; the Node SDK's callers expect a job.
  const cancel = { ...shared, summary: "Cancel an import or export", params: Params, response };
  app.delete(url, { schema: cancel, onRequest }, async (request) =>
    registryJobDocument(await hub.registryJobs.cancel({ ...contextOf(request), ...request.params })),
  );
}
