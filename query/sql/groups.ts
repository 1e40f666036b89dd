import type { Aggregate, Path, Query } from "../ast.ts";
import { isTrue } from "./conditions.ts";
import { always, type Fragment, sql } from "./fragment.ts";
import type { Places } from "./operand.ts";
import { ascending } from "./order.ts";
import { leavesOf } from "./paths-of.ts";
import { keyOf, meaningOf, type Relation } from "./relation.ts";
import { rank, type SqlPlace } from "./source.ts";

/**
 * The groups of some rows, with what the query asks for of each. Rows group by class and value first, in the order of an
 * index where there is one, and then the few groups of documents by their canonical texts.
 */
export function groupsOf(query: Query, rows: Relation): Relation {
  const { groupBy, having } = query;
  const gathered = aggregatesOf(query).map((aggregate, index) => gather(aggregate, index, rows.places));
  const inRows = gathered.flatMap(({ parts }) => parts);
  if (groupBy === undefined) {
    const whole = sql`SELECT ${inRows.join(", ")} FROM ${rows.from} WHERE ${rows.where}`;
    const merged = gathered.map(({ merge }) => merge).join(", ");
    return relation(sql`(SELECT ${merged} FROM (${whole}))`, { gathered, having });
  }
  const place = rows.places(groupBy);
  const shownInRows = [`${place.rank} AS groupRank`, `${place.value} AS groupValue`, ...inRows].join(", ");
  const inner = sql`SELECT ${shownInRows} FROM ${rows.from} WHERE ${rows.where} GROUP BY 1, 2`;
  const key = keyOf({ ...place, rank: "groupRank", value: "groupValue" });
  const shown = ["groupRank", `${key} AS groupKey`, ...gathered.map(({ merge }) => merge)].join(", ");
  return relation(sql`(SELECT ${shown} FROM (${inner}) GROUP BY 1, 2)`, { gathered, having, group: place });
}

/** An aggregate: what is gathered from rows, how that of several becomes one value, and where the value is then. */
type Gathered = {
  readonly meaning: string;
  readonly parts: readonly string[];
  readonly merge: string;
  readonly place: SqlPlace;
};

function gather(aggregate: Aggregate, index: number, places: Places): Gathered {
  const name = `aggregate${index}`;
  const value = aggregate.argument === undefined ? "NULL" : numberAt(places(aggregate.argument));
  const meaning = meaningOf(aggregate);
  const place = gatheredAt(name, aggregate.name === "count");
  const one = (part: string, merge: string): Gathered => ({
    meaning,
    parts: [`${part} AS ${name}`],
    merge: `${merge} AS ${name}`,
    place,
  });
  switch (aggregate.name) {
    case "count":
      return one("COUNT(*)", `SUM(${name})`);
    case "sum":
      return one(`SUM(${value})`, `twin_finite(SUM(${name}))`);
    case "min":
      return one(`MIN(${value})`, `MIN(${name})`);
    case "max":
      return one(`MAX(${value})`, `MAX(${name})`);
    case "avg": {
      const parts = [`SUM(${value}) AS ${name}`, `COUNT(${value}) AS ${name}Count`];
      return { meaning, parts, merge: `twin_finite(SUM(${name}) / SUM(${name}Count)) AS ${name}`, place };
    }
  }
}

/** What is no number counts for nothing; numbers are doubles, so that sums neither overflow nor depend on how one is written. */
const numberAt = ({ ranks, rank: at, value }: SqlPlace): string =>
  ranks.includes(rank.number) ? `CASE ${at} WHEN 3 THEN CAST(${value} AS REAL) END` : "NULL";

const gatheredAt = (name: string, isCount: boolean): SqlPlace => ({
  ranks: isCount ? [rank.number] : [rank.undefined, rank.number],
  rank: isCount ? "3" : `CASE WHEN ${name} IS NULL THEN 0 ELSE 3 END`,
  value: name,
  json: `json_quote(${name})`,
});

/** Each aggregate that the query asks for anywhere, once. */
function aggregatesOf(query: Query): readonly Aggregate[] {
  const aggregates = leavesOf(query).filter((leaf) => leaf.kind === "aggregate");
  return [...new Map(aggregates.map((aggregate) => [meaningOf(aggregate), aggregate])).values()];
}

type Groups = {
  readonly gathered: readonly Gathered[];
  readonly having: Query["having"];
  /** Where the grouping path lies in the rows; undefined for all rows together. */
  readonly group?: SqlPlace;
};

function relation(from: Fragment, { gathered, having, group }: Groups): Relation {
  const groupPlace = group && placeOfGroup(group);
  const places = (leaf: Path | Aggregate): SqlPlace => {
    if (leaf.kind === "path") {
      if (groupPlace !== undefined) return groupPlace;
      throw new TypeError("All rows together have no value of their own");
    }
    const found = gathered.find(({ meaning }) => meaning === meaningOf(leaf));
    if (found === undefined) throw new TypeError("An aggregate was not gathered");
    return found.place;
  };
  const where = having === undefined ? always : isTrue(having, places);
  return { places, from, where, key: group === undefined ? [] : [ascending("groupRank"), ascending("groupKey")] };
}

function placeOfGroup({ ranks }: SqlPlace): SqlPlace {
  const document = "CASE groupRank WHEN 5 THEN groupKey END";
  return {
    ranks,
    rank: "groupRank",
    value: "groupKey",
    json: "NULL",
    array: { is: `json_type(${document}) = 'array'`, items: document },
  };
}
