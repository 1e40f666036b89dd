import type { IToken } from "chevrotain";
import type { ArithmeticOperator, ComparisonOperator, Expression, Span } from "../ast.ts";
import { queryLimits } from "../limits.ts";
import { ConditionFault } from "./fault.ts";

/** The operators of an expression in the order of the text: faults of types are told there. */
export type OperatorSpans = Map<Expression, readonly Span[]>;

type Join =
  | { readonly kind: "logic"; readonly operator: "and" | "or" }
  | { readonly kind: "compare"; readonly operator: ComparisonOperator }
  | { readonly kind: "arithmetic"; readonly operator: ArithmeticOperator };

const arithmetic = (...operators: ArithmeticOperator[]): [string, Join][] =>
  operators.map((operator) => [operator, { kind: "arithmetic", operator }]);
const compare = (...operators: ComparisonOperator[]): [string, Join][] =>
  operators.map((operator) => [operator, { kind: "compare", operator }]);

/** What binds loosest comes first (spec/query-language 8); all go from left to right. */
const levels: readonly (readonly [string, Join][])[] = [
  arithmetic("??"),
  [["or", { kind: "logic", operator: "or" }]],
  [["and", { kind: "logic", operator: "and" }]],
  [...compare("=", "!="), ["<>", { kind: "compare", operator: "!=" }]],
  compare("<", "<=", ">", ">="),
  arithmetic("+", "-", "||"),
  arithmetic("*", "/", "%"),
];

type Binding = { readonly level: number; readonly join: Join };

const bindings = new Map<string, Binding>(
  levels.flatMap((joins, level) => joins.map(([image, join]): [string, Binding] => [image, { level, join }])),
);

/** Makes one expression of operands and the operators between them. */
export function buildTree(
  operands: readonly Expression[],
  operators: readonly IToken[],
  spans: OperatorSpans,
): Expression {
  const done: Expression[] = [];
  const waiting: { readonly span: Span; readonly binding: Binding }[] = [];
  const joinDownTo = (level: number): void => {
    for (let last = waiting.at(-1); last !== undefined && last.binding.level >= level; last = waiting.at(-1)) {
      waiting.pop();
      const right = done.pop();
      const left = done.pop();
      if (left !== undefined && right !== undefined) {
        done.push(join(left, { right, join: last.binding.join, span: last.span }, spans));
      }
    }
  };
  for (const [index, operand] of operands.entries()) {
    done.push(operand);
    const token = operators[index];
    const binding = token && bindings.get(token.image.toLowerCase());
    if (token === undefined || binding === undefined) continue;
    joinDownTo(binding.level);
    waiting.push({ span: { start: token.startOffset, end: token.startOffset + token.image.length }, binding });
  }
  joinDownTo(0);
  const [tree] = done;
  if (tree === undefined) throw new TypeError("an expression has one operand at least");
  return tree;
}

type RightHand = { readonly right: Expression; readonly join: Join; readonly span: Span };

/** A chain of AND or OR becomes one expression, however long. */
function join(left: Expression, { right, join: how, span }: RightHand, spans: OperatorSpans): Expression {
  const whole = { start: left.span.start, end: right.span.end };
  if (how.kind === "logic") {
    const kind = how.operator;
    const chain = (left.kind === "and" || left.kind === "or") && left.kind === kind ? left : undefined;
    const tree: Expression = { kind, operands: [...(chain?.operands ?? [left]), right], span: whole };
    spans.set(tree, [...((chain && spans.get(chain)) ?? []), span]);
    return tree;
  }
  const tree: Expression = { ...how, left, right, span: whole };
  spans.set(tree, [span]);
  return tree;
}

const childrenOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case "not":
    case "negate":
      return [expression.operand];
    case "and":
    case "or":
      return expression.operands;
    case "compare":
    case "arithmetic":
      return [expression.left, expression.right];
    case "call":
      return expression.args;
    case "in":
    case "like":
      return [expression.value];
    case "literal":
    case "path":
    case "aggregate":
      return [];
  }
};

/**
 * Throws ConditionFault for a tree that is deeper than `queryLimits.depth`: `not not …` and `a || b || …` nest without
 * parentheses, and whatever walks the tree calls itself for each level.
 */
export function checkDepth(tree: Expression): void {
  let level: readonly Expression[] = [tree];
  for (let depth = 0; level.length > 0; depth += 1) {
    const [first] = level;
    if (depth > queryLimits.depth && first !== undefined) {
      throw new ConditionFault(`Syntax error: nesting deeper than ${queryLimits.depth}`, first.span);
    }
    level = level.flatMap(childrenOf);
  }
}
