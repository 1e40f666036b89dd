import type { ComparisonOperator } from "../ast.ts";
import { instantOf } from "../instant.ts";
import { compareValues, type Value } from "../values.ts";
import { all, always, any, bound, type Fragment, never, raw, sql } from "./fragment.ts";
import { isOfRank, isOtherThanNull, type Operand } from "./operand.ts";
import { type Rank, rank, type SqlPlace } from "./source.ts";
import { compareText, compareTime, operatorSql } from "./texts.ts";

/** The operator that holds where this one is decided and does not. */
export const opposite: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  "=": "!=",
  "!=": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

const mirrored: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/**
 * The condition that `left operator right` is true. Where it is undefined, as between types, it does not hold, so that with
 * the opposite operator it is the condition that the comparison is false.
 */
export function holds(operator: ComparisonOperator, left: Operand, right: Operand): Fragment {
  if (left.kind === "number" || left.kind === "boolean") return compareWorkedOut(operator, left, right);
  if (right.kind === "number" || right.kind === "boolean") return compareWorkedOut(mirrored[operator], right, left);
  if (left.kind === "place") {
    return right.kind === "place"
      ? comparePlaces(operator, left.place, right.place)
      : comparePlace(operator, left.place, right.value);
  }
  if (right.kind === "place") return comparePlace(mirrored[operator], right.place, left.value);
  return compareValues(operator, left.value, right.value) === true ? always : never;
}

/** The condition that `place operator constant` is true. */
export function comparePlace(operator: ComparisonOperator, place: SqlPlace, constant: Value): Fragment {
  if (constant === null) {
    if (operator === "=") return isOfRank(place, rank.null);
    return operator === "!=" ? isOtherThanNull(place) : never;
  }
  // Null is a value unlike any other.
  const isNull = operator === "!=" ? isOfRank(place, rank.null) : never;
  if (typeof constant === "string") return any(compareTexts(operator, place, constant), isNull);
  if (typeof constant === "boolean") return any(compareBooleans(operator, place, constant), isNull);
  if (typeof constant !== "number") return never;
  const isNumber = sql`${place.value} ${operatorSql(operator)} ${bound(constant)}`;
  return any(guarded(place, rank.number, isNumber), isNull);
}

function compareTexts(operator: ComparisonOperator, place: SqlPlace, constant: string): Fragment {
  const { choices, time, value } = place;
  if (choices !== undefined) {
    const chosen = choices.filter(({ text }) => compareValues(operator, text, constant) === true);
    return any(...chosen.map(({ when }) => raw(when)));
  }
  const instant = time === undefined ? undefined : instantOf(constant);
  const isTime = time !== undefined && instant !== undefined;
  const comparison = isTime ? compareTime(time, operator, instant) : compareText(value, operator, constant);
  return guarded(place, rank.text, comparison);
}

function compareBooleans(operator: ComparisonOperator, place: SqlPlace, constant: boolean): Fragment {
  const wanted = [false, true].filter((value) => compareValues(operator, value, constant) === true);
  const [first, second] = wanted;
  if (first === undefined) return never;
  if (second !== undefined) return isOfRank(place, rank.boolean);
  return guarded(place, rank.boolean, raw(`${place.value} = ${Number(first)}`));
}

/** A comparison of values that counts only for values of one class; values of no other class can make it hold. */
export function guarded(place: SqlPlace, wanted: Rank, comparison: Fragment): Fragment {
  const valued = place.ranks.filter((one) => one > rank.null);
  if (!valued.includes(wanted)) return never;
  const exists = place.exists === undefined ? always : raw(place.exists);
  return all(comparison, valued.length === 1 ? always : isOfRank(place, wanted), exists);
}

function comparePlaces(operator: ComparisonOperator, a: SqlPlace, b: SqlPlace): Fragment {
  const plain = sql`${a.value} ${operatorSql(operator)} ${b.value}`;
  const texts = sql`twin_compare(${a.value}, ${b.value}) ${operatorSql(operator)} 0`;
  return any(
    both(a, b, rank.boolean, plain),
    both(a, b, rank.number, plain),
    both(a, b, rank.text, texts),
    compareNulls(operator, a, b),
  );
}

const both = (a: SqlPlace, b: SqlPlace, wanted: Rank, comparison: Fragment): Fragment =>
  all(isOfRank(a, wanted), isOfRank(b, wanted), comparison);

function compareNulls(operator: ComparisonOperator, a: SqlPlace, b: SqlPlace): Fragment {
  const [aIsNull, bIsNull] = [isOfRank(a, rank.null), isOfRank(b, rank.null)];
  if (operator === "=") return all(aIsNull, bIsNull);
  if (operator !== "!=") return never;
  return any(all(aIsNull, isOtherThanNull(b)), all(isOtherThanNull(a), bIsNull));
}

/**
 * `operand operator other` as 1, 0 or NULL where it is undefined, of something worked out: a number, or a Boolean as 1 and 0.
 * Its SQL is used once. Null is shown as a text, which no number equals.
 */
export function compareWorkedOut(
  operator: ComparisonOperator,
  operand: Extract<Operand, { readonly sql: Fragment }>,
  other: Operand,
): Fragment {
  const isEquality = operator === "=" || operator === "!=";
  const against = (right: Fragment): Fragment => sql`(${operand.sql} ${operatorSql(operator)} ${right})`;
  switch (other.kind) {
    case "number":
    case "boolean":
      return other.kind === operand.kind ? against(other.sql) : undefinedTruth;
    case "constant": {
      const { value } = other;
      if (value === null) return isEquality ? against(raw("''")) : undefinedTruth;
      return typeof value === operand.kind ? against(bound(Number(value))) : undefinedTruth;
    }
    case "place":
      return against(raw(codedFor(operand.kind, other.place, isEquality)));
  }
}

/** A condition that is undefined whatever the row. */
export const undefinedTruth = raw("NULL");

function codedFor(kind: "number" | "boolean", { rank: at, value }: SqlPlace, isEquality: boolean): string {
  const cases = `WHEN ${rank[kind]} THEN ${value}`;
  return `CASE ${at} ${cases}${isEquality ? ` WHEN ${rank.null} THEN ''` : ""} END`;
}
