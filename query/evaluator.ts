import type { Aggregate, ComparisonOperator, Expression, Literal, Path } from "./ast.ts";
import { compareInstants, type Instant, instantOf } from "./instant.ts";
import { compileLike } from "./like.ts";
import { arithmetic, compareValues, comparisonWith, isPrimitive, type Value } from "./values.ts";

/** What an expression has become: its value for a row. */
export type Evaluator<Row> = (row: Row) => Value;

/** How the leaves of an expression get their values from a row: a document, or a group of them. */
export type Leaves<Row> = {
  readonly path: (path: Path) => Evaluator<Row>;
  readonly aggregate: (aggregate: Aggregate) => Evaluator<Row>;
};

type Of<Kind extends Expression["kind"]> = Extract<Expression, { readonly kind: Kind }>;

/**
 * Compiles a checked expression of the twin dialect: all that depends on its text alone is settled here, once. Throws a
 * TypeError for what the checks of that dialect let through to nobody.
 */
export function compileExpression<Row>(expression: Expression, leaves: Leaves<Row>): Evaluator<Row> {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "path":
      return leaves.path(expression);
    case "aggregate":
      return leaves.aggregate(expression);
    case "not": {
      const operand = compileExpression(expression.operand, leaves);
      return (row) => negation(operand(row));
    }
    case "negate": {
      const operand = compileExpression(expression.operand, leaves);
      return (row) => arithmetic("-", 0, operand(row));
    }
    case "and":
    case "or":
      return compileLogic(expression, leaves);
    case "compare":
      return compileComparison(expression, leaves);
    case "arithmetic":
      return compileArithmetic(expression, leaves);
    case "in":
      return compileIn(expression, leaves);
    case "like":
      return compileTextMatch(expression, leaves);
    case "call":
      return compileCall(expression, leaves);
  }
}

const negation = (value: Value): boolean | undefined => (typeof value === "boolean" ? !value : undefined);

/** The operand that settles an AND is false, the one that settles an OR is true. */
function compileLogic<Row>({ kind, operands }: Of<"and" | "or">, leaves: Leaves<Row>): Evaluator<Row> {
  const parts = operands.map((operand) => compileExpression(operand, leaves));
  const settling = kind === "or";
  return (row) => {
    let known = true;
    for (const part of parts) {
      const value = part(row);
      if (value === settling) return settling;
      if (typeof value !== "boolean") known = false;
    }
    return known ? !settling : undefined;
  };
}

const mirrored: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

function compileComparison<Row>({ operator, left, right }: Of<"compare">, leaves: Leaves<Row>): Evaluator<Row> {
  if (right.kind === "literal") return comparedWith(operator, compileExpression(left, leaves), right);
  if (left.kind === "literal") return comparedWith(mirrored[operator], compileExpression(right, leaves), left);
  const [a, b] = [compileExpression(left, leaves), compileExpression(right, leaves)];
  return (row) => compareValues(operator, a(row), b(row));
}

function comparedWith<Row>(operator: ComparisonOperator, value: Evaluator<Row>, constant: Literal): Evaluator<Row> {
  const compare = comparisonWith(operator, constant.value);
  return (row) => compare(value(row));
}

function compileArithmetic<Row>(expression: Of<"arithmetic">, leaves: Leaves<Row>): Evaluator<Row> {
  const { operator } = expression;
  if (operator === "||" || operator === "??") throw new TypeError(`${operator} is of routing conditions only`);
  const [a, b] = [compileExpression(expression.left, leaves), compileExpression(expression.right, leaves)];
  return (row) => arithmetic(operator, a(row), b(row));
}

/** Each item is looked up as it is; only texts that tell a time have to be compared one by one. */
function compileIn<Row>({ value, items, negated }: Of<"in">, leaves: Leaves<Row>): Evaluator<Row> {
  const sought = compileExpression(value, leaves);
  const constants = new Set<Value>(items.map((item) => item.value));
  const instants: readonly Instant[] = items.flatMap(({ value: item }) =>
    typeof item === "string" ? (instantOf(item) ?? []) : [],
  );
  return (row) => {
    const found = sought(row);
    if (!isPrimitive(found)) return undefined;
    return (constants.has(found) || (instants.length > 0 && isOneOf(instants, found))) !== negated;
  };
}

function isOneOf(instants: readonly Instant[], value: Value): boolean {
  const instant = typeof value === "string" ? instantOf(value) : undefined;
  return instant !== undefined && instants.some((other) => compareInstants(instant, other) === 0);
}

function compileTextMatch<Row>({ value, pattern, negated }: Of<"like">, leaves: Leaves<Row>): Evaluator<Row> {
  const text = compileExpression(value, leaves);
  const like = compileLike(pattern);
  return (row) => {
    const found = text(row);
    return typeof found === "string" ? like(found) !== negated : undefined;
  };
}

function compileCall<Row>({ name, args }: Of<"call">, leaves: Leaves<Row>): Evaluator<Row> {
  const [first, second = () => undefined] = args.map((argument) => compileExpression(argument, leaves));
  if (first !== undefined && name === "is_defined") return (row) => first(row) !== undefined;
  if (first !== undefined && name === "startswith") return (row) => startsWith(first(row), second(row));
  if (first !== undefined && name === "array_contains") return (row) => contains(first(row), second(row));
  throw new TypeError(`${name} is no function of queries`);
}

const startsWith = (text: Value, prefix: Value): boolean | undefined =>
  typeof text === "string" && typeof prefix === "string" ? text.startsWith(prefix) : undefined;

/** What does not compare, an object or array too, is looked for in vain without being absent: undefined. */
const contains = (array: Value, sought: Value): boolean | undefined =>
  Array.isArray(array) && isPrimitive(sought)
    ? array.some((item: Value) => compareValues("=", item, sought) === true)
    : undefined;
