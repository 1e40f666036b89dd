import Type from "typebox";
import type { Hub } from "../../core/hub/hub.ts";
import { HubError, type Reason } from "../../core/hub-error.ts";
import { anyMember, membersOf } from "../../core/identity/members.ts";
import type { RegenerateResult } from "../../core/identity/registry.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { contextOf, serviceGuard } from "./guards.ts";
import type { HttpApp } from "./http-types.ts";
import { answers, jsonAnswer, Query } from "./schemas.ts";

const tags = ["Devices"];

/** 100 entries, each with a twin whose sections are full. */
const maxBulkBytes = 8_388_608;

/** Registry calls about many identities at once (spec/http-api 2.4, spec/identity-and-security 1.3). */
export function bulkRoutes(app: HttpApp, hub: Hub): void {
  bulk(app, hub);
  regenerate(app, hub);
}

function bulk(app: HttpApp, hub: Hub): void {
  const result = Type.Ref("BulkResult#");
  const schema = {
    tags,
    summary: "Create, update or delete up to 100 devices and modules",
    querystring: Query,
    body: Type.Unsafe<readonly Json[]>(Type.Array(Type.Ref("BulkEntry#"), { minItems: 1, maxItems: 100 })),
    response: answers({
      200: jsonAnswer(result, { description: "All entries are applied" }),
      400: jsonAnswer(result, {
        description: "Some entries are not applied; the others are. Or no result, but an error",
      }),
    }),
  };
  const onRequest = serviceGuard(hub, "RegistryWrite");
  app.post("/devices", { schema, onRequest, bodyLimit: maxBulkBytes }, async (request, reply) => {
    const outcome = await hub.registry.bulk(objectsOf(request.body), contextOf(request));
    if (!outcome.isSuccessful) {
      const reason: Reason = "BulkRegistryOperationFailure";
      // .NET reads the result only under this second name of the header (spec/http-api 2.4).
      reply.code(400).headers({ "iothub-errorcode": reason, IotHubErrorCode: reason });
    }
    return outcome;
  });
}

/** Throws HubError `ArgumentInvalid` unless every entry is an object. */
function objectsOf(entries: readonly Json[]): readonly JsonObject[] {
  return entries.map((entry) => {
    if (!isJsonObject(entry)) throw new HubError("ArgumentInvalid", "Every entry must be a JSON object");
    return entry;
  });
}

const RegenerateBody = Type.Object({
  policyKey: Type.String({ description: "primaryKey, secondaryKey or both" }),
  devices: Type.Array(Type.Object({ id: Type.String(), moduleId: Type.Optional(Type.String()) })),
});

function regenerate(app: HttpApp, hub: Hub): void {
  const result = Type.Ref("RegenerateResult#");
  const schema = {
    tags,
    summary: "Give devices and modules new symmetric keys",
    querystring: Query,
    body: Type.Unsafe<JsonObject>(RegenerateBody),
    response: answers({
      200: jsonAnswer(result, { description: "All have new keys" }),
      207: jsonAnswer(result, { description: "Some have new keys" }),
      400: jsonAnswer(result, { description: "None has new keys. Or no result, but an error" }),
    }),
  };
  const onRequest = serviceGuard(hub, "RegistryWrite");
  // RegistryWrite, as for every other write of an identity, is unconfirmed for this call.
  app.post("/devices/keys/regenerate", { schema, onRequest }, async (request, reply) => {
    const members = membersOf(request.body);
    const policyKey = anyMember(members, "policyKey");
    if (typeof policyKey !== "string") throw new HubError("InvalidPolicyKey", "policyKey must be a text");
    const targets = targetsOf(anyMember(members, "devices"));
    const outcome = await hub.registry.regenerateKeys(policyKey, targets, contextOf(request));
    const status = regenerateStatus(outcome);
    if (status === 400) reply.header("iothub-errorcode", "BulkRegenerateDeviceKeyOperationFailure" satisfies Reason);
    return reply.code(status).send(outcome);
  });
}

/** When the service answers 207 and when 400 is unconfirmed: here 400 means that no key changed. */
function regenerateStatus({ errors, rotatedKeys }: RegenerateResult): 200 | 207 | 400 {
  if (errors.length === 0) return 200;
  return rotatedKeys.length === 0 ? 400 : 207;
}

function targetsOf(devices: Json | undefined): { id: string; moduleId?: string }[] {
  if (!Array.isArray(devices)) throw new HubError("ArgumentInvalid", "devices must be an array");
  return objectsOf(devices as readonly Json[]).map((entry) => {
    const members = membersOf(entry);
    const id = anyMember(members, "id");
    const moduleId = anyMember(members, "moduleId") ?? "";
    if (typeof id !== "string" || typeof moduleId !== "string") {
      throw new HubError("ArgumentInvalid", "Every entry of devices needs an id, and a moduleId only as a text");
    }
    return moduleId === "" ? { id } : { id, moduleId };
  });
}
