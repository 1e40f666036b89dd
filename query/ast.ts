/** A stretch of a query's text, in UTF-16 units: from `start` up to, not including, `end`. */
export type Span = { readonly start: number; readonly end: number };

/** What a query reads: device twins, module twins, or the rows of jobs on devices (spec/query-language 2). */
export type Collection = "devices" | "devices.modules" | "devices.jobs";

/** A constant. `undefined` is a constant of the language too. */
export type Literal = {
  readonly kind: "literal";
  readonly value: undefined | null | boolean | number | string;
  readonly span: Span;
};

/**
 * What a path begins at: the row of a query, or for a routing condition the body of the message, the sender's twin, a
 * system property or an application property. `property` is `$name` without braces, which may be either of the last two.
 */
export type PathSource = "row" | "body" | "twin" | "system" | "application" | "property";

/**
 * A place in a document. Steps are member names, and in a body indexes of arrays. In a query of twins and jobs the name of
 * the collection is gone from the beginning and root fields have their canonical names: `Devices.DeviceID` is `deviceId`.
 */
export type Path = {
  readonly kind: "path";
  readonly source: PathSource;
  readonly steps: readonly (string | number)[];
  readonly span: Span;
};

/** `COUNT()` has no argument, the others have one. */
export type Aggregate = {
  readonly kind: "aggregate";
  readonly name: "count" | "avg" | "sum" | "min" | "max";
  readonly argument: Path | undefined;
  readonly span: Span;
};

export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** `||` joins texts and `??` takes the first operand that is defined; both are of routing conditions only. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "||" | "??";

/** A condition or a value. An aggregate stands in HAVING and ORDER BY only. */
export type Expression =
  | Literal
  | Path
  | Aggregate
  | { readonly kind: "not" | "negate"; readonly operand: Expression; readonly span: Span }
  /** Two operands or more. */
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[]; readonly span: Span }
  | {
      readonly kind: "compare";
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly span: Span;
    }
  | {
      readonly kind: "arithmetic";
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly span: Span;
    }
  /** `IN`, and with `negated` `NIN` or `NOT IN`. */
  | {
      readonly kind: "in";
      readonly value: Expression;
      readonly items: readonly Literal[];
      readonly negated: boolean;
      readonly span: Span;
    }
  /** `%` stands for any text, `_` for one character, `\` takes the next character as it is. */
  | {
      readonly kind: "like";
      readonly value: Expression;
      readonly pattern: string;
      readonly negated: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: "call";
      /** The function's name in lower case, such as `is_defined`. */
      readonly name: string;
      readonly args: readonly Expression[];
      readonly span: Span;
    };

/** A column of the result: `name` is its key there. */
export type SelectItem = { readonly name: string; readonly value: Path | Aggregate; readonly span: Span };

/** What a query gives back: whole rows, or rows of its own making. */
export type Selection =
  | { readonly kind: "all" }
  | { readonly kind: "items"; readonly distinct: boolean; readonly items: readonly SelectItem[] };

export type OrderBy = { readonly value: Path | Aggregate; readonly descending: boolean };

/** A query of twins or jobs that has passed the checks (spec/query-language 4). */
export type Query = {
  readonly text: string;
  readonly collection: Collection;
  readonly select: Selection;
  /** Rows at most, over all pages. */
  readonly top: number | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: Path | undefined;
  /** Its paths are the one of `groupBy`; names of columns have become what they stand for. */
  readonly having: Expression | undefined;
  readonly orderBy: readonly OrderBy[];
  readonly offset: number;
};
