import { isJsonObject, type Json } from "../core/json.ts";
import type { ArithmeticOperator, ComparisonOperator } from "./ast.ts";
import { compareText } from "./code-points.ts";
import { compareInstants, instantOf } from "./instant.ts";

/**
 * A value in a query of twins or jobs; `undefined` is that of a path that leads nowhere.
 *
 * What IoT Hub says of them: a row passes only when its condition is Boolean true, only primitives compare, and nothing
 * compares with what is missing (spec/query-language 6). The following is unconfirmed there and decided here:
 * - Values of different types compare as undefined, without conversion, so that neither `=` nor `!=` finds the row.
 * - Null is a value like others: equal to null, unequal to any other primitive; `<`, `<=`, `>`, `>=` with it are undefined.
 * - AND, OR and NOT are Kleene's; an operand that is not Boolean, null too, counts as undefined. `false` is before `true`.
 * - Texts compare case-sensitively by code point, except that two ISO 8601 times compare as instants: clients write the
 *   same time in seconds, milliseconds or 7 digits. A date alone is its first instant, a time without an offset is UTC.
 * - Arithmetic takes numbers only; what is not finite, as after a division by zero, is undefined.
 * - IN is a search by `=`: it is false, not undefined, when the items are of other types.
 * - Keys of user data are case-sensitive, as they are stored.
 */
export type Value = Json | undefined;

/** Tells whether a text compares as an instant with others that do. */
export const looksLikeTime = (text: string): boolean => instantOf(text) !== undefined;

/** Tells whether a value can be compared at all. */
export const isPrimitive = (value: Value): value is null | boolean | number | string =>
  value !== undefined && (value === null || typeof value !== "object");

const decisions: Readonly<Record<ComparisonOperator, (sign: number) => boolean>> = {
  "=": (sign) => sign === 0,
  "!=": (sign) => sign !== 0,
  "<": (sign) => sign < 0,
  "<=": (sign) => sign <= 0,
  ">": (sign) => sign > 0,
  ">=": (sign) => sign >= 0,
};

/** `a operator b`; undefined when the two do not compare. */
export function compareValues(operator: ComparisonOperator, a: Value, b: Value): boolean | undefined {
  if (a === null || b === null) return compareWithNull(operator, a, b);
  const sign = signOf(a, b);
  return sign === undefined ? undefined : decisions[operator](sign);
}

/** `value operator constant` as `compareValues` decides it, for many values: what the constant is, is found out once. */
export function comparisonWith(operator: ComparisonOperator, constant: Value): (value: Value) => boolean | undefined {
  const decide = decisions[operator];
  if (typeof constant === "string") {
    const signOfText = textComparison(constant);
    return (value) =>
      typeof value === "string" ? decide(signOfText(value)) : compareValues(operator, value, constant);
  }
  if (typeof constant === "number") {
    return (value) =>
      typeof value === "number" ? decide(signOfNumbers(value, constant)) : compareValues(operator, value, constant);
  }
  return (value) => compareValues(operator, value, constant);
}

function compareWithNull(operator: ComparisonOperator, a: Value, b: Value): boolean | undefined {
  if (!isPrimitive(a) || !isPrimitive(b)) return undefined;
  if (operator === "=") return a === b;
  return operator === "!=" ? a !== b : undefined;
}

function signOf(a: Value, b: Value): number | undefined {
  if (typeof a === "string") return typeof b === "string" ? textComparison(b)(a) : undefined;
  if (typeof a === "number") return typeof b === "number" ? signOfNumbers(a, b) : undefined;
  return typeof a === "boolean" && typeof b === "boolean" ? Number(a) - Number(b) : undefined;
}

const signOfNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** How texts compare with one that is known. */
function textComparison(known: string): (text: string) => number {
  const instant = instantOf(known);
  if (instant === undefined) return (text) => compareText(text, known);
  return (text) => {
    const other = instantOf(text);
    return other === undefined ? compareText(text, known) : compareInstants(other, instant);
  };
}

/** `a operator b` of two numbers, as doubles; `%` has the sign of `a`. Undefined for all else and beyond what is finite. */
export function arithmetic(operator: Exclude<ArithmeticOperator, "||" | "??">, a: Value, b: Value): number | undefined {
  if (typeof a !== "number" || typeof b !== "number") return undefined;
  const result = calculations[operator](a, b);
  return Number.isFinite(result) ? result : undefined;
}

const calculations = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
  "%": (a: number, b: number) => a % b,
} as const;

/**
 * The order of results: undefined, null, false, true, numbers, texts (times too) by code point, then arrays and objects,
 * which are all in one place. Negative, zero or positive.
 */
export function orderValues(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "number" && typeof b === "number") return signOfNumbers(a, b);
  return placeOf(a) - placeOf(b);
}

function placeOf(value: Value): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (typeof value === "boolean") return value ? 3 : 2;
  if (typeof value === "number") return 4;
  return typeof value === "string" ? 5 : 6;
}

/** `orderValues`, with arrays and objects by their canonical texts: zero only for values of one group. */
export const orderGroups = (a: Value, b: Value): number =>
  orderValues(a, b) || (placeOf(a) === 6 ? compareText(canonicalText(a), canonicalText(b)) : 0);

/**
 * A text that two values share only if they are the same JSON value, whatever the order of an object's members: `1`, `"1"`
 * and `true` differ, and undefined has the empty text.
 */
export function canonicalText(value: Value): string {
  if (value === undefined) return "";
  if (isPrimitive(value)) return JSON.stringify(value);
  if (!isJsonObject(value)) return `[${value.map(canonicalText).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => compareText(a, b));
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalText(inner)}`).join(",")}}`;
}
