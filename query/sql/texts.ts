import type { ComparisonOperator } from "../ast.ts";
import { type Instant, instantOf } from "../instant.ts";
import { all, always, bound, type Fragment, never, raw, sql } from "./fragment.ts";

/**
 * `value operator constant` for a value that is a text. Two times compare as instants, which a function decides; before it
 * is asked, plain bounds that an index can serve leave only texts of about that time.
 */
export function compareText(value: string, operator: ComparisonOperator, constant: string): Fragment {
  const plain = sql`${value} ${operatorSql(operator)} ${bound(constant)}`;
  const instant = instantOf(constant);
  if (instant === undefined) return plain;
  const asTimes = sql`twin_compare(${value}, ${bound(constant)}) ${operatorSql(operator)} 0`;
  const exact = sql`CASE WHEN ${value} GLOB '[0-9][0-9][0-9][0-9]-*' THEN ${asTimes} ELSE ${plain} END`;
  // A date tells the day somewhere on earth: it is at most a day off that of the instant.
  const from = sql`${value} >= ${bound(dayOf(instant, -2))}`;
  const to = sql`${value} < ${bound(dayOf(instant, 2))}`;
  const isFrom = operator === ">" || operator === ">=" || operator === "=";
  const isTo = operator === "<" || operator === "<=" || operator === "=";
  return all(isFrom ? from : always, isTo ? to : always, exact);
}

/** `time operator constant` for one of the hub's own times, which are all written alike, to the millisecond. */
export function compareTime(time: string, operator: ComparisonOperator, constant: Instant): Fragment {
  const floor = bound(timeText(constant));
  const isWhole = constant.ticks % ticksInMillisecond === 0;
  switch (operator) {
    case "=":
      return isWhole ? sql`${time} = ${floor}` : never;
    case "!=":
      return isWhole ? sql`${time} <> ${floor}` : always;
    case "<":
      return isWhole ? sql`${time} < ${floor}` : sql`${time} <= ${floor}`;
    case ">=":
      return isWhole ? sql`${time} >= ${floor}` : sql`${time} > ${floor}`;
    case "<=":
    case ">":
      return sql`${time} ${operator} ${floor}`;
  }
}

/** The texts that begin with a prefix, as a range of texts that an index can serve. */
export function beginsWith(value: string, prefix: string): Fragment {
  if (prefix === "") return always;
  const end = textAfterAll(prefix);
  return all(sql`${value} >= ${bound(prefix)}`, end === undefined ? always : sql`${value} < ${bound(end)}`);
}

/** What every text that matches a pattern of LIKE begins with. */
export function literalPrefix(pattern: string): string {
  const end = pattern.search(/[%_\\]/u);
  return end === -1 ? pattern : pattern.slice(0, end);
}

/** The operator in SQL. */
export const operatorSql = (operator: ComparisonOperator): Fragment => raw(operator === "!=" ? "<>" : operator);

/** The first text after all that begin with `prefix`, in the order of code points, if there is one. */
function textAfterAll(prefix: string): string | undefined {
  const codes = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (codes.at(-1) === 0x10ffff) codes.pop();
  const last = codes.pop();
  if (last === undefined) return undefined;
  // Surrogates are no characters: behind the last one before them comes the first one after them.
  return String.fromCodePoint(...codes, last === 0xd7ff ? 0xe000 : last + 1);
}

const ticksInMillisecond = 10_000;
const secondsInDay = 86_400;
const secondsBefore1970 = instantOf("1970-01-01")?.seconds ?? 0;

const dayOf = ({ seconds }: Instant, days: number): string =>
  timeText({ seconds: seconds + days * secondsInDay, ticks: 0 }).slice(0, 10);

/**
 * An instant as ISO 8601, UTC, with what is beyond milliseconds dropped. What no year of four digits holds becomes a text
 * before or after all of these.
 */
function timeText({ seconds, ticks }: Instant): string {
  const text = new Date((seconds - secondsBefore1970) * 1000 + Math.floor(ticks / ticksInMillisecond)).toISOString();
  if (text.startsWith("-")) return "";
  return text.startsWith("+") ? ":" : text;
}
