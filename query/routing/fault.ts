import type { Span } from "../ast.ts";

/** What is wrong with a condition, and where; `message` is in the words of spec/query-language 14. */
export type Fault = { readonly message: string; readonly span: Span };

/** Carries a fault that ends the reading of a condition to whoever asked for it. */
export class ConditionFault extends Error {
  readonly fault: Fault;

  constructor(message: string, { start, end }: Span) {
    super(message);
    this.fault = { message, span: { start, end } };
  }
}
