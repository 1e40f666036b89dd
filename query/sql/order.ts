import { all, always, any, bound, type Fragment, joined, never, raw, type SqlParameter, sql } from "./fragment.ts";
import { misplaced } from "./position.ts";

/** Something that rows are ordered by: an expression, and the name of the result's column that shows it. */
export type OrderColumn = { readonly name: string; readonly sql: string; readonly descending: boolean };

/** A column of a relation that is ordered by as it is. */
export const ascending = (name: string): OrderColumn => ({ name, sql: name, descending: false });

/** The ORDER BY of a page. */
export const orderSql = (columns: readonly OrderColumn[]): Fragment =>
  columns.length === 0
    ? raw("")
    : raw(` ORDER BY ${columns.map(({ name, descending }) => (descending ? `${name} DESC` : name)).join(", ")}`);

/**
 * The condition for the rows behind a position: those with a later value in one of the columns and the same in all before it.
 * NULL stands only where the column before it, a value's class, leaves no other value. Throws HubError `ArgumentInvalid` when
 * the position is not one of these columns.
 */
export function behind(columns: readonly OrderColumn[], after: readonly SqlParameter[]): Fragment {
  if (after.length !== columns.length) throw misplaced();
  const isAscending = columns.every(({ descending }) => !descending);
  if (isAscending && !after.includes(null)) return behindAll(columns, after);
  const alternatives = columns.map((column, index) => {
    const same = columns.slice(0, index).map((before, place) => isSame(before, after[place] ?? null));
    return all(...same, isLater(column, after[index] ?? null));
  });
  return any(...alternatives);
}

/** Rows compare as a whole, which an index over all columns serves. */
function behindAll(columns: readonly OrderColumn[], after: readonly SqlParameter[]): Fragment {
  const [only] = columns;
  // Nothing comes behind a result of one row.
  if (only === undefined) return never;
  if (columns.length === 1) return sql`${only.sql} > ${bound(after[0] ?? null)}`;
  return sql`(${columns.map((column) => column.sql).join(", ")}) > (${joined(after.map(bound), ", ")})`;
}

const isSame = (column: OrderColumn, value: SqlParameter): Fragment =>
  value === null ? always : sql`${column.sql} = ${bound(value)}`;

const isLater = (column: OrderColumn, value: SqlParameter): Fragment =>
  value === null ? never : sql`${column.sql} ${column.descending ? "<" : ">"} ${bound(value)}`;
