import { isJsonObject, type Json } from "../../core/json.ts";
import type { Path } from "../ast.ts";
import { instantOf } from "../instant.ts";
import { type Evaluate, missing, type RouteMessage, type RouteValue } from "./message.ts";

/** What a path leads to. */
export type Found = Json | undefined | typeof missing;

/**
 * What a path of a body or twin leads to, objects and arrays too: undefined when the message has no such document.
 * Keys of a body are matched in their very spelling, keys of a twin without regard to case (spec/query-language 7).
 */
export function readDocument({ source, steps }: Path): (message: RouteMessage) => Found {
  if (steps.length === 0) return () => undefined;
  if (source === "twin") {
    const twinSteps = steps.map((step) => (typeof step === "string" ? twinMember(step) : itemAt(step)));
    return (message) => follow(message.twin(), twinSteps);
  }
  const bodySteps = steps.map((step) => (typeof step === "string" ? member(step) : itemAt(step)));
  return (message) => follow(message.body(), bodySteps);
}

/** The value that a path stands for in a condition: objects, arrays and dates of a body are undefined. */
export function readValue(path: Path): Evaluate {
  const read = readDocument(path);
  const inBody = path.source === "body";
  return (message): RouteValue => {
    const found = read(message);
    if (typeof found === "string") return inBody && isDate(found) ? undefined : found;
    return found !== null && typeof found === "object" ? undefined : found;
  };
}

type Step = (value: Json) => Json | undefined;

function follow(document: Json | undefined, steps: readonly Step[]): Found {
  if (document === undefined) return undefined;
  let value = document;
  for (const step of steps) {
    const next = step(value);
    if (next === undefined) return missing;
    value = next;
  }
  return value;
}

/** Keys come from devices: `constructor` must not lead to the prototype. */
const member =
  (name: string): Step =>
  (value) =>
    isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const itemAt =
  (index: number): Step =>
  (value) =>
    Array.isArray(value) ? (value as readonly Json[])[index] : undefined;

/** The very spelling goes before others, among these the first that the twin has. */
function twinMember(name: string): Step {
  const exact = member(name);
  const folded = name.toLowerCase();
  return (value) => {
    const found = exact(value);
    if (found !== undefined || !isJsonObject(value)) return found;
    const key = Object.keys(value).find((other) => other.toLowerCase() === folded);
    return key === undefined ? undefined : value[key];
  };
}

/**
 * IoT Hub reads a body's ISO 8601 times as dates, which a condition can't compare or find defined; so do dates here
 * (spec/query-language 14). A date alone stays text, as with its JSON reader. Whether twins' times are dates as well is
 * not known: they stay text.
 */
function isDate(text: string): boolean {
  if (text.length < 19 || text.length > 40 || text[10] !== "T" || text[16] !== ":") return false;
  return instantOf(text) !== undefined;
}
