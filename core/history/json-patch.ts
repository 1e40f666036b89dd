import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { sameJson } from "../same-json.ts";
import { memberOf } from "../twin/members.ts";

/** One operation of a JSON Patch (RFC 6902 §4). */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string };

/** A JSON Patch. */
export type JsonPatch = readonly PatchOperation[];

/**
 * The JSON Patch that leads from one object to another. An array is one value, as it is in a twin. Both nest as deep as a twin
 * may, so the recursion is bounded.
 */
export function jsonPatch(before: JsonObject, after: JsonObject, path = ""): JsonPatch {
  const removed = Object.keys(before).filter((key) => memberOf(after, key) === undefined);
  const removals = removed.map((key): PatchOperation => ({ op: "remove", path: `${path}/${pointerToken(key)}` }));
  const changes = Object.entries(after).flatMap(([key, value]): JsonPatch => {
    const place = `${path}/${pointerToken(key)}`;
    const old = memberOf(before, key);
    if (old === undefined) return [{ op: "add", path: place, value }];
    if (isJsonObject(old) && isJsonObject(value)) return jsonPatch(old, value, place);
    return sameJson(old, value) ? [] : [{ op: "replace", path: place, value }];
  });
  return [...removals, ...changes];
}

/** A member's name in a JSON Pointer (RFC 6901 §3). */
const pointerToken = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
