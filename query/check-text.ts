import { queryLimits } from "./limits.ts";
import { QueryError } from "./query-error.ts";

/** Refuses, before anything else, a text that is too long or not well-formed Unicode. Throws a QueryError. */
export function checkText(text: string): void {
  const { length } = queryLimits;
  if (text.length > length) {
    const span = { start: length, end: text.length };
    throw new QueryError(text, span, `the text has ${text.length} characters: expected ${length} at most`);
  }
  if (text.isWellFormed()) return;
  const start = text.search(/\p{Surrogate}/u);
  throw new QueryError(text, { start, end: start + 1 }, "unexpected half of a surrogate pair: expected both");
}
