import { isJsonObject, type Json, type JsonObject } from "./json.ts";

/**
 * Tells whether two JSON values are the same; the order of an object's members does not matter. Both nest as deep as the hub
 * lets in, so the recursion is bounded.
 */
export function sameJson(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (isJsonObject(a)) return isJsonObject(b) && sameObjects(a, b);
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  // `Array.isArray` forgets what the elements of a JSON array are.
  const [left, right] = [a, b] as [readonly Json[], readonly Json[]];
  return left.every((element, index) => sameJson(element, right[index] ?? null));
}

function sameObjects(a: JsonObject, b: JsonObject): boolean {
  const entries = Object.entries(a);
  if (entries.length !== Object.keys(b).length) return false;
  return entries.every(([key, value]) => Object.hasOwn(b, key) && sameJson(value, b[key] ?? null));
}
