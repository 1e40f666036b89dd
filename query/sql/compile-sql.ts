import type { Query } from "../ast.ts";
import { isTrue } from "./conditions.ts";
import { all, always, raw, type SqlParameter, sql } from "./fragment.ts";
import { groupsOf } from "./groups.ts";
import { objectText, type SqlMember } from "./object-text.ts";
import type { Places } from "./operand.ts";
import { ascending, behind, type OrderColumn, orderSql } from "./order.ts";
import { pathsOf, stepsOf } from "./paths-of.ts";
import type { Position } from "./position.ts";
import { keyOf, meaningOf, type Relation } from "./relation.ts";
import { rank, type SqlSource, type SqlTables } from "./source.ts";

/** Which part of a query's result is wanted: at most `limit` rows, from behind a position or from the beginning. */
export type SqlPage = { readonly limit: number; readonly after?: Position | undefined };

/** What makes up a row of the result, by the numbers of the statement's columns. */
export type RowShape =
  /** The JSON text of the row. */
  | { readonly kind: "text"; readonly column: number }
  /** For each member its name, and where its class (`rank`) and its value are. */
  | { readonly kind: "members"; readonly members: readonly RowMember[] }
  /** A whole row of the collection, told by its key. */
  | { readonly kind: "key"; readonly columns: readonly number[] };
export type RowMember = { readonly name: string; readonly rank: number; readonly value: number };

/** A query as one statement. */
export type CompiledQuery = {
  readonly sql: string;
  readonly parameters: readonly SqlParameter[];
  readonly row: RowShape;
  /** The numbers of the columns that make the position of a row. */
  readonly place: readonly number[];
  /** The rows that the page holds at most. The statement may give one more, which tells that the result goes on. */
  readonly limit: number;
};

/**
 * Compiles a checked query of a collection to one statement for SQLite. It means what `runQuery` does over the documents of
 * the collection. Rows come in an order that a position continues, whatever has changed in between. Throws HubError
 * `ArgumentInvalid` for a position of another query.
 */
export function compileSql(query: Query, source: SqlSource, page: SqlPage): CompiledQuery {
  const { select } = query;
  const isAll = select.kind === "all" && query.where === undefined && query.orderBy.length === 0;
  const tables = source.tables(isAll ? source.members.map((member) => [member]) : pathsOf(query));
  const places = placesOf(tables);
  const rows: Relation = {
    places,
    from: raw(tables.from),
    where: all(...tables.where.map(raw), query.where === undefined ? always : isTrue(query.where, places)),
    key: tables.key.map((column, index) => ({ name: `key${index}`, sql: column, descending: false })),
  };
  // Rows that come just as they lie can be read whole at once; others only when it is known that they are wanted.
  if (isAll)
    return textRows(
      source.members.map((name) => ({ name, place: tables.place([name]) })),
      { query, rows, page },
    );
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
  const columns = rows.key.map((_, index) => order.length - rows.key.length + index);
  return statement({ query, page, shown: [], row: { kind: "key", columns }, rows, order });
}

function plainRows(query: Query, rows: Relation, page: SqlPage): CompiledQuery {
  const members = itemsOf(query).map(({ name, value }) => ({ name, place: rows.places(value) }));
  return textRows(members, { query, rows, page });
}

/** The text of a row is put together here: that takes SQLite a fraction of what it takes to hand over the values. */
function textRows(members: readonly SqlMember[], { query, rows, page }: Pick<Parts, "query" | "rows" | "page">) {
  const order = [...orderOf(query, rows.places), ...rows.key];
  const shown = [`${objectText(members)} AS row`];
  return statement({ query, page, shown, row: { kind: "text", column: 0 }, rows, order });
}

/** Rows are the same when all their values are; they come in the order of their values. */
function distinctRows(query: Query, rows: Relation, page: SqlPage): CompiledQuery {
  const items = itemsOf(query).map(({ name, value }, index) => {
    const place = rows.places(value);
    return { name, rank: `rank${index}`, value: `value${index}`, place, meaning: meaningOf(value) };
  });
  const found = items.map((item) => `${item.place.rank} AS ${item.rank}, ${keyOf(item.place)} AS ${item.value}`);
  const inner = sql`SELECT DISTINCT ${found.join(", ")} FROM ${rows.from} WHERE ${rows.where}`;
  const places: Places = (leaf) => {
    const item = items.find(({ meaning }) => meaning === meaningOf(leaf));
    if (item === undefined) throw new TypeError("DISTINCT rows are ordered by their columns");
    return { ranks: item.place.ranks, rank: item.rank, value: item.value, json: "NULL" };
  };
  const key = items.flatMap((item) => [ascending(item.rank), ascending(item.value)]);
  const distinct: Relation = { places, from: sql`(${inner})`, where: always, key };
  const order = [...orderOf(query, places), ...key];
  const first = order.length - key.length;
  const members = items.map(({ name }, index) => ({ name, rank: first + 2 * index, value: first + 2 * index + 1 }));
  return statement({ query, page, shown: [], row: { kind: "members", members }, rows: distinct, order });
}

function groupRows(query: Query, groups: Relation, page: SqlPage): CompiledQuery {
  const order = [...orderOf(query, groups.places), ...groups.key];
  const items = itemsOf(query).map(({ name, value }) => ({ name, place: groups.places(value) }));
  const shown = items.flatMap(({ place }, index) => [
    `${place.rank} AS rank${index}`,
    `${place.value} AS value${index}`,
  ]);
  const members = items.map(({ name }, index) => ({ name, rank: 2 * index, value: 2 * index + 1 }));
  return statement({ query, page, shown, row: { kind: "members", members }, rows: groups, order });
}

type Parts = {
  readonly query: Query;
  readonly page: SqlPage;
  /** The columns before those of the order. */
  readonly shown: readonly string[];
  readonly row: RowShape;
  readonly rows: Relation;
  readonly order: readonly OrderColumn[];
};

function statement({ query, page, shown, row, rows, order }: Parts): CompiledQuery {
  const { after } = page;
  const remaining = query.top === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, query.top - (after?.given ?? 0));
  const limit = Math.min(Math.max(0, page.limit), remaining);
  const where = all(rows.where, after === undefined ? always : behind(order, after.after));
  const columns = [...shown, ...order.map(({ name, sql: expression }) => `${expression} AS ${name}`)];
  const select = sql`SELECT ${columns.join(", ")} FROM ${rows.from} WHERE ${where}${orderSql(order)}`;
  const asked = limit < remaining ? limit + 1 : limit;
  const text = sql`${select} LIMIT ${String(asked)} OFFSET ${String(after === undefined ? query.offset : 0)}`;
  return { ...text, row, place: order.map((_, index) => shown.length + index), limit };
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

const itemsOf = ({ select }: Query) => (select.kind === "items" ? select.items : []);
