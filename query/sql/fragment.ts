/** What SQLite is bound to a `?`. Booleans are 1 and 0 there. */
export type SqlParameter = string | number | null;

/** A piece of SQL with what is bound to its `?`, in their order. */
export type Fragment = { readonly sql: string; readonly parameters: readonly SqlParameter[] };

/** A condition that always holds. As a condition that never holds, it is known to `all` and `any`. */
export const always: Fragment = { sql: "1", parameters: [] };

/** A condition that never holds. */
export const never: Fragment = { sql: "0", parameters: [] };

/** A piece of SQL without values. The text must be ours or quoted: never put a value of a query into it. */
export const raw = (sql: string): Fragment => ({ sql, parameters: [] });

/** A value of a query: bound, never written into the text. */
export const bound = (value: SqlParameter): Fragment => ({ sql: "?", parameters: [value] });

/** Puts pieces together: sql`${value} < ${bound(60)}`. A text is taken as `raw` takes it. */
export function sql(texts: TemplateStringsArray, ...pieces: readonly (Fragment | string)[]): Fragment {
  const parameters: SqlParameter[] = [];
  let text = texts[0] ?? "";
  for (const [index, piece] of pieces.entries()) {
    if (typeof piece === "string") text += piece;
    else {
      text += piece.sql;
      parameters.push(...piece.parameters);
    }
    text += texts[index + 1] ?? "";
  }
  return { sql: text, parameters };
}

/** The pieces with `separator` between them. */
export function joined(pieces: readonly Fragment[], separator: string): Fragment {
  return { sql: pieces.map((piece) => piece.sql).join(separator), parameters: pieces.flatMap((p) => p.parameters) };
}

/** Holds when all conditions do; null counts as not. What is known beforehand is left out. */
export function all(...conditions: readonly Fragment[]): Fragment {
  if (conditions.includes(never)) return never;
  return nested(
    conditions.filter((condition) => condition !== always),
    "AND",
    always,
  );
}

/** Holds when one of the conditions does; null counts as not. What is known beforehand is left out. */
export function any(...conditions: readonly Fragment[]): Fragment {
  if (conditions.includes(always)) return always;
  return nested(
    conditions.filter((condition) => condition !== never),
    "OR",
    never,
  );
}

/**
 * Joins conditions by halves: SQLite takes expressions of a thousand levels at most, and a chain is as deep as it is long.
 * The brackets are none to its planner, which looks through all levels of AND or of OR.
 */
export function nested(pieces: readonly Fragment[], operator: "AND" | "OR", ofNone: Fragment): Fragment {
  const [first, ...others] = pieces;
  if (first === undefined) return ofNone;
  if (others.length === 0) return first;
  const half = Math.ceil(pieces.length / 2);
  const left = nested(pieces.slice(0, half), operator, ofNone);
  return sql`(${left} ${operator} ${nested(pieces.slice(half), operator, ofNone)})`;
}

/** A text as a constant of SQL, for what indexes have to recognise; it must hold no NUL. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
