import {
  EOF,
  type IParserErrorMessageProvider,
  type IToken,
  NotAllInputParsedException,
  type TokenType,
  tokenLabel,
} from "chevrotain";
import type { Aggregate, Expression, Path, Span } from "./ast.ts";
import { ExpressionGrammar, operandWanted } from "./expression-grammar.ts";
import * as tokens from "./lexer.ts";
import type { Choice, Rule } from "./operand-grammar.ts";
import { collectionNames } from "./settle-path.ts";

/** The name of a collection as it is written, without the blanks in it. */
export type Written = { readonly name: string; readonly span: Span };

/** A column as it is written. */
export type WrittenItem = { readonly value: Path | Aggregate; readonly alias: string | undefined; readonly span: Span };

/** What is selected, as it is written: no items stand for `*`. `span` has all from there on to FROM. */
export type WrittenSelection = {
  readonly distinct: boolean;
  readonly top: number | undefined;
  readonly items: readonly WrittenItem[] | undefined;
  readonly span: Span;
};

/** GROUP BY, where `span` has the path too, and HAVING. */
export type WrittenGroup = { readonly path: Path; readonly having: Expression | undefined; readonly span: Span };

/** A value to order by, as it is written. */
export type WrittenOrder = { readonly value: Path | Aggregate; readonly descending: boolean };

/** A query by its clauses. Its form is right; its names are as written, and its clauses may not fit each other. */
export type Statement = {
  readonly selection: WrittenSelection;
  readonly collection: Written;
  readonly where: Expression | undefined;
  readonly group: WrittenGroup | undefined;
  readonly orderBy: readonly WrittenOrder[];
  readonly offset: number;
};

/** A condition that names what it is about: `FROM devices.modules WHERE …`. */
export type Target = { readonly collection: Written; readonly where: Expression };

/** A text to parse, of which `skipped` tokens at the beginning were put there by us. */
export type Source = { readonly text: string; readonly skipped: number; readonly strict: boolean };

/**
 * The statement of spec/query-language 4 with our extensions: DISTINCT, HAVING, ORDER BY and OFFSET. Every choice is made
 * by the two next tokens, so time and memory grow with the text alone.
 */
export class QueryGrammar extends ExpressionGrammar {
  /** What might come where the part that was read last ends. */
  #next: readonly string[] = [];

  constructor() {
    super({ maxLookahead: 2, recoveryEnabled: false, errorMessageProvider: expectations });
    this.performSelfAnalysis();
  }

  /** Throws a QueryError. */
  readStatement(source: Source): Statement {
    return this.#read(source, () => this.statement());
  }

  /** Throws a QueryError. */
  readTarget(source: Source): Target {
    return this.#read(source, () => this.target());
  }

  /** Throws a QueryError. */
  readCondition(source: Source): Expression {
    return this.#read(source, () => this.condition());
  }

  protected readonly statement: Rule<Statement> = this.RULE("statement", (): Statement => {
    const selection = this.SUBRULE(this.selection);
    this.CONSUME(tokens.From);
    const collection = this.SUBRULE(this.collection);
    this.#mayFollow(["WHERE", "GROUP BY"], ["ORDER BY", "OFFSET"]);
    const where = this.OPTION1(() => this.SUBRULE(this.where));
    const group = this.OPTION2(() => this.SUBRULE(this.group));
    const orderBy = this.OPTION3(() => this.SUBRULE(this.orderBy)) ?? [];
    const offset = this.OPTION4(() => this.SUBRULE(this.offset)) ?? 0;
    return { selection, collection, where, group, orderBy, offset };
  });

  protected readonly target: Rule<Target> = this.RULE("target", (): Target => {
    this.CONSUME(tokens.From);
    const collection = this.SUBRULE(this.collection);
    const where = this.SUBRULE(this.where);
    this.#mayFollow(["an operator"], []);
    return { collection, where };
  });

  protected readonly selection: Rule<WrittenSelection> = this.RULE("selection", (): WrittenSelection => {
    this.CONSUME(tokens.Select);
    const distinct = this.OPTION1(() => {
      this.extension(this.CONSUME(tokens.Distinct), "DISTINCT");
      return true;
    });
    const top = this.OPTION2(() => {
      this.CONSUME(tokens.Top);
      return this.SUBRULE1(this.wholeNumber);
    });
    const start = this.LA(1).startOffset;
    const items = this.OR<Choice<WrittenItem[] | undefined>>({
      DEF: [
        { GATE: () => distinct === undefined, ALT: () => this.CONSUME(tokens.Star) && undefined },
        { ALT: () => this.SUBRULE(this.items) },
      ],
      ERR_MSG: distinct ? "columns" : "'*' or columns",
    });
    return { distinct: distinct ?? false, top, items, span: this.spanFrom(start) };
  });

  protected readonly items: Rule<WrittenItem[]> = this.RULE("items", (): WrittenItem[] => {
    const items: WrittenItem[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: tokens.Comma,
      DEF: () => {
        const start = this.LA(1).startOffset;
        const value = this.SUBRULE(this.reference);
        // Documented as a must, and left out by clients (spec/query-language 4).
        const alias = this.OR<Choice<IToken | undefined>>([
          {
            ALT: () => {
              this.CONSUME(tokens.As);
              return this.CONSUME(tokens.Segment);
            },
          },
          { ALT: () => this.CONSUME(tokens.Name) },
          { ALT: () => undefined },
        ]);
        items.push({ value, alias: alias && tokens.nameOf(alias), span: this.spanFrom(start) });
      },
      ERR_MSG: "a column",
    });
    return items;
  });

  protected readonly collection: Rule<Written> = this.RULE("collection", (): Written => {
    const first = this.CONSUME1(tokens.Name, { ERR_MSG: collectionNames });
    const second = this.OPTION(() => {
      this.CONSUME(tokens.Dot);
      return this.CONSUME2(tokens.Name);
    });
    const name = second === undefined ? first.image : `${first.image}.${second.image}`;
    return { name, span: this.spanFrom(first.startOffset) };
  });

  protected readonly where: Rule<Expression> = this.RULE("where", (): Expression => {
    this.CONSUME(tokens.Where);
    const condition = this.SUBRULE(this.condition);
    this.#mayFollow(["an operator", "GROUP BY"], ["ORDER BY", "OFFSET"]);
    return condition;
  });

  protected readonly group: Rule<WrittenGroup> = this.RULE("group", (): WrittenGroup => {
    const start = this.CONSUME(tokens.Group).startOffset;
    this.CONSUME(tokens.By);
    const path = this.SUBRULE(this.path);
    const span = this.spanFrom(start);
    this.#mayFollow([], ["HAVING", "ORDER BY", "OFFSET"]);
    const having = this.OPTION(() => this.SUBRULE(this.having));
    return { path, having, span };
  });

  protected readonly having: Rule<Expression> = this.RULE("having", (): Expression => {
    this.extension(this.CONSUME(tokens.Having), "HAVING");
    const condition = this.SUBRULE(this.condition);
    this.#mayFollow(["an operator"], ["ORDER BY", "OFFSET"]);
    return condition;
  });

  protected readonly orderBy: Rule<WrittenOrder[]> = this.RULE("orderBy", (): WrittenOrder[] => {
    this.extension(this.CONSUME(tokens.Order), "ORDER BY");
    this.CONSUME(tokens.By);
    const values: WrittenOrder[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: tokens.Comma,
      DEF: () => {
        const value = this.SUBRULE(this.reference);
        const descending = this.OR<Choice<boolean>>([
          { ALT: () => this.CONSUME(tokens.Desc) && true },
          { ALT: () => this.CONSUME(tokens.Asc) && false },
          { ALT: () => false },
        ]);
        values.push({ value, descending });
      },
      ERR_MSG: "a path or an aggregate",
    });
    this.#mayFollow([], ["','", "OFFSET"]);
    return values;
  });

  protected readonly offset: Rule<number> = this.RULE("offset", (): number => {
    this.extension(this.CONSUME(tokens.Offset), "OFFSET");
    const rows = this.SUBRULE(this.wholeNumber);
    this.#mayFollow([], []);
    return rows;
  });

  protected readonly wholeNumber: Rule<number> = this.RULE("wholeNumber", (): number => {
    const token = this.CONSUME(tokens.NumberLiteral, { ERR_MSG: "a whole number" });
    return this.ACTION(() => {
      const value = Number(token.image);
      if (/^\d+$/.test(token.image) && Number.isSafeInteger(value)) return value;
      throw this.unexpected(token, "a whole number below 2^53");
    });
  });

  #read<Result>({ text, skipped, strict }: Source, rule: () => Result): Result {
    this.begin(text, strict);
    this.#mayFollow(["an operator"], []);
    this.input = tokens.tokensOf(text).slice(skipped);
    const result = rule();
    const [error] = this.errors;
    if (error === undefined) return result;
    const wanted = error instanceof NotAllInputParsedException ? listOf([...this.#next, "the end"]) : error.message;
    throw this.unexpected(error.token, wanted);
  }

  #mayFollow(documented: readonly string[], extensions: readonly string[]): void {
    this.#next = this.strict ? documented : [...documented, ...extensions];
  }
}

/** `a`, `a or b`, `a, b or c`. */
const listOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

/** Behind these, and at the beginning of a text, a condition is due rather than a value. */
const beforeConditions: ReadonlySet<TokenType> = new Set([
  tokens.Where,
  tokens.Having,
  tokens.And,
  tokens.Or,
  tokens.Not,
  EOF,
]);

/** The message of an error of the parser says only what was expected. Every choice that may fail names it itself. */
const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => tokenLabel(expected),
  buildNoViableAltMessage: ({ customUserDescription: wanted = "", previous }) => {
    if (wanted !== operandWanted) return wanted;
    return beforeConditions.has(previous.tokenType) ? "a condition" : "a value";
  },
  buildEarlyExitMessage: ({ customUserDescription: wanted = "" }) => wanted,
  buildNotAllInputParsedMessage: () => "the end",
};
