import type { Expression } from "../ast.ts";
import { holds, opposite, undefinedTruth } from "./compare.ts";
import { all, always, any, type Fragment, nested, never, raw, sql } from "./fragment.ts";
import { isOfRank, type Operand, operandOf, type Places } from "./operand.ts";
import { arrayContains, isDefined, isIn, isLike, startsWith, type Verdict } from "./predicates.ts";
import { rank } from "./source.ts";

/** A condition compiled for one set of tables. */
export type Conditions = {
  /**
   * The SQL that holds just for the rows for which a condition is Boolean true. It never negates what may be undefined, so
   * that SQL's NULL counts as false everywhere, and comparisons stand as they are, for indexes to serve them.
   */
  readonly isTrue: (condition: Expression) => Fragment;
};

/** Makes the compiler of conditions over these places. Throws a TypeError for what is no checked condition of queries. */
export function conditionsOver(places: Places): Conditions {
  const operand = (expression: Expression): Operand => operandOf(expression, places, truthOf);

  const isTrue = (condition: Expression): Fragment => {
    switch (condition.kind) {
      case "not":
        return isFalse(condition.operand);
      case "and":
        return all(...condition.operands.map(isTrue));
      case "or":
        return any(...condition.operands.map(isTrue));
      case "compare":
        return holds(condition.operator, operand(condition.left), operand(condition.right));
      case "literal":
        return condition.value === true ? always : never;
      case "path":
      case "aggregate":
        return holds("=", operand(condition), { kind: "constant", value: true });
      case "negate":
      case "arithmetic":
        return never;
      case "in":
      case "like":
      case "call":
        return verdictOf(condition).isTrue();
    }
  };

  const isFalse = (condition: Expression): Fragment => {
    switch (condition.kind) {
      case "not":
        return isTrue(condition.operand);
      case "and":
        return any(...condition.operands.map(isFalse));
      case "or":
        return all(...condition.operands.map(isFalse));
      case "compare":
        return holds(opposite[condition.operator], operand(condition.left), operand(condition.right));
      case "literal":
        return condition.value === false ? always : never;
      case "path":
      case "aggregate":
        return holds("=", operand(condition), { kind: "constant", value: false });
      case "negate":
      case "arithmetic":
        return never;
      case "in":
      case "like":
      case "call":
        return verdictOf(condition).isFalse();
    }
  };

  /** The condition as 1, 0 or NULL. SQL's own NOT, AND and OR are Kleene's. What it is made of stands in it once. */
  const truthOf = (condition: Expression): Fragment => {
    switch (condition.kind) {
      case "not":
        return sql`(NOT ${truthOf(condition.operand)})`;
      case "and":
      case "or":
        return nested(condition.operands.map(truthOf), condition.kind === "and" ? "AND" : "OR", undefinedTruth);
      case "compare": {
        const [left, right] = [operand(condition.left), operand(condition.right)];
        if (isWorkedOut(left) || isWorkedOut(right)) return holds(condition.operator, left, right);
        return truthFrom(holds(condition.operator, left, right), holds(opposite[condition.operator], left, right));
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
        return verdictOf(condition).truth();
    }
  };

  const verdictOf = (condition: Extract<Expression, { readonly kind: "in" | "like" | "call" }>): Verdict => {
    switch (condition.kind) {
      case "in":
        return negatedIf(condition.negated, isIn(operand(condition.value), condition.items));
      case "like":
        return negatedIf(condition.negated, isLike(operand(condition.value), condition.pattern));
      case "call":
        return verdictOfCall(
          condition.name,
          condition.args.map((argument) => operand(argument)),
        );
    }
  };

  return { isTrue };
}

function verdictOfCall(name: string, [first, second]: readonly Operand[]): Verdict {
  if (first !== undefined && name === "is_defined") return isDefined(first);
  if (first !== undefined && second !== undefined && name === "startswith") return startsWith(first, second);
  if (first !== undefined && second !== undefined && name === "array_contains") return arrayContains(first, second);
  throw new TypeError(`${name} is no function of queries`);
}

const isWorkedOut = ({ kind }: Operand): boolean => kind === "number" || kind === "boolean";

const negatedIf = (negated: boolean, verdict: Verdict): Verdict =>
  negated ? { isTrue: verdict.isFalse, isFalse: verdict.isTrue, truth: () => sql`(NOT ${verdict.truth()})` } : verdict;

const truthFrom = (isTrue: Fragment, isFalse: Fragment): Fragment =>
  sql`CASE WHEN ${isTrue} THEN 1 WHEN ${isFalse} THEN 0 END`;
