import type { ComparisonOperator } from "../ast.ts";
import { type Evaluate, missing, type RouteValue } from "./message.ts";
import type { Operand } from "./operand.ts";

type Primitive = boolean | number | string;
type Decide = (a: Primitive, b: Primitive) => boolean;

/** Both of one type. Texts compare by UTF-16 unit, as IoT Hub's ordinal comparison does; false is before true. */
const decisions: Readonly<Record<ComparisonOperator, Decide>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Order of values of different types (spec/query-language 14). */
const rank = (value: Primitive | null): number => {
  if (value === null) return 3;
  return typeof value === "boolean" ? 0 : typeof value === "number" ? 1 : 2;
};

/** `left operator right`, both of types that fit each other. What is undefined compares as undefined. */
export function compileComparison(operator: ComparisonOperator, left: Operand, right: Operand): Evaluate {
  const decide = decisions[operator];
  if (left.type === "undefined") return () => undefined;
  if (left.type === "null" && right.type === "null") {
    const result = decide(0, 0);
    return () => result;
  }
  if (left.type === "unknown" || right.type === "unknown") return compareUnknown(decide, left, right);
  if (right.constant !== undefined) return compareWithConstant(decide, left.evaluate, right.constant);
  const [one, other] = [left.evaluate, right.evaluate];
  return (message) => {
    const a = one(message);
    if (!isPrimitive(a)) return undefined;
    const b = other(message);
    return isPrimitive(b) ? decide(a, b) : undefined;
  };
}

/** The usual condition: `level = 'critical'`. */
function compareWithConstant(decide: Decide, evaluate: Evaluate, constant: RouteValue): Evaluate {
  if (!isPrimitive(constant)) return () => undefined;
  if (decide === decisions["="]) {
    return (message) => {
      const value = evaluate(message);
      return isPrimitive(value) ? value === constant : undefined;
    };
  }
  return (message) => {
    const value = evaluate(message);
    return isPrimitive(value) ? decide(value, constant) : undefined;
  };
}

const isPrimitive = (value: RouteValue): value is Primitive =>
  value !== undefined && value !== null && value !== missing;

function compareUnknown(decide: Decide, left: Operand, right: Operand): Evaluate {
  const [one, other] = [comparable(left), comparable(right)];
  return (message) => {
    const a = one(message);
    if (a === undefined) return undefined;
    const b = other(message);
    if (b === undefined) return undefined;
    return a !== null && typeof a === typeof b && b !== null ? decide(a, b) : decide(rank(a), rank(b));
  };
}

/** What is missing in a body is null there; a property without a value compares with nothing, as everywhere. */
function comparable({ type, evaluate }: Operand): (...args: Parameters<Evaluate>) => Primitive | null | undefined {
  return (message) => {
    const value = evaluate(message);
    if (value === missing) return null;
    return value === null && type === "string" ? undefined : value;
  };
}
