import type { Aggregate, Expression, Path, Query } from "../ast.ts";

type Steps = readonly string[];

/** The paths and aggregates that a query uses anywhere, as often as it does. */
export function leavesOf({ select, where, groupBy, having, orderBy }: Query): readonly (Path | Aggregate)[] {
  const leaves: (Path | Aggregate)[] = [];
  if (select.kind === "items") leaves.push(...select.items.map(({ value }) => value));
  if (where !== undefined) collect(where, leaves);
  if (groupBy !== undefined) leaves.push(groupBy);
  if (having !== undefined) collect(having, leaves);
  leaves.push(...orderBy.map(({ value }) => value));
  return leaves;
}

/** The paths that a query uses anywhere, those of its aggregates too, as often as it does. */
export const pathsOf = (query: Query): readonly Steps[] =>
  leavesOf(query).flatMap((leaf) => {
    const path = leaf.kind === "path" ? leaf : leaf.argument;
    return path === undefined ? [] : [stepsOf(path)];
  });

/** The keys of a path. */
export const stepsOf = ({ steps }: Path): Steps => steps.map(String);

function collect(expression: Expression, leaves: (Path | Aggregate)[]): void {
  switch (expression.kind) {
    case "literal":
      break;
    case "path":
    case "aggregate":
      leaves.push(expression);
      break;
    case "not":
    case "negate":
      collect(expression.operand, leaves);
      break;
    case "and":
    case "or":
      for (const operand of expression.operands) collect(operand, leaves);
      break;
    case "compare":
    case "arithmetic":
      collect(expression.left, leaves);
      collect(expression.right, leaves);
      break;
    case "in":
    case "like":
      collect(expression.value, leaves);
      break;
    case "call":
      for (const argument of expression.args) collect(argument, leaves);
      break;
  }
}
