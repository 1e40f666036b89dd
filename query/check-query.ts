import type { Aggregate, Collection, Expression, OrderBy, Path, Query, SelectItem, Selection, Span } from "./ast.ts";
import { queryLimits } from "./limits.ts";
import { excerpt, QueryError } from "./query-error.ts";
import type { Statement, Written, WrittenGroup, WrittenItem } from "./query-grammar.ts";
import { settleAggregate, settleExpression } from "./settle-expression.ts";
import { collectionNames, collectionOf, settlePath } from "./settle-path.ts";

/** What is known of a query while its clauses are checked. */
type Frame = { readonly text: string; readonly collection: Collection; readonly strict: boolean };

/** What the clauses behind GROUP BY may refer to. */
type Columns = { readonly select: Selection; readonly groupBy: Path | undefined };

/**
 * Settles what the names of a statement mean and checks that its clauses fit each other and the collection
 * (spec/query-language 2, 5, 12). Throws a QueryError at the first clause that does not.
 */
export function checkQuery(text: string, statement: Statement, { strict }: { strict: boolean }): Query {
  const collection = checkCollection(text, statement.collection);
  const frame = { text, collection, strict };
  const groupBy = statement.group && checkGroupBy(statement.group, frame);
  const select = checkSelection(statement, groupBy, frame);
  const where = statement.where && settleExpression(statement.where, frame);
  const having = statement.group?.having && checkHaving(statement.group.having, { select, groupBy }, frame);
  const orderBy = checkOrderBy(statement, { select, groupBy }, frame);
  const { offset, selection } = statement;
  return { text, collection, select, top: selection.top, where, groupBy, having, orderBy, offset };
}

/** The collection that FROM names. Throws a QueryError. */
export function checkCollection(text: string, { name, span }: Written): Collection {
  const collection = collectionOf(name);
  if (collection === undefined) throw unfit(text, span, collectionNames);
  return collection;
}

/** GROUP BY is documented for device twins alone; of jobs only whole rows can be had (spec/query-language 2). */
function checkGroupBy({ path, span }: WrittenGroup, { text, collection, strict }: Frame): Path {
  if (collection === "devices.jobs" || (strict && collection === "devices.modules")) {
    const able = strict ? "devices" : "devices or devices.modules";
    throw new QueryError(text, span, `unexpected GROUP BY on ${collection}: expected it on ${able} only`);
  }
  return settlePath(path, { text, collection });
}

function checkSelection({ selection }: Statement, groupBy: Path | undefined, frame: Frame): Selection {
  const { items, distinct, span } = selection;
  if (items === undefined) {
    if (groupBy) throw unfit(frame.text, span, "the path of GROUP BY, or aggregates");
    return { kind: "all" };
  }
  if (frame.collection === "devices.jobs") throw unfit(frame.text, span, "'*', for devices.jobs gives whole rows");
  if (items.length > queryLimits.columns) throw unfit(frame.text, span, `${queryLimits.columns} columns at most`);
  const columns = items.map((item, index) => checkItem(item, index, frame));
  checkNames(columns, frame);
  checkMixture(columns, { distinct, groupBy }, frame);
  return { kind: "items", distinct, items: columns };
}

/**
 * A column's name is its alias or the last step of its path (spec/query-language 5). An aggregate without an alias is named
 * for its place, `$1` for the first column (seen for one COUNT() at the first place, else unconfirmed).
 */
function checkItem({ value, alias, span }: WrittenItem, index: number, frame: Frame): SelectItem {
  if (value.kind === "aggregate") {
    return { name: alias ?? `$${index + 1}`, value: settleAggregate(value, frame), span };
  }
  const path = settlePath(value, frame);
  return { name: alias ?? String(path.steps.at(-1)), value: path, span };
}

/** Two columns of one name would be one member of the row. (What IoT Hub does with them is unconfirmed.) */
function checkNames(columns: readonly SelectItem[], { text }: Frame): void {
  const names = new Set<string>();
  for (const { name, span } of columns) {
    if (names.has(name)) throw unfit(text, span, "a name that no other column has");
    names.add(name);
  }
}

/** Rows of twins, rows of groups and the one row of aggregates do not mix. */
function checkMixture(
  columns: readonly SelectItem[],
  { distinct, groupBy }: { distinct: boolean; groupBy: Path | undefined },
  { text }: Frame,
): void {
  const aggregated = columns.some(({ value }) => value.kind === "aggregate");
  for (const { value, span } of columns) {
    if (distinct && (aggregated || groupBy)) throw unfit(text, span, "paths alone behind DISTINCT, and no GROUP BY");
    if (value.kind === "aggregate") continue;
    if (groupBy && !sameValue(value, groupBy)) throw unfit(text, span, "the path of GROUP BY, or an aggregate");
    if (!groupBy && aggregated) throw unfit(text, span, "an aggregate, or GROUP BY with this path");
  }
}

function checkHaving(having: Expression, columns: Columns, frame: Frame): Expression {
  return settleExpression(having, {
    ...frame,
    path: (path) => ofGroup(ofColumn(path, columns, frame), columns, frame),
    aggregate: (aggregate) => settleAggregate(aggregate, frame),
  });
}

function checkOrderBy({ orderBy }: Statement, columns: Columns, frame: Frame): OrderBy[] {
  return orderBy.map(({ value, descending }, index) => {
    if (index === queryLimits.orderBy) throw unfit(frame.text, value.span, `${index} values to order by at most`);
    const settled = value.kind === "path" ? ofColumn(value, columns, frame) : settleAggregate(value, frame);
    return { value: sortable(settled, columns, frame), descending };
  });
}

function sortable(value: Path | Aggregate, columns: Columns, frame: Frame): Path | Aggregate {
  const { select, groupBy } = columns;
  const { text } = frame;
  if (groupBy) return ofGroup(value, columns, frame);
  const items = select.kind === "all" ? [] : select.items;
  if (items.some((item) => item.value.kind === "aggregate"))
    throw unfit(text, value.span, "GROUP BY, for one row has no order");
  if (value.kind === "aggregate") throw unfit(text, value.span, "a path, for there is no GROUP BY");
  if (select.kind === "items" && select.distinct && !items.some((item) => sameValue(item.value, value))) {
    throw unfit(text, value.span, "a column of SELECT DISTINCT");
  }
  return value;
}

/** What a path behind GROUP BY means: the column of that name, else a place in the row. It keeps its own place in the text. */
function ofColumn(path: Path, { select }: Columns, frame: Frame): Path | Aggregate {
  const { steps, span } = path;
  const named = select.kind === "items" && steps.length === 1 && select.items.find(({ name }) => name === steps[0]);
  return named ? { ...named.value, span } : settlePath(path, frame);
}

/** A group has the path it was made by, and aggregates. */
function ofGroup(value: Path | Aggregate, { groupBy }: Columns, { text }: Frame): Path | Aggregate {
  if (value.kind === "path" && !(groupBy && sameValue(value, groupBy))) {
    throw unfit(text, value.span, "a column, the path of GROUP BY or an aggregate");
  }
  return value;
}

const sameValue = (a: Path | Aggregate, b: Path | Aggregate): boolean => meaning(a) === meaning(b);

const meaning = (value: Path | Aggregate): string =>
  JSON.stringify(value.kind === "path" ? value.steps : [value.name, value.argument?.steps]);

const unfit = (text: string, span: Span, wanted: string): QueryError =>
  new QueryError(text, span, `unexpected ${excerpt(text, span)}: expected ${wanted}`);
