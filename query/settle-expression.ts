import type { Aggregate, Collection, Expression, Path } from "./ast.ts";
import { queryLimits } from "./limits.ts";
import { excerpt, QueryError, tooDeep } from "./query-error.ts";
import { settlePath } from "./settle-path.ts";

/** Where an expression stands: in which text, about what, and what its leaves become. */
export type Scope = {
  readonly text: string;
  readonly collection: Collection;
  /** What a path means here, when not just a place in the row. */
  readonly path?: (path: Path) => Path | Aggregate;
  /** What an aggregate means here; without it none may stand here. */
  readonly aggregate?: (aggregate: Aggregate) => Aggregate;
};

/** How many arguments the functions of twin queries take (spec/query-language 9); IoT Hub refuses all others. */
const functions: ReadonlyMap<string, number> = new Map([
  ["is_defined", 1],
  ["startswith", 2],
  ["array_contains", 2],
]);

/**
 * Settles what the names in an expression mean and checks its functions and its depth. Throws a QueryError. It ends at the
 * depth that is allowed, however deep the expression is.
 */
export function settleExpression(expression: Expression, scope: Scope, levels: number = queryLimits.depth): Expression {
  if (levels === 0) throw tooDeep(scope.text, expression.span);
  const settle = (operand: Expression) => settleExpression(operand, scope, levels - 1);
  switch (expression.kind) {
    case "literal":
      return expression;
    case "path":
      return scope.path ? scope.path(expression) : settlePath(expression, scope);
    case "aggregate":
      return aggregateIn(expression, scope);
    case "not":
    case "negate":
      return { ...expression, operand: settle(expression.operand) };
    case "and":
    case "or":
      return { ...expression, operands: expression.operands.map(settle) };
    case "compare":
    case "arithmetic":
      return { ...expression, left: settle(expression.left), right: settle(expression.right) };
    case "in":
    case "like":
      return { ...expression, value: settle(expression.value) };
    case "call":
      checkCall(expression, scope);
      return { ...expression, args: expression.args.map(settle) };
  }
}

/** Settles what the argument of an aggregate means. Throws a QueryError. */
export function settleAggregate(aggregate: Aggregate, frame: { text: string; collection: Collection }): Aggregate {
  return { ...aggregate, argument: aggregate.argument && settlePath(aggregate.argument, frame) };
}

function aggregateIn(aggregate: Aggregate, { text, aggregate: meaning }: Scope): Aggregate {
  if (meaning) return meaning(aggregate);
  const { span } = aggregate;
  throw new QueryError(text, span, `unexpected aggregate ${excerpt(text, span)}: expected a path or a value`);
}

function checkCall({ name, args, span }: Extract<Expression, { readonly kind: "call" }>, { text }: Scope): void {
  const expected = functions.get(name);
  if (expected === undefined) {
    const { start } = span;
    const written = excerpt(text, { start, end: start + name.length });
    const known = "IS_DEFINED, STARTSWITH or ARRAY_CONTAINS";
    throw new QueryError(text, { start, end: start + name.length }, `unknown function ${written}: expected ${known}`);
  }
  if (args.length === expected) return;
  throw new QueryError(text, span, `${name.toUpperCase()} with arguments: ${args.length}; expected: ${expected}`);
}
