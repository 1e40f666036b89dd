import { EmbeddedActionsParser, type IToken, type ParserMethod } from "chevrotain";
import type { Expression, Literal, Path, Span } from "../ast.ts";
import { buildTree, checkDepth, type OperatorSpans } from "./build-tree.ts";
import { ConditionFault } from "./fault.ts";
import { readDecimal, readHexadecimal, readText, readWord } from "./literals.ts";
import { parserMessages } from "./parser-messages.ts";
import { readReference } from "./references.ts";
import { spanOf, tokenize } from "./tokenize.ts";
import {
  Comma,
  Decimal,
  Hexadecimal,
  LeftBrace,
  LeftParenthesis,
  Minus,
  Name,
  Not,
  Operator,
  Reference,
  RightBrace,
  RightParenthesis,
  Text,
  vocabulary,
  Word,
} from "./tokens.ts";

/** A condition as a tree, and where the operators of each expression of it are. */
export type ParsedRoute = { readonly tree: Expression; readonly operators: OperatorSpans };

/**
 * Grammar of a condition (spec/query-language 8, 14). Operators have no levels here: trees are built from the flat
 * list, so that a pair of parentheses costs three calls and not one for each level.
 *
 *     expression = operand { operator operand }
 *     operand    = { "-" | NOT } ( constant | reference | "{" reference "}" | call | "(" expression ")" )
 *     call       = name [ "(" [ expression { "," expression } ] ")" ]
 */
class RouteParser extends EmbeddedActionsParser {
  text = "";
  operators: OperatorSpans = new Map();

  constructor() {
    super(vocabulary, { errorMessageProvider: parserMessages });
    this.performSelfAnalysis();
  }

  readonly expression: ParserMethod<[], Expression> = this.RULE("expression", () => {
    const operands = [this.SUBRULE(this.operand)];
    const operators: IToken[] = [];
    this.MANY(() => {
      operators.push(this.CONSUME(Operator));
      operands.push(this.SUBRULE2(this.operand));
    });
    return this.ACTION(() => buildTree(operands, operators, this.operators));
  });

  private readonly operand: ParserMethod<[], Expression> = this.RULE("operand", () => {
    const prefixes: IToken[] = [];
    this.MANY(() => {
      prefixes.push(this.OR1([{ ALT: () => this.CONSUME(Minus) }, { ALT: () => this.CONSUME(Not) }]));
    });
    const value = this.OR2([
      { ALT: () => this.SUBRULE(this.constant) },
      { ALT: () => this.SUBRULE(this.reference) },
      { ALT: () => this.SUBRULE(this.call) },
      { ALT: () => this.SUBRULE(this.nested) },
    ]);
    return this.ACTION(() =>
      prefixes.reduceRight<Expression>((operand, prefix) => {
        const span = { start: prefix.startOffset, end: operand.span.end };
        return { kind: prefix.tokenType === Not ? "not" : "negate", operand, span };
      }, value),
    );
  });

  private readonly nested: ParserMethod<[], Expression> = this.RULE("nested", () => {
    this.CONSUME(LeftParenthesis);
    const expression = this.SUBRULE(this.expression);
    this.CONSUME(RightParenthesis);
    return expression;
  });

  private readonly constant: ParserMethod<[], Literal> = this.RULE("constant", () =>
    this.OR([
      { ALT: () => this.#literal(this.CONSUME(Word), readWord) },
      { ALT: () => this.#literal(this.CONSUME(Decimal), readDecimal) },
      { ALT: () => this.#literal(this.CONSUME(Hexadecimal), readHexadecimal) },
      { ALT: () => this.#literal(this.CONSUME(Text), readText) },
    ]),
  );

  private readonly reference: ParserMethod<[], Path> = this.RULE("reference", () =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME1(Reference);
          return this.ACTION(() => readReference(token.image, { span: this.#span(token), braced: false }));
        },
      },
      {
        ALT: () => {
          this.CONSUME(LeftBrace);
          const token = this.CONSUME2(Reference);
          this.CONSUME(RightBrace);
          return this.ACTION(() => readReference(token.image, { span: this.#span(token), braced: true }));
        },
      },
    ]),
  );

  private readonly call: ParserMethod<[], Expression> = this.RULE("call", () => {
    const name = this.CONSUME(Name);
    const args: Expression[] = [];
    let end: IToken | undefined;
    this.OPTION(() => {
      this.CONSUME(LeftParenthesis);
      this.MANY_SEP({ SEP: Comma, DEF: () => args.push(this.SUBRULE(this.expression)) });
      end = this.CONSUME(RightParenthesis);
    });
    return this.ACTION((): Expression => {
      const span = this.#span(name);
      if (end === undefined) return { kind: "path", source: "application", steps: [name.image], span };
      return { kind: "call", name: name.image.toLowerCase(), args, span: { ...span, end: this.#span(end).end } };
    });
  });

  #span(token: IToken): Span {
    return spanOf(token, this.text);
  }

  #literal(token: IToken, read: (image: string) => Literal["value"]): Literal {
    return this.ACTION(() => ({ kind: "literal", value: read(token.image), span: this.#span(token) }));
  }
}

const parser = new RouteParser();

/**
 * Parses a condition; one without any word of it is nothing, not even a tree (spec/query-language 14: it is undefined).
 * Throws ConditionFault for the first fault of its syntax.
 */
export function parseRoute(text: string): ParsedRoute | undefined {
  const tokens = tokenize(text);
  if (tokens.length === 0) return undefined;
  const operators: OperatorSpans = new Map();
  parser.input = tokens;
  parser.text = text;
  parser.operators = operators;
  const tree = parser.expression();
  const [error] = parser.errors;
  if (error !== undefined) throw new ConditionFault(error.message, spanOf(error.token, text));
  checkDepth(tree);
  return { tree, operators };
}
