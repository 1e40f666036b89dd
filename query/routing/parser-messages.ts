import { EOF, type IParserErrorMessageProvider, type IToken, tokenLabel } from "chevrotain";
import { excerpt } from "../query-error.ts";

const fault = (found: IToken | undefined, expected: string): string => {
  const place =
    found === undefined || found.tokenType === EOF
      ? "the end"
      : excerpt(found.image, { start: 0, end: found.image.length });
  return `Syntax error: unexpected ${place}: expected ${expected}`;
};

/** What the parser says when a token does not fit: what was found, and what was expected there. */
export const parserMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ actual, expected, ruleName }) =>
    fault(actual, ruleName === "call" ? "an operator, ',' or ')'" : tokenLabel(expected)),
  buildNotAllInputParsedMessage: ({ firstRedundant }) => fault(firstRedundant, "an operator or the end"),
  buildNoViableAltMessage: ({ actual }) => fault(actual[0], "a value"),
  buildEarlyExitMessage: ({ actual }) => fault(actual[0], "a value"),
};
