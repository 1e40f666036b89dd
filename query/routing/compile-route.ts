import { queryLimits } from "../limits.ts";
import { placeOf, QueryError } from "../query-error.ts";
import { ExpressionCompiler } from "./compile-expression.ts";
import { ConditionFault, type Fault } from "./fault.ts";
import { compileDecision } from "./logic.ts";
import type { RouteMessage } from "./message.ts";
import { constantOperand, type Operand } from "./operand.ts";
import { parseRoute } from "./parse-route.ts";

/** A routing condition that has passed the checks. */
export type CompiledRoute = {
  /** Whether the condition has a path of the body. */
  readonly readsBody: boolean;
  /** Whether the condition has a path of the sender's twin. */
  readonly readsTwin: boolean;
  /**
   * The condition's value. A message is routed when it is true; undefined is worth a line in the log
   * (spec/query-language 14).
   */
  readonly evaluate: (message: RouteMessage) => true | false | undefined;
  /** Whether `evaluate` is true. It asks for the body only where nothing else can settle that. */
  readonly matches: (message: RouteMessage) => boolean;
};

/** A place in a condition; both numbers count from 1. */
export type RoutePosition = { readonly line: number; readonly column: number };

/** A fault in a condition as IoT Hub's test of routes tells it: `end` is the first place behind it. */
export type RouteFault = {
  readonly message: string;
  readonly severity: "error";
  readonly location: { readonly start: RoutePosition; readonly end: RoutePosition };
};

/** IoT Hub's limit for the length of a condition is not known: that of a query holds. */
const { length: maxLength } = queryLimits;

/**
 * Compiles a routing condition. Throws QueryError for the first fault in it: a syntax that is none, or operands whose
 * types can't be right whatever the message. A blank condition is undefined for every message.
 */
export function compileRoute(text: string): CompiledRoute {
  const compiled = compile(text);
  if ("faults" in compiled) {
    const [first] = compiled.faults;
    throw new QueryError(text, first.span, first.message);
  }
  const { type, evaluate, readsBody, readsTwin } = compiled;
  if (type === "null") return { readsBody, readsTwin, evaluate: () => false, matches: () => false };
  return {
    readsBody,
    readsTwin,
    evaluate: (message) => {
      const value = evaluate(message);
      return typeof value === "boolean" ? value : undefined;
    },
    matches: compileDecision(compiled, true),
  };
}

/**
 * All faults of a routing condition, in the words and places of IoT Hub's test of routes; none for one that compiles.
 */
export function faultsOfRoute(text: string): readonly RouteFault[] {
  const compiled = compile(text);
  if (!("faults" in compiled)) return [];
  return compiled.faults.map(({ message, span: { start, end } }) => ({
    message,
    severity: "error",
    location: { start: placeOf(text, start), end: placeOf(text, end) },
  }));
}

type Refused = { readonly faults: readonly [Fault, ...Fault[]] };

function compile(text: string): Operand | Refused {
  if (text.length > maxLength) {
    const span = { start: maxLength, end: maxLength + 1 };
    return { faults: [{ span, message: `Syntax error: condition longer than ${maxLength} characters` }] };
  }
  try {
    const parsed = parseRoute(text);
    if (parsed === undefined) return constantOperand("undefined", undefined);
    const compiler = new ExpressionCompiler(text, parsed);
    const operand = compiler.compile(parsed.tree);
    const [first, ...others] = compiler.faults;
    return first === undefined ? operand : { faults: [first, ...others] };
  } catch (error) {
    if (error instanceof ConditionFault) return { faults: [error.fault] };
    throw error;
  }
}
