import { EOF, type IToken, Lexer } from "chevrotain";
import type { Span } from "../ast.ts";
import { queryLimits } from "../limits.ts";
import { excerpt } from "../query-error.ts";
import { ConditionFault } from "./fault.ts";
import { LeftParenthesis, RightParenthesis, UnclosedComment, UnclosedText, Unknown, vocabulary } from "./tokens.ts";

const lexer = new Lexer(vocabulary, { positionTracking: "onlyOffset" });

/** Where a token stands. The parser has the end of the text as a token too, which stands behind the last character. */
export const spanOf = ({ startOffset, image, tokenType }: IToken, text: string): Span =>
  tokenType === EOF
    ? { start: text.length, end: text.length }
    : { start: startOffset, end: startOffset + image.length };

/**
 * Cuts a condition into tokens. Throws ConditionFault for what can't be one, and for parentheses without their partner.
 */
export function tokenize(text: string): IToken[] {
  const { tokens } = lexer.tokenize(text);
  const open: IToken[] = [];
  for (const token of tokens) {
    const span = spanOf(token, text);
    switch (token.tokenType) {
      case UnclosedText:
        throw new ConditionFault("Syntax error: unterminated string", span);
      case UnclosedComment:
        throw new ConditionFault("Syntax error: unterminated comment", span);
      case Unknown:
        throw new ConditionFault(`Syntax error: invalid symbol ${excerpt(text, span)}`, span);
      case LeftParenthesis:
        open.push(token);
        if (open.length > queryLimits.depth)
          throw new ConditionFault(`Syntax error: nesting deeper than ${queryLimits.depth}`, span);
        break;
      case RightParenthesis:
        if (open.pop() === undefined) throw new ConditionFault("Syntax error: unmatched closing ')'", span);
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw new ConditionFault("Syntax error: missing closing ')'", spanOf(unclosed, text));
  return tokens;
}
