import type { Aggregate, Expression, Path } from "../ast.ts";
import { arithmetic, type Value } from "../values.ts";
import { always, bound, type Fragment, never, raw, sql } from "./fragment.ts";
import { type Rank, rank, type SqlPlace } from "./source.ts";

/** Where a path or an aggregate lies in the tables of a query. */
export type Places = (leaf: Path | Aggregate) => SqlPlace;

/**
 * An operand of a comparison: a constant, a place, or what has to be worked out from others. The SQL of the last is a number,
 * or 1 and 0 for Booleans, and NULL where the value is undefined. It may be as long as the query: use it once only.
 */
export type Operand =
  | { readonly kind: "constant"; readonly value: Value }
  | { readonly kind: "place"; readonly place: SqlPlace }
  | { readonly kind: "number"; readonly sql: Fragment }
  | { readonly kind: "boolean"; readonly sql: Fragment };

/** Gives the SQL of a condition as a value: 1, 0, or NULL where it is undefined. */
export type TruthOf = (condition: Expression) => Fragment;

/** What an expression is as an operand. Arithmetic of constants is done here. */
export function operandOf(expression: Expression, places: Places, truthOf: TruthOf): Operand {
  switch (expression.kind) {
    case "literal":
      return { kind: "constant", value: expression.value };
    case "path":
    case "aggregate":
      return { kind: "place", place: places(expression) };
    case "negate":
      return calculated("-", zero, operandOf(expression.operand, places, truthOf));
    case "arithmetic": {
      const { operator } = expression;
      if (operator === "||" || operator === "??") throw new TypeError(`${operator} is of routing conditions only`);
      const left = operandOf(expression.left, places, truthOf);
      return calculated(operator, left, operandOf(expression.right, places, truthOf));
    }
    case "not":
    case "and":
    case "or":
    case "compare":
    case "in":
    case "like":
    case "call":
      return { kind: "boolean", sql: truthOf(expression) };
  }
}

const zero: Operand = { kind: "constant", value: 0 };

function calculated(operator: "+" | "-" | "*" | "/" | "%", left: Operand, right: Operand): Operand {
  if (left.kind === "constant" && right.kind === "constant") {
    return { kind: "constant", value: arithmetic(operator, left.value, right.value) };
  }
  const call = sql`twin_calculate('${operator}', ${numberOf(left)}, ${numberOf(right)})`;
  return { kind: "number", sql: call };
}

/** The operand as a number: always a REAL, as all numbers of queries are, or NULL. */
function numberOf(operand: Operand): Fragment {
  switch (operand.kind) {
    case "constant":
      return typeof operand.value === "number" ? bound(operand.value) : raw("NULL");
    case "place": {
      const { place } = operand;
      if (!place.ranks.includes(rank.number)) return raw("NULL");
      return raw(`CASE ${place.rank} WHEN 3 THEN CAST(${place.value} AS REAL) END`);
    }
    case "number":
      return operand.sql;
    case "boolean":
      return raw("NULL");
  }
}

/** The condition that the value at a place is of this class; no value decides it when the place has no other. */
export const isOfRank = (place: SqlPlace, wanted: Rank): Fragment => isOfRanks(place, wanted, wanted);

/** The condition that the class of the value at a place is one of these, the ends included. */
export function isOfRanks({ ranks, rank: at }: SqlPlace, from: Rank, to: Rank): Fragment {
  const within = ranks.filter((one) => one >= from && one <= to);
  if (within.length === ranks.length) return always;
  if (within.length === 0) return never;
  return raw(from === to ? `${at} = ${from}` : `${at} BETWEEN ${from} AND ${to}`);
}

/** The condition that a value can be compared with anything but null. */
export const isOtherThanNull = (place: SqlPlace): Fragment => isOfRanks(place, rank.boolean, rank.text);

/** Whether a value that is no document stands at the place: what compares at all. */
export const isPrimitiveAt = (place: SqlPlace): Fragment => isOfRanks(place, rank.null, rank.text);
