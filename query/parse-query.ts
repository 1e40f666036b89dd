import type { Query } from "./ast.ts";
import { checkQuery } from "./check-query.ts";
import { checkText } from "./check-text.ts";
import { grammar } from "./grammar.ts";

/**
 * Parses and checks a query of twins or jobs (spec/query-language 1 to 7). `strict` refuses what goes beyond IoT Hub's
 * language: DISTINCT, LIKE, HAVING, ORDER BY, OFFSET, and GROUP BY on modules. Throws a QueryError; a text of more than 8192
 * characters is not read at all.
 */
export function parseQuery(text: string, { strict = false }: { strict?: boolean } = {}): Query {
  checkText(text);
  return checkQuery(text, grammar().readStatement({ text, skipped: 0, strict }), { strict });
}
