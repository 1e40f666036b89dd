import type { Expression, Query } from "../ast.ts";
import { stepsOf } from "./paths-of.ts";
import { literalPrefix } from "./texts.ts";

/** How well an index on a path serves a query: the less the better. */
type Use = { readonly steps: readonly string[]; readonly order: 0 | 1 | 2 };

/**
 * The paths on which an index would serve a query, the most useful first: those that must have one of some values, then
 * those that must lie in a range, then what is grouped by. A path that may have any value but one is none of them.
 */
export function pathsToIndex({ where, groupBy }: Query): readonly (readonly string[])[] {
  const uses = where === undefined ? [] : usesIn(where);
  if (groupBy !== undefined) uses.push({ steps: stepsOf(groupBy), order: 2 });
  return uses.toSorted((a, b) => a.order - b.order).map(({ steps }) => steps);
}

/** What a condition asks of single paths, where the row is lost without it. */
function usesIn(condition: Expression): Use[] {
  switch (condition.kind) {
    case "and":
      return condition.operands.flatMap(usesIn);
    case "compare": {
      const { operator, left, right } = condition;
      if (operator === "!=") return [];
      const order = operator === "=" ? 0 : 1;
      if (right.kind === "literal") return useOf(left, order);
      return left.kind === "literal" ? useOf(right, order) : [];
    }
    case "in":
      return condition.negated ? [] : useOf(condition.value, 0);
    case "like":
      return condition.negated || literalPrefix(condition.pattern) === "" ? [] : useOf(condition.value, 1);
    case "call": {
      const [text, prefix] = condition.args;
      const isRange = condition.name === "startswith" && prefix?.kind === "literal";
      return isRange && text !== undefined ? useOf(text, 1) : [];
    }
    case "path":
      return useOf(condition, 0);
    case "literal":
    case "aggregate":
    case "not":
    case "or":
    case "negate":
    case "arithmetic":
      return [];
  }
}

const useOf = (expression: Expression, order: Use["order"]): Use[] =>
  expression.kind === "path" ? [{ steps: stepsOf(expression), order }] : [];
