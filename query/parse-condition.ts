import type { Collection, Expression } from "./ast.ts";
import { checkCollection } from "./check-query.ts";
import { checkText } from "./check-text.ts";
import { grammar } from "./grammar.ts";
import { From, Star, tokensOf } from "./lexer.ts";
import { excerpt, QueryError } from "./query-error.ts";
import { settleExpression } from "./settle-expression.ts";

/** Which twins a job or a configuration is for: those of `where`, or all of the collection. */
export type Target = {
  readonly collection: "devices" | "devices.modules";
  readonly where: Expression | undefined;
};

/**
 * Parses and checks a condition as it stands behind WHERE. Places are those in the query that IoT Hub makes of it,
 * `SELECT * FROM devices WHERE …`: the condition begins at column 29 (spec/query-language 11). `strict` is as for
 * `parseQuery`. Throws a QueryError.
 */
export function parseCondition(
  condition: string,
  { collection, strict = false }: { collection: Collection; strict?: boolean },
): Expression {
  checkText(condition);
  const prefix = `SELECT * FROM ${collection} WHERE `;
  const text = prefix + condition;
  const written = grammar().readCondition({ text, skipped: tokensOf(prefix).length, strict });
  return settleExpression(written, { text, collection });
}

/**
 * Parses what a job's `queryCondition` or a configuration's `targetCondition` says (spec/query-language 13): `*` for all
 * devices, a condition on devices, or `from devices.modules where` and a condition on modules. Places are those in the query
 * that is made of it, which for modules begins with `SELECT * ` (unconfirmed). Throws a QueryError.
 */
export function parseTarget(target: string, { strict = false }: { strict?: boolean } = {}): Target {
  checkText(target);
  const [first, second] = tokensOf(target);
  if (first?.tokenType === Star && second === undefined) return { collection: "devices", where: undefined };
  if (first?.tokenType === From) return parseModules(target, strict);
  return { collection: "devices", where: parseCondition(target, { collection: "devices", strict }) };
}

function parseModules(target: string, strict: boolean): Target {
  const text = `SELECT * ${target}`;
  const { collection: written, where } = grammar().readTarget({ text, skipped: 2, strict });
  const collection = checkCollection(text, written);
  if (collection !== "devices.modules") {
    throw new QueryError(text, written.span, `unexpected ${excerpt(text, written.span)}: expected devices.modules`);
  }
  return { collection, where: settleExpression(where, { text, collection }) };
}
