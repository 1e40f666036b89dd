import type { Expression, Literal, Path, Span } from "../ast.ts";
import { excerpt } from "../query-error.ts";
import { compileArithmetic, compileNegation } from "./arithmetic.ts";
import { takes } from "./built-in.ts";
import { compileComparison } from "./compare.ts";
import type { Fault } from "./fault.ts";
import { functionsOfNumbers } from "./functions-of-numbers.ts";
import { functionsOfTexts } from "./functions-of-texts.ts";
import { functionsOfTypes } from "./functions-of-types.ts";
import { compileLogic, compileNot } from "./logic.ts";
import type { Evaluate } from "./message.ts";
import { constantOperand, type Operand, readsOf } from "./operand.ts";
import type { ParsedRoute } from "./parse-route.ts";
import { readDocument, readValue } from "./read-document.ts";
import { readApplicationProperty, readEitherProperty, readSystemProperty } from "./read-property.ts";
import { argumentFault, commonType, fits, isLogical, operandFault, type StaticType } from "./types.ts";

const builtIns = new Map([...functionsOfNumbers, ...functionsOfTexts, ...functionsOfTypes]);

type Of<Kind extends Expression["kind"]> = Extract<Expression, { readonly kind: Kind }>;

/** Stands for a part that has a fault, so that the rest is looked through as well. */
const faulty = constantOperand("unknown", undefined);

/** Finds out the types of a condition's parts and compiles them. Faults are collected in the order of evaluation. */
export class ExpressionCompiler {
  readonly faults: Fault[] = [];
  readonly #text: string;
  readonly #operators: ParsedRoute["operators"];

  constructor(text: string, { operators }: ParsedRoute) {
    this.#text = text;
    this.#operators = operators;
  }

  compile(expression: Expression): Operand {
    switch (expression.kind) {
      case "literal":
        return constantOperand(typeOf(expression.value), expression.value);
      case "path":
        return compilePath(expression);
      case "not":
      case "negate":
        return this.#prefixed(expression);
      case "and":
      case "or":
        return this.#logic(expression);
      case "compare":
        return this.#comparison(expression);
      case "arithmetic":
        return this.#arithmetic(expression);
      case "call":
        return this.#call(expression);
      case "aggregate":
      case "in":
      case "like":
        throw new TypeError(`a routing condition has no ${expression.kind}`);
    }
  }

  #prefixed({ kind, operand: inner, span }: Of<"not" | "negate">): Operand {
    const operand = this.compile(inner);
    const operator = { start: span.start, end: span.start + (kind === "not" ? 3 : 1) };
    // Whether IoT Hub takes `NOT undefined` is not known; it does take `undefined AND true`.
    if (kind === "not") {
      return isLogical(operand.type) ? compileNot(operand) : this.#operandFault(operator, [operand.type], "bool");
    }
    if (!fits("number", operand.type)) return this.#operandFault(operator, [operand.type], "number");
    return derived(operand.type, [operand], compileNegation(operand));
  }

  #logic(expression: Of<"and" | "or">): Operand {
    const operands = expression.operands.map((operand) => this.compile(operand));
    const types = operands.map(({ type }) => type);
    for (const [index, operator] of (this.#operators.get(expression) ?? []).entries()) {
      // What stands before the second operator is the Boolean that the first one makes.
      const [left, right] = [index === 0 ? types[0] : "bool", types[index + 1]];
      if (left === undefined || right === undefined || (isLogical(left) && isLogical(right))) continue;
      return this.#operandFault(operator, [left, right], "bool");
    }
    return compileLogic(expression.kind, operands);
  }

  #comparison(expression: Of<"compare">): Operand {
    const [left, right] = [this.compile(expression.left), this.compile(expression.right)];
    if (!fits(left.type, right.type)) return this.#binaryFault(expression, [left, right], left.type);
    return derived("bool", [left, right], compileComparison(expression.operator, left, right));
  }

  #arithmetic(expression: Of<"arithmetic">): Operand {
    const { operator } = expression;
    const [left, right] = [this.compile(expression.left), this.compile(expression.right)];
    const expected = operator === "??" ? left.type : operator === "||" ? "string" : "number";
    if (!fits(expected, left.type) || !fits(expected, right.type)) {
      return this.#binaryFault(expression, [left, right], expected);
    }
    const type = operator === "||" ? "string" : commonType(left.type, right.type);
    return derived(type, [left, right], compileArithmetic(operator, left, right));
  }

  #call({ name, args: inner, span }: Of<"call">): Operand {
    const args = inner.map((arg) => this.compile(arg));
    const place = { start: span.start, end: span.start + name.length };
    const variants = builtIns.get(name);
    if (variants === undefined) {
      return this.#fault(place, `Invalid built-in function ${excerpt(this.#text, place)}`);
    }
    const variant = variants.find((candidate) => takes(candidate, args));
    if (variant !== undefined) return derived(variant.result, args, variant.compile(args));
    const types = args.map(({ type }) => type);
    return this.#fault(place, argumentFault(this.#text.slice(place.start, place.end), types));
  }

  #binaryFault(expression: Expression, operands: readonly Operand[], expected: StaticType): Operand {
    const [operator = expression.span] = this.#operators.get(expression) ?? [];
    const types = operands.map(({ type }) => type);
    return this.#operandFault(operator, types, expected);
  }

  #operandFault(operator: Span, have: readonly StaticType[], expected: StaticType): Operand {
    const image = this.#text.slice(operator.start, operator.end);
    const wanted = have.map(() => expected);
    return this.#fault(operator, operandFault(image, have, wanted));
  }

  #fault(span: Span, message: string): Operand {
    this.faults.push({ span, message });
    return faulty;
  }
}

const derived = (type: StaticType, from: readonly Operand[], evaluate: Evaluate): Operand => ({
  type,
  evaluate,
  ...readsOf(from),
});

function typeOf(value: Literal["value"]): StaticType {
  if (value === null) return "null";
  const type = typeof value;
  return type === "boolean" ? "bool" : type === "string" || type === "number" ? type : "undefined";
}

function compilePath(path: Path): Operand {
  const [first = ""] = path.steps;
  const property = { type: "string", readsBody: false, readsTwin: false } as const;
  switch (path.source) {
    case "body":
    case "twin": {
      const reads = path.steps.length > 0;
      const [readsBody, readsTwin] = [reads && path.source === "body", reads && path.source === "twin"];
      return { type: "unknown", evaluate: readValue(path), document: readDocument(path), readsBody, readsTwin };
    }
    case "application":
      return { ...property, evaluate: readApplicationProperty(String(first)) };
    case "system":
      return { ...property, evaluate: readSystemProperty(String(first)) };
    case "property":
      return { ...property, evaluate: readEitherProperty(String(first)) };
    case "row":
      throw new TypeError("a routing condition has no rows");
  }
}
