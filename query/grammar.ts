import { QueryGrammar } from "./query-grammar.ts";

let made: QueryGrammar | undefined;

/** The one parser of queries. It is made at first use, which takes some milliseconds, and holds nothing between texts. */
export function grammar(): QueryGrammar {
  made ??= new QueryGrammar();
  return made;
}
