import { quoted } from "./fragment.ts";

/**
 * The classes of values in the order of results: undefined, null, Booleans, numbers, texts, and arrays with objects. SQLite
 * has no Booleans and shows documents as texts, so a value is told by its class and itself.
 */
export const rank = { undefined: 0, null: 1, boolean: 2, number: 3, text: 4, document: 5 } as const;
export type Rank = (typeof rank)[keyof typeof rank];

/** A place in a row, as SQL: expressions over the tables that `SqlSource.from` reads. None holds a value of the query. */
export type SqlPlace = {
  /** The classes that a value here may have. */
  readonly ranks: readonly Rank[];
  /** The class of the value; never NULL. */
  readonly rank: string;
  /**
   * 0 or 1, a number, a text, or the JSON text of a document; NULL when undefined or null.
   */
  readonly value: string;
  /** The JSON text of the value; NULL when undefined. */
  readonly json: string;
  /** For documents that may be arrays: whether this is one, and what `json_each` takes to walk it. */
  readonly array?: { readonly is: string; readonly items: string };
  /** The hub's own times: as ISO 8601, UTC, milliseconds, which order as texts. */
  readonly time?: string;
  /** Holds wherever the value is defined: what an index over few rows asks for. */
  readonly exists?: string;
  /** All the texts that a value may be, each with the condition for it. */
  readonly choices?: readonly { readonly text: string; readonly when: string }[];
};

/** The tables of one query, joined as its paths need them. */
export type SqlTables = {
  readonly place: (steps: readonly string[]) => SqlPlace;
  /** What stands behind FROM. */
  readonly from: string;
  /** What makes the joined rows those of the collection. */
  readonly where: readonly string[];
  /** The columns by which rows come when nothing else orders them: unique together, never NULL. */
  readonly key: readonly string[];
};

/** How the rows of a collection lie in tables. */
export type SqlSource = {
  /** The members that a whole row may have, in their order. */
  readonly members: readonly string[];
  /** The tables that a query reads which uses these paths. */
  readonly tables: (paths: readonly (readonly string[])[]) => SqlTables;
};

/** A place that no row has. */
export const nowhere: SqlPlace = { ranks: [rank.undefined], rank: "0", value: "NULL", json: "NULL" };

/** A place whose value is always the same text. */
export const constantText = (text: string): SqlPlace => ({
  ranks: [rank.text],
  rank: "4",
  value: quoted(text),
  json: quoted(JSON.stringify(text)),
  choices: [{ text, when: "1" }],
});

/** A column of texts; where it is NULL, the value is undefined, or null. */
export function textColumn(column: string, whenNull?: "undefined" | "null"): SqlPlace {
  if (whenNull === undefined) return { ranks: [rank.text], rank: "4", value: column, json: `json_quote(${column})` };
  const absent = rank[whenNull];
  return {
    ranks: [absent, rank.text],
    rank: `CASE WHEN ${column} IS NULL THEN ${absent} ELSE 4 END`,
    value: column,
    json:
      absent === rank.null ? `json_quote(${column})` : `CASE WHEN ${column} IS NOT NULL THEN json_quote(${column}) END`,
  };
}

/** A column, or an expression, of texts that hold nothing that JSON escapes, such as those that the hub makes itself. */
export const plainColumn = (column: string): SqlPlace => ({ ...textColumn(column), json: `'"' || ${column} || '"'` });

/** A column, or an expression, of whole numbers. */
export const numberColumn = (column: string): SqlPlace => ({
  ranks: [rank.number],
  rank: "3",
  value: column,
  json: `(${column})`,
});

/** A column that is 1 or 0. */
export const booleanColumn = (column: string): SqlPlace => ({
  ranks: [rank.boolean],
  rank: "2",
  value: column,
  json: `iif(${column}, 'true', 'false')`,
});

/** An object, as the SQL of its JSON text; where `exists` is given and does not hold, it is undefined. */
export const objectOf = (json: string, exists?: string): SqlPlace =>
  exists === undefined
    ? { ranks: [rank.document], rank: "5", value: json, json }
    : {
        ranks: [rank.undefined, rank.document],
        rank: `CASE WHEN ${exists} THEN 5 ELSE 0 END`,
        value: `CASE WHEN ${exists} THEN ${json} END`,
        json: `CASE WHEN ${exists} THEN ${json} END`,
      };

/**
 * A place in a column of JSON, of a document of any shape. The texts are also those of expression indexes, which serve a
 * query only where it says the same.
 */
export function jsonPlace(column: string, steps: readonly string[]): SqlPlace {
  const at = `${column}, ${quoted(jsonPath(steps))}`;
  return {
    ranks: [0, 1, 2, 3, 4, 5],
    rank: rankOfType(`json_type(${at})`),
    value: `json_extract(${at})`,
    json: `(${column} -> ${quoted(jsonPath(steps))})`,
    array: { is: `json_type(${at}) = 'array'`, items: at },
  };
}

/** The class of a value by its type, as SQLite's JSON functions name it. */
export const rankOfType = (type: string): string =>
  `CASE ${type} WHEN 'text' THEN 4 WHEN 'integer' THEN 3 WHEN 'real' THEN 3 WHEN 'true' THEN 2 WHEN 'false' THEN 2 ` +
  `WHEN 'null' THEN 1 WHEN 'object' THEN 5 WHEN 'array' THEN 5 ELSE 0 END`;

/**
 * The path of SQLite's JSON functions: every key in quotes with the escapes of JSON, so that it means that key and nothing
 * else, and holds no NUL (sqlite.org/json1.html#path_arguments).
 */
export const jsonPath = (steps: readonly string[]): string =>
  ["$", ...steps.map((step) => JSON.stringify(step))].join(".");
