import type { IdentityKey } from "../../core/events.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Queries, QueryPage } from "../../core/queries.ts";
import type { QueryPlan, RowPage } from "../../projections/twin-query.ts";
import type { Aggregate, Path, Query, SelectItem } from "../../query/ast.ts";
import { explained } from "../../query/explain.ts";
import { parseTarget, type Target } from "../../query/parse-condition.ts";
import { parseQuery } from "../../query/parse-query.ts";
import { pathText } from "../../query/path-text.ts";
import { QueryError } from "../../query/query-error.ts";
import type { SqlPage } from "../../query/sql/compile-sql.ts";
import type { Position } from "../../query/sql/position.ts";
import type { Continuations, PageStart } from "./continuation.ts";

/** Answers checked queries away from the loop that holds the connections. */
export type QueryAnswers = {
  page(query: Query, page: SqlPage): Promise<RowPage>;
  plan(query: Query): Promise<QueryPlan>;
};

/** What queries are run with. `strict` refuses what goes beyond IoT Hub's language. */
export type QueriesDeps = {
  readonly answers: QueryAnswers;
  readonly continuations: Continuations;
  readonly strict: boolean;
};

/** Runs queries over the views: texts are parsed here, and the rest is left to `answers`. */
export function openQueries({ answers, continuations, strict }: QueriesDeps): Queries {
  const parse = (text: string): Query => parsing(() => parseQuery(text, { strict }));
  const target = (condition: string): Target => parsing(() => parseTarget(condition, { strict }));
  return {
    async page(text, { limit, after }) {
      const inner = strict ? undefined : explained(text);
      if (inner !== undefined) return planPage(await answers.plan(parse(inner)));
      const query = parse(text);
      const start = after === undefined ? undefined : continuations.read(text, after);
      const { rows, next } = await pageFrom(answers, query, { limit, start });
      return { itemType: itemTypeOf(query), rows, next: next && continuations.write(text, next) };
    },
    async targets(condition, { limit, after }) {
      const query = keysOf(target(condition), condition);
      const { rows } = await answers.page(query, { limit, after: after && positionOf(after, query) });
      return rows.map((row) => JSON.parse(row) as IdentityKey);
    },
    count: async (text) => await countRows(answers, parse(text)),
    check(what, text) {
      if (what === "query") return void parse(text);
      const { collection } = target(text);
      const isOther = what !== "jobTarget" && collection !== (what === "deviceTarget" ? "devices" : "devices.modules");
      if (isOther) throw new HubError("ArgumentInvalid", "The condition is one of the other collection");
    },
  };
}

/** A text that is no query is refused with the parser's own words. */
function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof QueryError) throw new HubError("ArgumentInvalid", error.message, {}, { cause: error });
    throw error;
  }
}

type Start = { readonly limit: number; readonly start: PageStart | undefined };

async function pageFrom(answers: QueryAnswers, query: Query, { limit, start }: Start): Promise<RowPage> {
  if (start === undefined || "after" in start) return await answers.page(query, { limit, after: start?.after });
  const { skipped } = start;
  const { offset, top } = query;
  const rest = { ...query, offset: offset + skipped, top: top && Math.max(0, top - skipped) };
  const { rows, next } = await answers.page(rest, { limit });
  return next === undefined ? { rows } : { rows, next: { ...next, given: skipped + next.given } };
}

/** What the rows of a query are, as IoT Hub's clients know it (spec/query-language 1). */
function itemTypeOf({ select, collection }: Query): QueryPage["itemType"] {
  if (collection === "devices.jobs") return "DeviceJob";
  return select.kind === "all" ? "Twin" : "Raw";
}

/** How a query is gone about, as one row of its own. */
const planPage = ({ sql, steps, indexes }: QueryPlan): QueryPage => ({
  itemType: "Raw",
  rows: [JSON.stringify({ plan: steps, indexes: indexes.map(({ path }) => pathText(path)), sql })],
  next: undefined,
});

const span = { start: 0, end: 0 };

const column = (name: string): SelectItem => {
  const value: Path = { kind: "path", source: "row", steps: [name], span };
  return { name, value, span };
};

/** The query for the ids of what a condition stands for. */
const keysOf = ({ collection, where }: Target, text: string): Query => ({
  text,
  collection,
  select: {
    kind: "items",
    distinct: false,
    items: collection === "devices" ? [column("deviceId")] : [column("deviceId"), column("moduleId")],
  },
  top: undefined,
  where,
  groupBy: undefined,
  having: undefined,
  orderBy: [],
  offset: 0,
});

/** Rows that nothing else orders come in the order of their ids. */
const positionOf = ({ deviceId, moduleId = "" }: IdentityKey, { collection }: Query): Position => ({
  given: 0,
  after: collection === "devices" ? [deviceId] : [deviceId, moduleId],
});

const countColumn = "count";
const allRows: Aggregate = { kind: "aggregate", name: "count", argument: undefined, span };

async function countRows(answers: QueryAnswers, query: Query): Promise<number> {
  if (!isPlain(query)) return await countPages(answers, query);
  const items = [{ name: countColumn, value: allRows, span }];
  const counting: Query = { ...query, select: { kind: "items", distinct: false, items }, orderBy: [] };
  const { rows } = await answers.page(counting, { limit: 1 });
  const [counted] = rows.map((row) => JSON.parse(row) as Record<typeof countColumn, number>);
  return counted?.count ?? 0;
}

/** Whether each row is one of the collection, and none is left out for its place. */
function isPlain({ select, groupBy, top, offset }: Query): boolean {
  if (groupBy !== undefined || top !== undefined || offset > 0) return false;
  if (select.kind === "all") return true;
  return !select.distinct && select.items.every(({ value }) => value.kind === "path");
}

const countedAtOnce = 1000;

async function countPages(answers: QueryAnswers, query: Query): Promise<number> {
  let count = 0;
  let after: Position | undefined;
  do {
    const { rows, next }: RowPage = await answers.page(query, { limit: countedAtOnce, after });
    count += rows.length;
    after = next;
  } while (after !== undefined);
  return count;
}
