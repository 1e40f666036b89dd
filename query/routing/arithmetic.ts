import type { ArithmeticOperator } from "../ast.ts";
import { defined } from "./functions-of-numbers.ts";
import { compileJoin } from "./functions-of-texts.ts";
import { isDefined } from "./functions-of-types.ts";
import type { Evaluate } from "./message.ts";
import type { Operand } from "./operand.ts";

type NumberOperator = Exclude<ArithmeticOperator, "||" | "??">;

/** Of doubles: `3 / 0` is infinite and defined, `3 % 0` is not a number and undefined. */
const calculations: Readonly<Record<NumberOperator, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

/** `left operator right`, whose types were checked. */
export function compileArithmetic(operator: ArithmeticOperator, left: Operand, right: Operand): Evaluate {
  if (operator === "||") return compileJoin([left, right]);
  const [one, other] = [left.evaluate, right.evaluate];
  if (operator === "??") {
    return (message) => {
      const value = one(message);
      return isDefined(value) ? value : other(message);
    };
  }
  const calculate = calculations[operator];
  return (message) => {
    const a = one(message);
    if (typeof a !== "number") return undefined;
    const b = other(message);
    return typeof b === "number" ? defined(calculate(a, b)) : undefined;
  };
}

/** Minus its operand. */
export const compileNegation =
  ({ evaluate }: Operand): Evaluate =>
  (message) => {
    const value = evaluate(message);
    return typeof value === "number" ? -value : undefined;
  };
