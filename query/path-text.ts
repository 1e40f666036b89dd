import { type IToken, tokenMatcher } from "chevrotain";
import type { Collection, Span } from "./ast.ts";
import { checkText } from "./check-text.ts";
import { Dot, nameOf, QuotedName, Segment, spanOf, tokensOf } from "./lexer.ts";
import { excerpt, QueryError } from "./query-error.ts";
import { settlePath } from "./settle-path.ts";

/**
 * Reads a path as it stands in a query of the collection, such as `tags.[[group]].name`: the names of its steps, root fields
 * in their own spelling. Throws a QueryError.
 */
export function parsePath(text: string, collection: Collection): readonly string[] {
  checkText(text);
  const tokens = tokensOf(text);
  const steps = tokens.flatMap((token, index) => {
    const isName = index % 2 === 0;
    if (tokenMatcher(token, isName ? Segment : Dot)) return isName ? [nameOf(token)] : [];
    throw unfit(text, spanOf(token), isName ? Segment.LABEL : "'.'");
  });
  // A path ends with a name.
  if (tokens.length % 2 === 0) throw new QueryError(text, endOf(text), `the path ends here: expected ${Segment.LABEL}`);
  const span = { start: 0, end: text.length };
  return settlePath({ kind: "path", source: "row", steps, span }, { text, collection }).steps.map(String);
}

/** The same the other way round: a path as it can stand in a query. */
export const pathText = (steps: readonly string[]): string =>
  steps.map((step) => (isPlain(step, tokensOf(step)) ? step : `[[${step}]]`)).join(".");

const isPlain = (step: string, [token]: readonly IToken[]): boolean =>
  token !== undefined && token.image === step && token.tokenType !== QuotedName && tokenMatcher(token, Segment);

const endOf = ({ length }: string): Span => ({ start: length, end: length });

const unfit = (text: string, span: Span, expected = ""): QueryError =>
  new QueryError(text, span, `unexpected ${excerpt(text, span)}: expected ${expected}`);
