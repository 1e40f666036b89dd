import { type BuiltIn, builtIn } from "./built-in.ts";
import { findText } from "./find-text.ts";
import type { Evaluate, RouteValue } from "./message.ts";
import type { Operand } from "./operand.ts";

/**
 * Texts joined are that long at most, in UTF-16 units, and otherwise undefined: properties of a message come from
 * devices.
 */
const maxJoinedLength = 1_048_576;

const ofOne = (result: "string" | "number", calculate: (text: string) => string | number): readonly BuiltIn[] => [
  builtIn(["string"], result, ([text]) => (message) => {
    const value = text.evaluate(message);
    return typeof value === "string" ? calculate(value) : undefined;
  }),
];

const ofTwo = (
  result: "bool" | "number",
  calculate: (a: string, b: string) => boolean | number,
): readonly BuiltIn[] => [
  builtIn(["string", "string"], result, ([text, part]) => (message) => {
    const [a, b] = [text.evaluate(message), part.evaluate(message)];
    return typeof a === "string" && typeof b === "string" ? calculate(a, b) : undefined;
  }),
];

/**
 * Letters change one by one: what has no single letter in the other case stays as it is, as in .NET (`ß`, final `ς`).
 */
const changeCase =
  (change: (text: string) => string) =>
  (text: string): string =>
    /^[\0-\x7f]*$/.test(text)
      ? change(text)
      : text.replace(/[\s\S]/gu, (letter) => changeLetter(letter, change(letter)));

const changeLetter = (letter: string, changed: string): string => (changed.length === letter.length ? changed : letter);

// What lies outside of the text is undefined: nothing is moved to where it would fit (spec/query-language 14).
const substring: readonly BuiltIn[] = [
  builtIn(["string", "number"], "string", ([text, start]) => (message) => {
    const [value, from] = [text.evaluate(message), start.evaluate(message)];
    if (typeof value !== "string" || typeof from !== "number" || from < 0 || from > value.length) return undefined;
    return value.slice(Math.trunc(from));
  }),
  builtIn(["string", "number", "number"], "string", ([text, start, length]) => (message) => {
    const [value, from, units] = [text.evaluate(message), start.evaluate(message), length.evaluate(message)];
    if (typeof value !== "string" || typeof from !== "number" || typeof units !== "number") return undefined;
    if (from < 0 || from >= value.length || units < 0 || units > value.length - from) return undefined;
    return value.slice(Math.trunc(from), Math.trunc(from) + Math.trunc(units));
  }),
];

/** Joins texts. A property without a value is an empty text here; a null of a body is not. */
export function compileJoin(operands: readonly Operand[]): Evaluate {
  return (message): RouteValue => {
    let joined = "";
    for (const { type, evaluate } of operands) {
      const value = evaluate(message);
      if (typeof value === "string") joined += value;
      else if (value !== null || type !== "string") return undefined;
      if (joined.length > maxJoinedLength) return undefined;
    }
    return joined;
  };
}

const concat: BuiltIn = { parameters: ["string", "string"], repeats: true, result: "string", compile: compileJoin };

/** Functions of texts. Lengths and places are in UTF-16 units, and texts are compared unit by unit. */
export const functionsOfTexts: readonly (readonly [string, readonly BuiltIn[]])[] = [
  ["length", ofOne("number", (text) => text.length)],
  [
    "lower",
    ofOne(
      "string",
      changeCase((text) => text.toLowerCase()),
    ),
  ],
  [
    "upper",
    ofOne(
      "string",
      changeCase((text) => text.toUpperCase()),
    ),
  ],
  ["concat", [concat]],
  ["substring", substring],
  ["index_of", ofTwo("number", (text, part) => findText(text, part))],
  ["starts_with", ofTwo("bool", (text, part) => text.startsWith(part))],
  ["ends_with", ofTwo("bool", (text, part) => text.endsWith(part))],
  ["contains", ofTwo("bool", (text, part) => findText(text, part) >= 0)],
];
