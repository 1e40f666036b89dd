import type { ComparisonOperator, Expression, Literal, Path } from "../../query/ast.ts";

const span = { start: 0, end: 0 };

/** Expressions as the parser makes them, without a text: `path("tags.a")` has two steps. */
export const path = (dotted: string): Path => ({ kind: "path", source: "row", steps: dotted.split("."), span });

export const literal = (value: Literal["value"]): Literal => ({ kind: "literal", value, span });

export const not = (operand: Expression): Expression => ({ kind: "not", operand, span });

export const and = (...operands: readonly Expression[]): Expression => ({ kind: "and", operands, span });

export const or = (...operands: readonly Expression[]): Expression => ({ kind: "or", operands, span });

export const compare = (operator: ComparisonOperator, left: Expression, right: Expression): Expression => ({
  kind: "compare",
  operator,
  left,
  right,
  span,
});

export const isIn = (value: Expression, items: readonly Literal[], negated = false): Expression => ({
  kind: "in",
  value,
  items,
  negated,
  span,
});
