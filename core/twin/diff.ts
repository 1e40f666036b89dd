import { isJsonObject, type JsonObject } from "../json.ts";
import { type Members, memberOf, setMember } from "./members.ts";

/**
 * What a device is told after a replacement of its desired properties: the patch that leads from the old section to the new
 * one, by whether a key exists and not by what it holds. Every member of `after` is in it, with its value though that be
 * unchanged; every member that only `before` has is in it as null; two objects are compared in the same way. Merging the
 * difference into `before` gives `after` (spec/twins-methods-jobs 4).
 */
export function difference(before: JsonObject, after: JsonObject): JsonObject {
  const change: Members = { ...after };
  for (const [key, old] of Object.entries(before)) {
    const value = memberOf(after, key);
    if (value === undefined) setMember(change, key, null);
    else if (isJsonObject(old) && isJsonObject(value)) setMember(change, key, difference(old, value));
  }
  return change;
}
