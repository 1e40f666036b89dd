import type { Json, JsonObject } from "../core/json.ts";
import type { OrderBy, Query, Selection } from "./ast.ts";
import { compileExpression, type Leaves } from "./evaluator.ts";
import { grouping } from "./grouping.ts";
import { compilePredicate, ofDocuments } from "./predicate.ts";
import { canonicalText, orderGroups, orderValues, type Value } from "./values.ts";

type Columns = Extract<Selection, { readonly kind: "items" }>;
type Comparison<Row> = (a: Row, b: Row) => number;

/**
 * The rows that a checked query gives over documents of its collection: twins as `twinDocument` of core makes them, or rows
 * of jobs. It is the meaning of the language in its plainest form, with which every other way to answer a query has to agree.
 *
 * Documents come by device id, module id and job id. Rows of equal ORDER BY values keep that order, groups and DISTINCT rows
 * the order of their own values, whether ORDER BY descends or not.
 */
export function runQuery(query: Query, rows: Iterable<JsonObject>): JsonObject[] {
  const { select, where, offset, top } = query;
  const found = [...(where === undefined ? rows : Iterator.from(rows).filter(compilePredicate(where)))].sort(
    byIdentity,
  );
  const results = select.kind === "all" ? wholeRows(query, found) : tableOf(query, select, found);
  return results.slice(offset, top === undefined ? undefined : offset + top);
}

const byIdentity: Comparison<JsonObject> = (a, b) =>
  orderValues(a.deviceId, b.deviceId) || orderValues(a.moduleId, b.moduleId) || orderValues(a.jobId, b.jobId);

const wholeRows = ({ orderBy }: Query, rows: readonly JsonObject[]): JsonObject[] =>
  rows.toSorted(compileOrder(orderBy, ofDocuments));

function tableOf(query: Query, select: Columns, rows: readonly JsonObject[]): JsonObject[] {
  if (!makesGroups(query, select)) return compileTable(query, select, ofDocuments)(rows);
  const { leaves, groupsOf } = grouping(query.groupBy);
  const table = compileTable(query, select, leaves);
  const condition = query.having && compileExpression(query.having, leaves);
  const groups = groupsOf(rows);
  return table(condition === undefined ? groups : groups.filter((group) => condition(group) === true));
}

const makesGroups = ({ groupBy }: Query, { items }: Columns): boolean =>
  groupBy !== undefined || items.some(({ value }) => value.kind === "aggregate");

function compileTable<Row>(
  { orderBy }: Query,
  { items, distinct }: Columns,
  leaves: Leaves<Row>,
): (rows: readonly Row[]) => JsonObject[] {
  const order = compileOrder(orderBy, leaves);
  const columns = items.map(({ value }) => compileExpression(value, leaves));
  const valuesOf = (row: Row): readonly Value[] => columns.map((column) => column(row));
  const resultOf = (values: readonly Value[]): JsonObject =>
    Object.fromEntries(items.flatMap(({ name }, place) => memberOf(name, values[place])));
  if (!distinct) return (rows) => rows.toSorted(order).map((row) => resultOf(valuesOf(row)));
  return (rows) => {
    const entries = rows.map((row) => ({ row, values: valuesOf(row) }));
    const ordered = entries.sort((a, b) => orderColumns(a.values, b.values)).sort((a, b) => order(a.row, b.row));
    const texts = new Map<string, readonly Value[]>();
    for (const { values } of ordered) {
      const text = values.map(canonicalText).join("\n");
      if (!texts.has(text)) texts.set(text, values);
    }
    return [...texts.values()].map(resultOf);
  };
}

/** A column without a value has no member in the result: unconfirmed for IoT Hub (spec/query-language 5). */
const memberOf = (name: string, value: Value): readonly (readonly [string, Json])[] =>
  value === undefined ? [] : [[name, value]];

function compileOrder<Row>(orderBy: readonly OrderBy[], leaves: Leaves<Row>): Comparison<Row> {
  const comparisons = orderBy.map(({ value, descending }): Comparison<Row> => {
    const at = compileExpression(value, leaves);
    return descending ? (a, b) => orderValues(at(b), at(a)) : (a, b) => orderValues(at(a), at(b));
  });
  return (a, b) => {
    for (const comparison of comparisons) {
      const sign = comparison(a, b);
      if (sign !== 0) return sign;
    }
    return 0;
  };
}

function orderColumns(a: readonly Value[], b: readonly Value[]): number {
  for (const [place, value] of a.entries()) {
    const sign = orderGroups(value, b[place]);
    if (sign !== 0) return sign;
  }
  return 0;
}
