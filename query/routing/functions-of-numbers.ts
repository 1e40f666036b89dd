import { type BuiltIn, builtIn } from "./built-in.ts";
import type { RouteValue } from "./message.ts";

/** What is not a number is undefined, for this language too. */
export const defined = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

const ofOne = (calculate: (value: number) => number): readonly BuiltIn[] => [
  builtIn(["number"], "number", ([value]) => (message) => {
    const number = value.evaluate(message);
    return typeof number === "number" ? defined(calculate(number)) : undefined;
  }),
];

const power = builtIn(["number", "number"], "number", ([base, exponent]) => (message) => {
  const [number, times] = [base.evaluate(message), exponent.evaluate(message)];
  return typeof number === "number" && typeof times === "number" ? defined(number ** times) : undefined;
});

// blanks, and then a sign before or behind, or parentheses for a negative number; thousands may be set apart
const numeral = /^[\t-\r ]*(\()?[\t-\r ]*([+-]?)((?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([+-]?)(\)?)[\t-\r ]*$/i;
const maxNumeralLength = 400;

/**
 * The number that a text tells, as .NET reads it in the invariant culture; a number beyond a double's range is
 * undefined (spec/query-language 14). Currency signs, `NaN` and `Infinity` are no numbers here.
 */
export function numberOf(text: string): number | undefined {
  const parts = text.length > maxNumeralLength ? null : numeral.exec(text);
  if (parts === null) return undefined;
  const [, open = "", sign = "", digits = "", signBehind = "", close = ""] = parts;
  if ((open === "") !== (close === "") || (open + sign + signBehind).length > 1) return undefined;
  const value = Number(digits.replaceAll(",", ""));
  if (!Number.isFinite(value)) return undefined;
  return open !== "" || sign === "-" || signBehind === "-" ? -value : value;
}

const asNumber = (value: RouteValue): RouteValue => {
  if (typeof value === "string") return numberOf(value);
  return typeof value === "number" ? value : undefined;
};

const toNumber = (parameter: "string" | "number"): BuiltIn =>
  builtIn(
    [parameter],
    "number",
    ([value]) =>
      (message) =>
        asNumber(value.evaluate(message)),
  );

/** Mathematics, and AS_NUMBER. */
export const functionsOfNumbers: readonly (readonly [string, readonly BuiltIn[]])[] = [
  ["abs", ofOne(Math.abs)],
  ["exp", ofOne(Math.exp)],
  ["square", ofOne((value) => value * value)],
  ["ceiling", ofOne(Math.ceil)],
  ["floor", ofOne(Math.floor)],
  ["sign", ofOne(Math.sign)],
  ["sqrt", ofOne(Math.sqrt)],
  ["power", [power]],
  ["as_number", [toNumber("string"), toNumber("number")]],
];
