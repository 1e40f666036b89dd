import { HubError } from "../../core/hub-error.ts";
import type { Json } from "../../core/json.ts";

/** Deeper than any document of the hub, and far from where a recursive reader would run out of stack. */
const maxDepth = 64;

/**
 * Parses JSON from a stranger: UTF-8, 64 levels at most. Throws HubError `IotHubFormatError` when it is none, and
 * `ArgumentInvalid` for a key `__proto__`, which no later reader may mistake for a prototype.
 */
export function parseJson(bytes: Uint8Array): Json {
  if (nestsDeeper(bytes, maxDepth)) throw formatError(`JSON may be nested ${maxDepth} levels deep at most`);
  let text: string;
  let value: Json;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text) as Json;
  } catch {
    throw formatError("The request body is not valid JSON");
  }
  // Only a text that spells the name, or could hide it behind an escape, is worth the walk.
  if ((text.includes("__proto__") || text.includes("\\u")) && hasProtoKey(value)) {
    throw new HubError("ArgumentInvalid", "A property may not be named __proto__");
  }
  return value;
}

const formatError = (text: string) => new HubError("IotHubFormatError", text);

const quote = 0x22;
const backslash = 0x5c;
const openings = new Set([0x5b, 0x7b]);
const closings = new Set([0x5d, 0x7d]);

/** Counts brackets outside strings, so that nesting is known before anything recursive sees the text. */
function nestsDeeper(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (openings.has(byte)) {
      depth += 1;
      if (depth > limit) return true;
    } else if (closings.has(byte)) depth -= 1;
  }
  return false;
}

function hasProtoKey(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some((member: Json) => hasProtoKey(member));
}
