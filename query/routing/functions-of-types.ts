import { isJsonObject } from "../../core/json.ts";
import { type BuiltIn, builtIn } from "./built-in.ts";
import { missing, type RouteValue } from "./message.ts";
import type { Found } from "./read-document.ts";

/** Tells whether a value is there; null is. Objects, arrays and dates of a body are undefined when they get here. */
export const isDefined = (value: RouteValue): boolean => value !== undefined && value !== missing;

const ofValue = (test: (value: RouteValue) => boolean): readonly BuiltIn[] => [
  builtIn(
    ["any"],
    "bool",
    ([{ evaluate }]) =>
      (message) =>
        test(evaluate(message)),
  ),
];

/** Of the document itself: a condition has no other way to an object or array. */
const ofDocument = (test: (found: Found) => boolean): readonly BuiltIn[] => [
  builtIn(["any"], "bool", ([{ document }]) =>
    document === undefined ? () => false : (message) => test(document(message)),
  ),
];

/** Whether an undefined value of a body is null is not known, unlike with a property, where it is not. */
const isNull = builtIn(["any"], "bool", ([{ type, evaluate }]) => {
  if (type !== "unknown") return (message) => evaluate(message) === null;
  return (message) => {
    const value = evaluate(message);
    return value === undefined ? undefined : value === null || value === missing;
  };
});

/** Questions about the type of a value; they have an answer for what is undefined too. */
export const functionsOfTypes: readonly (readonly [string, readonly BuiltIn[]])[] = [
  ["is_defined", ofValue(isDefined)],
  ["is_primitive", ofValue(isDefined)],
  ["is_string", ofValue((value) => typeof value === "string")],
  ["is_number", ofValue(Number.isFinite)],
  ["is_bool", ofValue((value) => typeof value === "boolean")],
  ["is_null", [isNull]],
  ["is_array", ofDocument(Array.isArray)],
  ["is_object", ofDocument((found) => typeof found === "object" && isJsonObject(found))],
];
