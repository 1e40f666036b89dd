import {
  EmbeddedActionsParser,
  EOF,
  type IOrAlt,
  type IParserConfig,
  type IToken,
  type ParserMethod,
  type TokenType,
} from "chevrotain";
import type { Aggregate, Literal, Path, Span } from "./ast.ts";
import * as tokens from "./lexer.ts";
import { excerpt, QueryError } from "./query-error.ts";
import { stringValue } from "./string-literal.ts";

/** A rule without arguments. */
export type Rule<Result> = ParserMethod<[], Result>;

/** Alternatives of a rule that all give the same. */
export type Choice<Result> = IOrAlt<Result>[];

/** The names of the aggregates, in lower case. */
const aggregateNames: ReadonlyMap<string, Aggregate["name"]> = new Map(
  (["count", "avg", "sum", "min", "max"] as const).map((name) => [name, name]),
);

/** The aggregate that a token names, in any case. */
export const aggregateOf = ({ image }: IToken) => aggregateNames.get(image.toLowerCase());

/** What is wrong where something has no end. */
const unclosed: ReadonlyMap<TokenType, string> = new Map([
  [tokens.UnclosedString, "the string has no end: expected the quote that closes it"],
  [tokens.UnclosedName, "the quoted name has no text or no end: expected [[…]]"],
  [tokens.UnclosedComment, "the comment has no end: expected '*/'"],
]);

/** What stands at the ends of an expression: constants, paths and aggregates; and how a place in the text is refused. */
export abstract class OperandGrammar extends EmbeddedActionsParser {
  /** The text that is parsed. */
  protected text = "";
  /** Refuse what goes beyond IoT Hub's language. */
  protected strict = false;

  constructor(config: IParserConfig) {
    super([...tokens.vocabulary], config);
  }

  /** Makes ready for another text, whatever became of the last one. */
  protected begin(text: string, strict: boolean): void {
    this.text = text;
    this.strict = strict;
  }

  protected readonly literal: Rule<Literal> = this.RULE("literal", (): Literal => {
    const span = tokens.spanOf(this.LA(1));
    const value = this.OR<Choice<Literal["value"]>>([
      { ALT: () => this.string(this.CONSUME(tokens.StringLiteral)) },
      {
        ALT: () => {
          const token = this.CONSUME(tokens.NumberLiteral);
          return this.ACTION(() => this.number(token));
        },
      },
      { ALT: () => this.CONSUME(tokens.True) && true },
      { ALT: () => this.CONSUME(tokens.False) && false },
      { ALT: () => this.CONSUME(tokens.Null) && null },
      { ALT: () => this.CONSUME(tokens.Undefined) && undefined },
    ]);
    return { kind: "literal", value, span };
  });

  protected readonly constant: Rule<Literal> = this.RULE(
    "constant",
    (): Literal =>
      this.OR<Choice<Literal>>({
        DEF: [
          { ALT: () => this.SUBRULE(this.literal) },
          {
            ALT: (): Literal => {
              const start = this.CONSUME(tokens.Minus).startOffset;
              const number = this.CONSUME(tokens.NumberLiteral);
              const value = this.ACTION(() => -this.number(number));
              return { kind: "literal", value, span: this.spanFrom(start) };
            },
          },
        ],
        ERR_MSG: "a constant",
      }),
  );

  protected readonly array: Rule<Literal[]> = this.RULE("array", (): Literal[] => {
    const items: Literal[] = [];
    this.CONSUME(tokens.LeftBracket);
    this.MANY_SEP({ SEP: tokens.Comma, DEF: () => items.push(this.SUBRULE(this.constant)) });
    this.CONSUME(tokens.RightBracket, { ERR_MSG: items.length === 0 ? "a constant or ']'" : "',' or ']'" });
    return items;
  });

  /** A path, or an aggregate. */
  protected readonly reference: Rule<Path | Aggregate> = this.RULE("reference", (): Path | Aggregate => {
    const first = this.LA(1);
    const name = aggregateOf(first);
    return this.OR<Choice<Path | Aggregate>>({
      DEF: [
        {
          GATE: () => this.LA(2).tokenType === tokens.LeftParen,
          ALT: (): Aggregate => {
            this.CONSUME(tokens.PathStart);
            this.CONSUME(tokens.LeftParen);
            this.ACTION(() => this.#checkAggregate(first, name));
            const argument = this.OPTION({ GATE: () => name !== "count", DEF: () => this.SUBRULE(this.path) });
            this.CONSUME(tokens.RightParen);
            return { kind: "aggregate", name: name ?? "count", argument, span: this.spanFrom(first.startOffset) };
          },
        },
        { ALT: () => this.SUBRULE2(this.path) },
      ],
      ERR_MSG: "a path or an aggregate",
      IGNORE_AMBIGUITIES: true,
    });
  });

  protected readonly path: Rule<Path> = this.RULE("path", (): Path => {
    const first = this.CONSUME(tokens.PathStart);
    const steps = [tokens.nameOf(first)];
    this.MANY(() => {
      this.CONSUME(tokens.Dot);
      steps.push(tokens.nameOf(this.CONSUME(tokens.Segment)));
    });
    return { kind: "path", source: "row", steps, span: this.spanFrom(first.startOffset) };
  });

  /** From `start` to the end of the token that was taken last. */
  protected spanFrom(start: number): Span {
    return { start, end: tokens.spanOf(this.LA(0)).end };
  }

  /** Refuses a token, with what should stand in its place. */
  protected unexpected(token: IToken, wanted: string): QueryError {
    const { text } = this;
    if (token.tokenType === EOF) {
      return new QueryError(text, { start: text.length, end: text.length }, `unexpected end: expected ${wanted}`);
    }
    const span = tokens.spanOf(token);
    const fault = unclosed.get(token.tokenType);
    if (fault !== undefined) return new QueryError(text, span, fault);
    return new QueryError(text, span, `unexpected ${excerpt(text, span)}: expected ${wanted}`);
  }

  /** Refuses an extension of ours when only IoT Hub's own language is allowed. */
  protected extension(token: IToken, name: string): void {
    if (!this.strict) return;
    const fault = `unexpected ${name}: IoT Hub has none, and queries here are held to its language`;
    throw new QueryError(this.text, tokens.spanOf(token), fault);
  }

  protected string(token: IToken): string {
    return stringValue(this.text, tokens.spanOf(token));
  }

  protected number(token: IToken): number {
    const value = Number(token.image);
    if (Number.isFinite(value)) return value;
    throw new QueryError(this.text, tokens.spanOf(token), "the number is too large: expected less than 1.8e308");
  }

  #checkAggregate(first: IToken, name: Aggregate["name"] | undefined): void {
    if (name === undefined) throw this.unexpected(first, "COUNT, AVG, SUM, MIN or MAX");
    const next = this.LA(1);
    if (name === "count") {
      if (next.tokenType !== tokens.RightParen) throw this.unexpected(next, "')', for COUNT takes no argument");
    } else if (next.tokenType !== tokens.Name && next.tokenType !== tokens.QuotedName) {
      throw this.unexpected(next, "a path");
    }
  }
}
