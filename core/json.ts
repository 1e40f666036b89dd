/** Any JSON value, as it comes from `JSON.parse`. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. Its keys come from devices and callers: never index one that was not parsed or copied by `Object.keys`. */
export type JsonObject = { readonly [key: string]: Json };

/** Tells whether `value` is a JSON object: not null and not an array. */
export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
