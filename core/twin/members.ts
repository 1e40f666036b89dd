import type { Json, JsonObject } from "../json.ts";

/** A JSON object while it is being built. */
export type Members = { [key: string]: Json };

/** The object's own member, undefined where it has none: what it inherits, such as `constructor`, is no member. */
export const memberOf = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/**
 * Gives the object a member of its own. A plain assignment to `__proto__` would set the prototype instead, and keys come
 * from devices.
 */
export function setMember(object: Members, key: string, value: Json): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
