import type { IToken } from "chevrotain";
import type { ArithmeticOperator, ComparisonOperator, Expression, Literal } from "./ast.ts";
import * as tokens from "./lexer.ts";
import { queryLimits } from "./limits.ts";
import { aggregateOf, type Choice, OperandGrammar, type Rule } from "./operand-grammar.ts";
import { tooDeep } from "./query-error.ts";

/** What a rule of operands says it wanted: a condition or a value, which depends on what stands before. */
export const operandWanted = "operand";

/** The part of an expression behind the value that is looked up in a list or compared with a pattern. */
type Membership =
  | { readonly kind: "in"; readonly items: readonly Literal[]; readonly negated: boolean }
  | { readonly kind: "like"; readonly pattern: string; readonly negated: boolean };

/**
 * The expressions of spec/query-language 4, by precedence from OR down. NOT takes a whole comparison, as in SQL
 * (spec/query-language 8, unconfirmed). Paths and calls come out as written: what they mean is settled afterwards.
 */
export abstract class ExpressionGrammar extends OperandGrammar {
  /** Brackets and calls that are open. */
  #open = 0;

  protected override begin(text: string, strict: boolean): void {
    super.begin(text, strict);
    this.#open = 0;
  }

  protected readonly condition: Rule<Expression> = this.RULE("condition", (): Expression => {
    const start = this.LA(1).startOffset;
    const operands = [this.SUBRULE(this.conjunction)];
    this.MANY(() => {
      this.CONSUME(tokens.Or);
      operands.push(this.SUBRULE2(this.conjunction));
    });
    return this.#joined("or", operands, start);
  });

  protected readonly conjunction: Rule<Expression> = this.RULE("conjunction", (): Expression => {
    const start = this.LA(1).startOffset;
    const operands = [this.SUBRULE(this.negation)];
    this.MANY(() => {
      this.CONSUME(tokens.And);
      operands.push(this.SUBRULE2(this.negation));
    });
    return this.#joined("and", operands, start);
  });

  protected readonly negation: Rule<Expression> = this.RULE("negation", (): Expression => {
    const starts: number[] = [];
    this.MANY(() => starts.push(this.CONSUME(tokens.Not).startOffset));
    return starts.reduceRight<Expression>(
      (operand, start) => ({ kind: "not", operand, span: this.spanFrom(start) }),
      this.SUBRULE(this.predicate),
    );
  });

  protected readonly predicate: Rule<Expression> = this.RULE("predicate", (): Expression => {
    const start = this.LA(1).startOffset;
    const value = this.SUBRULE(this.sum);
    return this.OR<Choice<Expression>>([
      {
        ALT: () => {
          const sign = this.CONSUME(tokens.ComparisonSign).image;
          const right = this.SUBRULE2(this.sum);
          const operator = (sign === "<>" ? "!=" : sign) as ComparisonOperator;
          return { kind: "compare", operator, left: value, right, span: this.spanFrom(start) };
        },
      },
      {
        ALT: () => {
          const test = this.SUBRULE(this.membership);
          return { ...test, value, span: this.spanFrom(start) };
        },
      },
      { ALT: () => value },
    ]);
  });

  protected readonly membership: Rule<Membership> = this.RULE("membership", (): Membership => {
    const negated = this.OPTION(() => this.CONSUME(tokens.Not)) !== undefined;
    return this.OR<Choice<Membership>>({
      DEF: [
        {
          ALT: (): Membership => {
            this.CONSUME(tokens.In);
            return { kind: "in", items: this.SUBRULE(this.array), negated };
          },
        },
        {
          GATE: () => !negated,
          ALT: (): Membership => {
            this.CONSUME(tokens.Nin);
            return { kind: "in", items: this.SUBRULE2(this.array), negated: true };
          },
        },
        {
          ALT: (): Membership => {
            this.extension(this.CONSUME(tokens.Like), "LIKE");
            return { kind: "like", pattern: this.string(this.CONSUME(tokens.StringLiteral)), negated };
          },
        },
      ],
      ERR_MSG: this.strict ? "IN" : "IN or LIKE",
    });
  });

  protected readonly sum: Rule<Expression> = this.RULE("sum", (): Expression => {
    const start = this.LA(1).startOffset;
    let left = this.SUBRULE(this.product);
    this.MANY(() => {
      const operator = this.CONSUME(tokens.AdditiveOperator).image as ArithmeticOperator;
      const right = this.SUBRULE2(this.product);
      left = { kind: "arithmetic", operator, left, right, span: this.spanFrom(start) };
    });
    return left;
  });

  protected readonly product: Rule<Expression> = this.RULE("product", (): Expression => {
    const start = this.LA(1).startOffset;
    let left = this.SUBRULE(this.factor);
    this.MANY(() => {
      const operator = this.CONSUME(tokens.Factor).image as ArithmeticOperator;
      const right = this.SUBRULE2(this.factor);
      left = { kind: "arithmetic", operator, left, right, span: this.spanFrom(start) };
    });
    return left;
  });

  protected readonly factor: Rule<Expression> = this.RULE("factor", (): Expression => {
    const starts: number[] = [];
    this.MANY(() => starts.push(this.CONSUME(tokens.Minus).startOffset));
    const operand = this.OR<Choice<Expression>>({
      DEF: [
        { ALT: () => this.SUBRULE(this.literal) },
        { GATE: () => this.#atCall(), ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.SUBRULE(this.reference) },
        { ALT: () => this.SUBRULE(this.bracketed) },
      ],
      ERR_MSG: operandWanted,
      IGNORE_AMBIGUITIES: true,
    });
    return starts.reduceRight((inner, start) => this.#negative(inner, start), operand);
  });

  protected readonly bracketed: Rule<Expression> = this.RULE("bracketed", (): Expression => {
    this.#enter(this.CONSUME(tokens.LeftParen));
    const inner = this.SUBRULE(this.condition);
    this.CONSUME(tokens.RightParen, { ERR_MSG: "an operator or ')'" });
    this.#open--;
    return inner;
  });

  protected readonly call: Rule<Expression> = this.RULE("call", (): Expression => {
    const name = this.CONSUME(tokens.PathStart);
    this.#enter(this.CONSUME(tokens.LeftParen));
    const args: Expression[] = [];
    this.MANY_SEP({ SEP: tokens.Comma, DEF: () => args.push(this.SUBRULE(this.condition)) });
    this.CONSUME(tokens.RightParen, { ERR_MSG: args.length === 0 ? "a value or ')'" : "an operator, ',' or ')'" });
    this.#open--;
    return { kind: "call", name: name.image.toLowerCase(), args, span: this.spanFrom(name.startOffset) };
  });

  /** Whether a call comes that is not an aggregate. */
  #atCall(): boolean {
    return this.LA(2).tokenType === tokens.LeftParen && aggregateOf(this.LA(1)) === undefined;
  }

  /** The nesting of rules is the parser's own stack, so it has an end. */
  #enter(token: IToken): void {
    this.#open++;
    if (this.#open > queryLimits.depth) throw tooDeep(this.text, tokens.spanOf(token));
  }

  #joined(kind: "and" | "or", operands: readonly Expression[], start: number): Expression {
    const [only] = operands;
    return operands.length === 1 && only !== undefined ? only : { kind, operands, span: this.spanFrom(start) };
  }

  /** A minus before a number makes a number, so that a comparison with it is one with a constant. */
  #negative(operand: Expression, start: number): Expression {
    const span = this.spanFrom(start);
    if (operand.kind === "literal" && typeof operand.value === "number") {
      return { kind: "literal", value: -operand.value, span };
    }
    return { kind: "negate", operand, span };
  }
}
