import type { ArithmeticOperator } from "../ast.ts";
import { compileLike } from "../like.ts";
import { arithmetic, canonicalText, compareValues, type Value } from "../values.ts";

/** A function that compiled queries call. It always gives the same for the same, and NULL for what it is not for. */
export type SqlFunction = {
  readonly name: string;
  readonly call: (...args: readonly SqlValue[]) => string | number | null;
};

/** What SQLite hands to a function. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * What SQLite lacks for the meaning of queries, in JavaScript, for the connection that runs them. No index is made of these,
 * so that the file needs none of them. A call costs about as much as reading a row, so SQL leaves them to the rows that
 * plainer conditions let through.
 */
export const sqlFunctions: readonly SqlFunction[] = [
  { name: "twin_compare", call: (a, b) => (isText(a) && isText(b) ? signOf(a, b) : null) },
  {
    name: "twin_like",
    call: (text, pattern) => (isText(text) && isText(pattern) ? truth(likes(pattern)(text)) : null),
  },
  { name: "twin_starts_with", call: (a, b) => (isText(a) && isText(b) ? truth(a.startsWith(b)) : null) },
  { name: "twin_calculate", call: (operator, a, b) => calculate(operator, numberOf(a), numberOf(b)) },
  { name: "twin_canonical", call: (json) => (isText(json) ? canonicalText(JSON.parse(json) as Value) : null) },
  { name: "twin_finite", call: (number) => (Number.isFinite(number) ? Number(number) : null) },
];

const isText = (value: SqlValue | undefined): value is string => typeof value === "string";
const numberOf = (value: SqlValue | undefined): number | undefined => (typeof value === "number" ? value : undefined);
const truth = (holds: boolean): number => (holds ? 1 : 0);

const signOf = (a: string, b: string): number => (compareValues("<", a, b) ? -1 : compareValues("=", a, b) ? 0 : 1);

const operators: ReadonlySet<unknown> = new Set(["+", "-", "*", "/", "%"]);

const calculate = (operator: SqlValue | undefined, a: number | undefined, b: number | undefined): number | null =>
  operators.has(operator) ? (arithmetic(operator as Exclude<ArithmeticOperator, "||" | "??">, a, b) ?? null) : null;

/** A query has few patterns, and asks for each of them again with every row. */
const compiled = new Map<string, (text: string) => boolean>();
const mostCompiled = 100;

function likes(pattern: string): (text: string) => boolean {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size === mostCompiled) compiled.clear();
  const like = compileLike(pattern);
  compiled.set(pattern, like);
  return like;
}
