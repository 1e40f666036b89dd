import type { Span } from "./ast.ts";
import { excerpt, QueryError } from "./query-error.ts";

const escaped = /\\(u[0-9a-f]{4}|[\s\S])/giu;

/**
 * The value of a string literal that stands, quotes included, at `span` of `text`. The escapes are those of
 * spec/query-language 4: `\'`, `\"`, `\\` and `\uXXXX`; any other is refused.
 */
export function stringValue(text: string, span: Span): string {
  const inner = text.slice(span.start + 1, span.end - 1);
  if (!inner.includes("\\")) return inner;
  const value = inner.replace(escaped, (whole: string, what: string, at: number) => {
    if (what.length === 5) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
    if (what === "'" || what === '"' || what === "\\") return what;
    const start = span.start + 1 + at;
    const fault = { start, end: start + whole.length };
    throw new QueryError(text, fault, `unexpected ${excerpt(text, fault)}: expected \\', \\", \\\\ or \\uXXXX`);
  });
  // Half a character equals none that a document can hold.
  if (!value.isWellFormed()) throw new QueryError(text, span, "the string holds half a surrogate pair: expected both");
  return value;
}
