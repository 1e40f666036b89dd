import type { Literal } from "../ast.ts";
import { instantOf } from "../instant.ts";
import { compileLike } from "../like.ts";
import { compareValues, isPrimitive, type Value } from "../values.ts";
import { comparePlace, compareWorkedOut, guarded, holds } from "./compare.ts";
import { all, always, any, bound, type Fragment, joined, never, raw, type SqlParameter, sql } from "./fragment.ts";
import { isOfRank, isOfRanks, isPrimitiveAt, type Operand } from "./operand.ts";
import { rank, rankOfType, type SqlPlace } from "./source.ts";
import { beginsWith, literalPrefix } from "./texts.ts";

/** What a predicate says, as it is asked: neither of the first two holds where it is undefined. */
export type Verdict = {
  readonly isTrue: () => Fragment;
  readonly isFalse: () => Fragment;
  /** As 1, 0 or NULL where it is undefined. */
  readonly truth: () => Fragment;
};

const verdict = (isTrue: () => Fragment, isFalse: () => Fragment): Verdict => ({
  isTrue,
  isFalse,
  truth: () => sql`CASE WHEN ${isTrue()} THEN 1 WHEN ${isFalse()} THEN 0 END`,
});

/** A verdict whose SQL may be long, so that it is there once. */
const verdictOfTruth = (truth: Fragment): Verdict => ({
  isTrue: () => truth,
  isFalse: () => sql`NOT ${truth}`,
  truth: () => truth,
});

const known = (value: boolean | undefined): Verdict =>
  verdict(
    () => (value === true ? always : never),
    () => (value === false ? always : never),
  );

/** `IS_DEFINED(operand)`: null is defined too. */
export function isDefined(operand: Operand): Verdict {
  switch (operand.kind) {
    case "constant":
      return known(operand.value !== undefined);
    case "place":
      return verdict(
        () => all(isOfRanks(operand.place, rank.null, rank.document), existsAt(operand.place)),
        () => isOfRank(operand.place, rank.undefined),
      );
    case "number":
    case "boolean":
      return verdictOfTruth(sql`(${operand.sql} IS NOT NULL)`);
  }
}

const existsAt = ({ exists }: SqlPlace): Fragment => (exists === undefined ? always : raw(exists));

/** `operand IN [items]`: a search by `=`, undefined only for what cannot be sought. */
export function isIn(operand: Operand, items: readonly Literal[]): Verdict {
  const constants = items.map(({ value }) => value);
  switch (operand.kind) {
    case "constant": {
      const { value } = operand;
      if (!isPrimitive(value)) return known(undefined);
      return known(constants.some((item) => compareValues("=", value, item) === true));
    }
    case "place": {
      const isTrue = (): Fragment => isOneOf(operand.place, constants);
      return verdict(isTrue, () => all(isPrimitiveAt(operand.place), sql`(${isTrue()}) IS NOT TRUE`));
    }
    case "number":
    case "boolean": {
      const values = constants.flatMap((item) => (typeof item === operand.kind ? Number(item) : []));
      // The text is there for a list of nothing, of which even NULL would be none.
      return verdictOfTruth(sql`(${operand.sql} IN (${listOf(["", ...values])}))`);
    }
  }
}

function isOneOf(place: SqlPlace, constants: readonly Value[]): Fragment {
  const single: Value[] = [];
  const texts: string[] = [];
  const numbers: number[] = [];
  for (const constant of new Set(constants)) {
    const isPlain = place.choices === undefined && place.time === undefined;
    if (typeof constant === "number") numbers.push(constant);
    else if (typeof constant === "string" && isPlain && instantOf(constant) === undefined) texts.push(constant);
    else single.push(constant);
  }
  return any(
    texts.length === 0 ? never : guarded(place, rank.text, sql`${place.value} IN (${listOf(texts)})`),
    numbers.length === 0 ? never : guarded(place, rank.number, sql`${place.value} IN (${listOf(numbers)})`),
    ...single.map((constant) => comparePlace("=", place, constant)),
  );
}

const listOf = (values: readonly SqlParameter[]): Fragment => joined(values.map(bound), ", ");

/** `operand LIKE pattern`, on texts. */
export function isLike(operand: Operand, pattern: string): Verdict {
  if (operand.kind === "constant") {
    return known(typeof operand.value === "string" ? compileLike(pattern)(operand.value) : undefined);
  }
  if (operand.kind !== "place") return known(undefined);
  const { place } = operand;
  if (place.choices !== undefined) return ofChoices(place, compileLike(pattern));
  const like = sql`twin_like(${place.value}, ${bound(pattern)})`;
  return verdict(
    () => guarded(place, rank.text, all(beginsWith(place.value, literalPrefix(pattern)), like)),
    () => all(isOfRank(place, rank.text), sql`NOT ${like}`),
  );
}

/** `STARTSWITH(text, prefix)`, on texts. */
export function startsWith(text: Operand, prefix: Operand): Verdict {
  if (text.kind === "constant" && prefix.kind === "constant") {
    const [a, b] = [text.value, prefix.value];
    return known(typeof a === "string" && typeof b === "string" ? a.startsWith(b) : undefined);
  }
  if (text.kind === "place" && prefix.kind === "constant") {
    return typeof prefix.value === "string" ? startsWithText(text.place, prefix.value) : known(undefined);
  }
  if (text.kind === "place" && prefix.kind === "place") {
    const areTexts = all(isOfRank(text.place, rank.text), isOfRank(prefix.place, rank.text));
    return ofCall(areTexts, sql`twin_starts_with(${text.place.value}, ${prefix.place.value})`);
  }
  if (text.kind !== "constant" || prefix.kind !== "place" || typeof text.value !== "string") return known(undefined);
  return ofCall(isOfRank(prefix.place, rank.text), sql`twin_starts_with(${bound(text.value)}, ${prefix.place.value})`);
}

function startsWithText(place: SqlPlace, prefix: string): Verdict {
  if (place.choices !== undefined) return ofChoices(place, (text) => text.startsWith(prefix));
  const begins = beginsWith(place.value, prefix);
  const isText = isOfRank(place, rank.text);
  return verdict(
    () => (begins === always ? isText : guarded(place, rank.text, begins)),
    () => (begins === always ? never : all(isText, sql`(${begins}) IS NOT TRUE`)),
  );
}

const ofCall = (isDecided: Fragment, call: Fragment): Verdict =>
  verdict(
    () => all(isDecided, call),
    () => all(isDecided, sql`NOT ${call}`),
  );

/** Every choice is a text, so it is one of these or one of the others. */
function ofChoices({ choices = [] }: SqlPlace, test: (text: string) => boolean): Verdict {
  const conditionOf = (wanted: boolean) => (): Fragment =>
    any(...choices.filter(({ text }) => test(text) === wanted).map(({ when }) => raw(when)));
  return verdict(conditionOf(true), conditionOf(false));
}

/** One item of an array, as `json_each` shows it. */
const item: SqlPlace = {
  ranks: [0, 1, 2, 3, 4, 5],
  rank: rankOfType("item.type"),
  value: "item.value",
  json: "NULL",
};

/** `ARRAY_CONTAINS(array, sought)`: by `=`. Undefined for what is no array, and for what cannot be sought. */
export function arrayContains(array: Operand, sought: Operand): Verdict {
  if (array.kind !== "place" || array.place.array === undefined) return known(undefined);
  const { is, items } = array.place.array;
  const itemWith = (condition: Fragment): Fragment =>
    sql`EXISTS (SELECT 1 FROM json_each(${items}) AS item WHERE ${condition})`;
  if (sought.kind === "number" || sought.kind === "boolean") {
    const equal = compareWorkedOut(
      "=",
      { kind: sought.kind, sql: raw("sought.value") },
      { kind: "place", place: item },
    );
    const found = sql`CASE WHEN sought.value IS NOT NULL THEN ${itemWith(equal)} END`;
    return verdictOfTruth(
      sql`CASE WHEN ${is} THEN (SELECT ${found} FROM (SELECT ${sought.sql} AS value) AS sought) END`,
    );
  }
  if (sought.kind === "constant" && !isPrimitive(sought.value)) return known(undefined);
  const contains = itemWith(holds("=", { kind: "place", place: item }, sought));
  const canBeSought = sought.kind === "place" ? isPrimitiveAt(sought.place) : always;
  return verdict(
    () => all(raw(is), canBeSought, contains),
    () => all(raw(is), canBeSought, sql`NOT ${contains}`),
  );
}
