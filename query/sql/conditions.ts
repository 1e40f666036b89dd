import type { Expression } from "../ast.ts";
import { holds, opposite, undefinedTruth } from "./compare.ts";
import { all, always, any, type Fragment, nested, never, raw, sql } from "./fragment.ts";
import { isOfRank, type Operand, operandOf, type Places } from "./operand.ts";
import { arrayContains, isDefined, isIn, isLike, startsWith, type Verdict } from "./predicates.ts";
import { rank } from "./source.ts";

type Predicate = Extract<Expression, { readonly kind: "in" | "like" | "call" }>;

/**
 * The SQL that holds just for the rows for which a condition is Boolean true. It never negates what may be undefined, so that
 * SQL's NULL counts as false everywhere, and comparisons stand as they are, for indexes to serve them. Throws a TypeError
 * for what is no checked condition of queries.
 */
export function isTrue(condition: Expression, places: Places): Fragment {
  switch (condition.kind) {
    case "not":
      return isFalse(condition.operand, places);
    case "and":
      return all(...condition.operands.map((operand) => isTrue(operand, places)));
    case "or":
      return any(...condition.operands.map((operand) => isTrue(operand, places)));
    case "compare":
      return holds(condition.operator, operandIn(condition.left, places), operandIn(condition.right, places));
    case "literal":
      return condition.value === true ? always : never;
    case "path":
    case "aggregate":
      return holds("=", operandIn(condition, places), { kind: "constant", value: true });
    case "negate":
    case "arithmetic":
      return never;
    case "in":
    case "like":
    case "call":
      return verdictOf(condition, places).isTrue();
  }
}

/** The SQL that holds just for the rows for which a condition is Boolean false, and not for those where it is undefined. */
function isFalse(condition: Expression, places: Places): Fragment {
  switch (condition.kind) {
    case "not":
      return isTrue(condition.operand, places);
    case "and":
      return any(...condition.operands.map((operand) => isFalse(operand, places)));
    case "or":
      return all(...condition.operands.map((operand) => isFalse(operand, places)));
    case "compare": {
      const [left, right] = [operandIn(condition.left, places), operandIn(condition.right, places)];
      return holds(opposite[condition.operator], left, right);
    }
    case "literal":
      return condition.value === false ? always : never;
    case "path":
    case "aggregate":
      return holds("=", operandIn(condition, places), { kind: "constant", value: false });
    case "negate":
    case "arithmetic":
      return never;
    case "in":
    case "like":
    case "call":
      return verdictOf(condition, places).isFalse();
  }
}

/**
 * The condition as 1, 0 or NULL where it is undefined: SQL's own NOT, AND and OR are Kleene's. What it is made of stands in
 * it once, so that conditions within comparisons don't grow with every level.
 */
function truthOf(condition: Expression, places: Places): Fragment {
  switch (condition.kind) {
    case "not":
      return sql`(NOT ${truthOf(condition.operand, places)})`;
    case "and":
    case "or": {
      const truths = condition.operands.map((operand) => truthOf(operand, places));
      return nested(truths, condition.kind === "and" ? "AND" : "OR", undefinedTruth);
    }
    case "compare": {
      const [left, right] = [operandIn(condition.left, places), operandIn(condition.right, places)];
      const is = holds(condition.operator, left, right);
      if (isWorkedOut(left) || isWorkedOut(right)) return is;
      return sql`CASE WHEN ${is} THEN 1 WHEN ${holds(opposite[condition.operator], left, right)} THEN 0 END`;
    }
    case "literal":
      return typeof condition.value === "boolean" ? raw(String(Number(condition.value))) : undefinedTruth;
    case "path":
    case "aggregate": {
      const place = places(condition);
      const isBoolean = isOfRank(place, rank.boolean);
      return isBoolean === never ? undefinedTruth : sql`CASE WHEN ${isBoolean} THEN ${place.value} END`;
    }
    case "negate":
    case "arithmetic":
      return undefinedTruth;
    case "in":
    case "like":
    case "call":
      return verdictOf(condition, places).truth();
  }
}

const operandIn = (expression: Expression, places: Places): Operand =>
  operandOf(expression, places, (condition) => truthOf(condition, places));

const isWorkedOut = ({ kind }: Operand): boolean => kind === "number" || kind === "boolean";

function verdictOf(condition: Predicate, places: Places): Verdict {
  switch (condition.kind) {
    case "in":
      return negatedIf(condition.negated, isIn(operandIn(condition.value, places), condition.items));
    case "like":
      return negatedIf(condition.negated, isLike(operandIn(condition.value, places), condition.pattern));
    case "call": {
      const operands = condition.args.map((argument) => operandIn(argument, places));
      return verdictOfCall(condition.name, operands);
    }
  }
}

function verdictOfCall(name: string, [first, second]: readonly Operand[]): Verdict {
  if (first !== undefined && name === "is_defined") return isDefined(first);
  if (first !== undefined && second !== undefined && name === "startswith") return startsWith(first, second);
  if (first !== undefined && second !== undefined && name === "array_contains") return arrayContains(first, second);
  throw new TypeError(`${name} is no function of queries`);
}

const negatedIf = (negated: boolean, verdict: Verdict): Verdict =>
  negated ? { isTrue: verdict.isFalse, isFalse: verdict.isTrue, truth: () => sql`(NOT ${verdict.truth()})` } : verdict;
