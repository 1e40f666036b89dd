import type { RouteMessage } from "./message.ts";
import { constantOperand, type Operand, readsOf } from "./operand.ts";

type Test = (message: RouteMessage) => boolean;

/** Makes the test whether a part of a condition is this Boolean. */
export function compileDecision({ evaluate, decides }: Operand, wanted: boolean): Test {
  return decides?.(wanted) ?? ((message) => evaluate(message) === wanted);
}

/** What a body takes to read is more than all else together. */
const cost = ({ readsBody, readsTwin }: Operand): number => (readsBody ? 2 : 0) + (readsTwin ? 1 : 0);

/**
 * Kleene's AND or OR of operands that may be Boolean. A value that is not is undefined, null of a body too, but a
 * constant null has rules of its own: `null AND x` is null, `null OR x` is x (spec/query-language 14). The order of
 * operands does not matter to the result, so that a body is not parsed where a property decides.
 */
export function compileLogic(kind: "and" | "or", operands: readonly Operand[]): Operand {
  const parts = operands.filter(({ type }) => type !== "null").toSorted((a, b) => cost(a) - cost(b));
  if (parts.length === 0 || (kind === "and" && parts.length < operands.length)) return constantOperand("null", null);
  const settling = kind === "or";
  const values = parts.map(({ evaluate }) => evaluate);
  return {
    type: "bool",
    ...readsOf(parts),
    evaluate: (message) => {
      let result: boolean | undefined = !settling;
      for (const evaluate of values) {
        const value = evaluate(message);
        if (value === settling) return settling;
        if (value !== !settling) result = undefined;
      }
      return result;
    },
    decides: (wanted) => {
      const tests = parts.map((part) => compileDecision(part, wanted));
      return wanted === settling ? passesAny(tests) : passesAll(tests);
    },
  };
}

/** The opposite of an operand that may be Boolean; that of a constant null is true. */
export function compileNot(operand: Operand): Operand {
  if (operand.type === "null") return constantOperand("bool", true);
  const { evaluate, readsBody, readsTwin } = operand;
  return {
    type: "bool",
    readsBody,
    readsTwin,
    evaluate: (message) => {
      const value = evaluate(message);
      return typeof value === "boolean" ? !value : undefined;
    },
    decides: (wanted) => compileDecision(operand, !wanted),
  };
}

function passesAny(tests: readonly Test[]): Test {
  return (message) => {
    for (const test of tests) if (test(message)) return true;
    return false;
  };
}

function passesAll(tests: readonly Test[]): Test {
  return (message) => {
    for (const test of tests) if (!test(message)) return false;
    return true;
  };
}
