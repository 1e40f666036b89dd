import { HubError } from "../hub-error.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { InitialTwin } from "../twin/twin.ts";
import {
  anyMember,
  choiceMember,
  invalidMember,
  type Members,
  membersOf,
  objectMember,
  textMember,
} from "./members.ts";
import { checkDeviceId, checkModuleKey } from "./parse-identity.ts";

/** What a bulk entry may ask for (spec/http-api 2.4, spec/identity-and-security 12). */
export type ImportMode =
  | "create"
  | "update"
  | "updateIfMatchETag"
  | "createOrUpdate"
  | "createOrUpdateIfMatchETag"
  | "delete"
  | "deleteIfMatchETag"
  | "updateTwin"
  | "updateTwinIfMatchETag";

const importModes: readonly ImportMode[] = [
  "create",
  "update",
  "updateIfMatchETag",
  "createOrUpdate",
  "createOrUpdateIfMatchETag",
  "delete",
  "deleteIfMatchETag",
  "updateTwin",
  "updateTwinIfMatchETag",
];

/** Which identity a bulk entry is about and what is to be done. The rest of it is read when its mode asks for it. */
export type BulkEntry = {
  readonly deviceId: string;
  readonly moduleId: string | undefined;
  readonly importMode: ImportMode;
  readonly members: Members;
};

/**
 * Reads the ids and the mode of a bulk entry. Without a mode it is `createOrUpdate`, as in an import. Throws HubError
 * `ArgumentInvalid` and as `checkModuleKey`.
 */
export function parseBulkEntry(entry: Json): BulkEntry {
  if (!isJsonObject(entry)) throw new HubError("ArgumentInvalid", "An entry must be an object");
  const members = membersOf(entry);
  const importMode = choiceMember(members, "importMode", importModes) ?? "createOrUpdate";
  const deviceId = anyMember(members, "id");
  const moduleId = anyMember(members, "moduleId") ?? "";
  if (moduleId === "") return { deviceId: checkDeviceId(deviceId), moduleId: undefined, importMode, members };
  return { ...checkModuleKey(deviceId, moduleId), importMode, members };
}

/** The ids of an entry for its error message, whatever they are. */
export function shownIds(entry: Json): { readonly deviceId: string; readonly moduleId?: string } {
  const members: Members = isJsonObject(entry) ? membersOf(entry) : new Map();
  const shown = (name: string): string => {
    const value = anyMember(members, name);
    return typeof value === "string" ? value.slice(0, 128) : "";
  };
  const moduleId = shown("moduleId");
  return moduleId === "" ? { deviceId: shown("id") } : { deviceId: shown("id"), moduleId };
}

/**
 * The etag of an entry, or `*` when it has none: the real hub deletes by `deleteIfMatchETag` without one (spec/http-api
 * 2.4), and for the other modes nothing else is known. Throws HubError `ArgumentInvalid`.
 */
export const entryEtag = ({ members }: BulkEntry, name: "eTag" | "twinETag"): string =>
  textMember(members, name, 128) || "*";

/**
 * The tags and desired properties of an entry; those it lacks, or has as null, are left out. Throws `ArgumentInvalid`.
 */
export function entryTwin({ members }: BulkEntry): InitialTwin {
  const properties: Members = objectMember(members, "properties") ?? new Map();
  const tags = jsonObject(members, "tags");
  const desired = jsonObject(properties, "desired");
  return { ...(tags && { tags }), ...(desired && { desired }) };
}

function jsonObject(members: Members, name: string): JsonObject | undefined {
  const value = anyMember(members, name) ?? undefined;
  if (value === undefined || isJsonObject(value)) return value;
  throw invalidMember(name, "an object is expected");
}
