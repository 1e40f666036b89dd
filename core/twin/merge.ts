import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { type Members, memberOf, setMember } from "./members.ts";

/**
 * Applies a merge patch (RFC 7396) to one section of a twin: objects merge member by member, null removes a member, anything
 * else, an array included, takes the place of what was there. Null is never stored: for an unknown key it does nothing, and
 * a new object that held only nulls is stored empty (spec/twins-methods-jobs 4). Keys that exist keep their place, new ones
 * follow in the order of the patch. Neither argument is changed.
 *
 * Both arguments nest as deep as `checkSectionInput` lets in, so the recursion is bounded. `__proto__` is a key like any
 * other: spreading copies own members only, and `setMember` makes own members only.
 */
export function applyMergePatch(values: JsonObject, patch: JsonObject): JsonObject {
  const merged: Members = { ...values };
  for (const key of Object.keys(patch)) {
    const value = patch[key] as Json;
    if (value === null) delete merged[key];
    else if (isJsonObject(value)) setMember(merged, key, applyMergePatch(objectOr(memberOf(merged, key)), value));
    else setMember(merged, key, value);
  }
  return merged;
}

/** The object itself, or an empty one where there is none to merge into. */
const objectOr = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** The patch that removes every member of a section, by its name (spec/twins-methods-jobs 4, `"desired": null`). */
export const removalOf = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.keys(values).map((key) => [key, null]));
