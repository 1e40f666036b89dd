import type { Query } from "../ast.ts";
import { conditionsOver } from "./conditions.ts";
import { all, always, raw, type SqlParameter, sql } from "./fragment.ts";
import { groupsOf } from "./groups.ts";
import type { Places } from "./operand.ts";
import { ascending, behind, type OrderColumn, orderSql } from "./order.ts";
import { pathsOf, stepsOf } from "./paths-of.ts";
import type { Position } from "./position.ts";
import { keyOf, meaningOf, type Relation } from "./relation.ts";
import { rank, type SqlSource, type SqlTables } from "./source.ts";

/** Which part of a query's result is wanted: at most `limit` rows, from behind a position or from the beginning. */
export type SqlPage = { readonly limit: number; readonly after?: Position | undefined };

/** A column of the result: a JSON text, or a class and a value of it. */
export type ResultColumn =
  | { readonly name: string; readonly json: string }
  | { readonly name: string; readonly rank: string; readonly value: string };

/** A query as one statement. Its rows are named columns, some of which tell the result's row, and others its place. */
export type CompiledQuery = {
  readonly sql: string;
  readonly parameters: readonly SqlParameter[];
  /** The columns that make up a row, or for whole rows those of its key. */
  readonly row:
    | { readonly kind: "columns"; readonly columns: readonly ResultColumn[] }
    | { readonly kind: "key"; readonly columns: readonly string[] };
  /** The columns that make the position of a row. */
  readonly place: readonly string[];
  /** The rows that the page holds at most. The statement may give one more, which tells that the result goes on. */
  readonly limit: number;
};

/**
 * Compiles a checked query of a collection to one statement for SQLite. It means what `runQuery` does over the documents of
 * the collection. Rows come in an order that a position continues, whatever has changed in between. Throws HubError
 * `ArgumentInvalid` for a position of another query.
 */
export function compileSql(query: Query, source: SqlSource, page: SqlPage): CompiledQuery {
  const tables = source(pathsOf(query));
  const places = placesOf(tables);
  const { isTrue } = conditionsOver(places);
  const rows: Relation = {
    places,
    from: raw(tables.from),
    where: all(...tables.where.map(raw), query.where === undefined ? always : isTrue(query.where)),
    key: tables.key.map((column, index) => ({ name: `key${index}`, sql: column, descending: false })),
  };
  const { select } = query;
  if (select.kind === "all") return wholeRows(query, rows, page);
  if (select.distinct) return distinctRows(query, rows, page);
  const isGrouped = query.groupBy !== undefined || select.items.some(({ value }) => value.kind === "aggregate");
  return isGrouped ? groupRows(query, groupsOf(query, rows), page) : plainRows(query, rows, page);
}

function placesOf(tables: SqlTables): Places {
  return (leaf) => {
    if (leaf.kind === "aggregate") throw new TypeError("An aggregate is one of groups");
    return tables.place(stepsOf(leaf));
  };
}

function wholeRows(query: Query, rows: Relation, page: SqlPage): CompiledQuery {
  const order = [...orderOf(query, rows.places), ...rows.key];
  const row: CompiledQuery["row"] = { kind: "key", columns: rows.key.map(({ name }) => name) };
  return statement({ query, page, columns: order.map(shown), row, rows, order });
}

function plainRows(query: Query, rows: Relation, page: SqlPage): CompiledQuery {
  const order = [...orderOf(query, rows.places), ...rows.key];
  const items = itemsOf(query).map(({ name, value }, index) => ({
    name,
    json: `item${index}`,
    sql: `${rows.places(value).json} AS item${index}`,
  }));
  const columns = [...items.map((item) => item.sql), ...order.map(shown)];
  return statement({ query, page, columns, row: { kind: "columns", columns: items }, rows, order });
}

/** Rows are the same when all their values are; they come in the order of their values. */
function distinctRows(query: Query, rows: Relation, page: SqlPage): CompiledQuery {
  const items = itemsOf(query).map(({ name, value }, index) => {
    const place = rows.places(value);
    return { name, rank: `rank${index}`, value: `value${index}`, place, meaning: meaningOf(value) };
  });
  const shownItems = items.map(
    ({ place, ...item }) => `${place.rank} AS ${item.rank}, ${keyOf(place)} AS ${item.value}`,
  );
  const inner = sql`SELECT DISTINCT ${shownItems.join(", ")} FROM ${rows.from} WHERE ${rows.where}`;
  const places: Places = (leaf) => {
    const item = items.find(({ meaning }) => meaning === meaningOf(leaf));
    if (item === undefined) throw new TypeError("DISTINCT rows are ordered by their columns");
    return { ...item.place, rank: item.rank, value: item.value };
  };
  const key = items.flatMap((item) => [ascending(item.rank), ascending(item.value)]);
  const distinct: Relation = { places, from: sql`(${inner})`, where: always, key };
  const order = [...orderOf(query, places), ...key];
  const columns = order.map(shown);
  return statement({ query, page, columns, row: { kind: "columns", columns: items }, rows: distinct, order });
}

function groupRows(query: Query, groups: Relation, page: SqlPage): CompiledQuery {
  const order = [...orderOf(query, groups.places), ...groups.key];
  const items = itemsOf(query).map(({ name, value }, index) => {
    const place = groups.places(value);
    return { name, rank: `rank${index}`, value: `value${index}`, place };
  });
  const columns = items.map(({ place, ...item }) => `${place.rank} AS ${item.rank}, ${place.value} AS ${item.value}`);
  columns.push(...order.map(shown));
  return statement({ query, page, columns, row: { kind: "columns", columns: items }, rows: groups, order });
}

type Parts = {
  readonly query: Query;
  readonly page: SqlPage;
  readonly columns: readonly string[];
  readonly row: CompiledQuery["row"];
  readonly rows: Relation;
  readonly order: readonly OrderColumn[];
};

function statement({ query, page, columns, row, rows, order }: Parts): CompiledQuery {
  const { after } = page;
  const remaining = query.top === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, query.top - (after?.given ?? 0));
  const limit = Math.min(Math.max(0, page.limit), remaining);
  const where = all(rows.where, after === undefined ? always : behind(order, after.after));
  const select = sql`SELECT ${columns.join(", ")} FROM ${rows.from} WHERE ${where}${orderSql(order)}`;
  const asked = limit < remaining ? limit + 1 : limit;
  const text = sql`${select} LIMIT ${String(asked)} OFFSET ${String(after === undefined ? query.offset : 0)}`;
  return { ...text, row, place: order.map(({ name }) => name), limit };
}

/** The columns of ORDER BY: for each value its class, where it has several, and itself. Documents are all in one place. */
function orderOf({ orderBy }: Query, places: Places): OrderColumn[] {
  return orderBy.flatMap(({ value, descending }, index) => {
    const place = places(value);
    const simple = place.ranks.includes(rank.document)
      ? `CASE ${place.rank} WHEN 5 THEN NULL ELSE ${place.value} END`
      : place.value;
    const columns: OrderColumn[] = [{ name: `order${index}`, sql: simple, descending }];
    if (place.ranks.length > 1) columns.unshift({ name: `class${index}`, sql: place.rank, descending });
    return columns;
  });
}

const shown = ({ name, sql: expression }: OrderColumn): string =>
  name === expression ? name : `${expression} AS ${name}`;

const itemsOf = ({ select }: Query) => (select.kind === "items" ? select.items : []);
