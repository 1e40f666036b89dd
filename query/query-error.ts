import type { Span } from "./ast.ts";
import { queryLimits } from "./limits.ts";

/**
 * A text of the query language that is refused, and the place of the fault: `start` up to, not including, `end` in UTF-16
 * units, `line` and `column` of `start` from 1 on. Its message begins with the place, as IoT Hub's does: `Line 1:29
 * unexpected 'SELECT': expected a condition` (spec/query-language 11). Of the text it holds a short excerpt at most.
 */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;

  /** `fault` says what is wrong at `span` of `text`. */
  constructor(text: string, { start, end }: Span, fault: string) {
    const { line, column } = placeOf(text, start);
    super(`Line ${line}:${column} ${fault}`);
    this.start = start;
    this.end = end;
    this.line = line;
    this.column = column;
  }
}

/** Characters of an excerpt at most. */
const excerptLength = 24;

/** What stands at a span of a text, in quotes, fit for one line of a message: cut short, and without control characters. */
export function excerpt(text: string, { start, end }: Span): string {
  const piece = text.slice(start, Math.min(end, start + excerptLength));
  // A cut may leave half a character.
  const printable = piece
    .toWellFormed()
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\uFFFD]/gu, "\u{FFFD}");
  return `'${printable}${end - start > excerptLength ? "…" : ""}'`;
}

/** A condition of more levels than are read. */
export const tooDeep = (text: string, span: Span): QueryError =>
  new QueryError(text, span, `the condition is nested too deeply: expected ${queryLimits.depth} levels at most`);

/** Line and column, from 1 on, of a place in a text. */
export function placeOf(text: string, at: number): { line: number; column: number } {
  const lines = text.slice(0, at).split(/\r\n|\n|\r/u);
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}
