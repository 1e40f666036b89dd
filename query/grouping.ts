import type { JsonObject } from "../core/json.ts";
import { type Gathering, gather } from "./aggregate-values.ts";
import type { Aggregate, Path } from "./ast.ts";
import type { Evaluator, Leaves } from "./evaluator.ts";
import { ofDocuments } from "./predicate.ts";
import { canonicalText, orderGroups, type Value } from "./values.ts";

/** The rows of one value of the grouping path, as far as the aggregates asked for have gathered them. */
export type Group = { readonly key: Value; readonly gatherings: readonly Gathering[] };

/** What expressions over groups are compiled with, and what then makes the groups. */
export type Grouping = { readonly leaves: Leaves<Group>; readonly groupsOf: (rows: Iterable<JsonObject>) => Group[] };

/**
 * Groups by a path, or all rows into one when there is none: `COUNT()` of nothing is one row too. Values group by type and
 * value, objects and arrays by their canonical text; rows that lack the property are a group without a key, and groups come
 * in the order of their values (both unconfirmed for IoT Hub, spec/query-language 5). All expressions must be compiled before
 * `groupsOf` runs, since it gathers what they ask for.
 */
export function grouping(groupBy: Path | undefined): Grouping {
  const wanted: { readonly name: Aggregate["name"]; readonly argument: Evaluator<JsonObject> }[] = [];
  const keyOf = groupBy === undefined ? nothing : ofDocuments.path(groupBy);

  const groupsOf = (rows: Iterable<JsonObject>): Group[] => {
    const groups = new Map<string, Group>();
    const begin = (key: Value): Group => ({ key, gatherings: wanted.map(({ name }) => gather(name)) });
    if (groupBy === undefined) groups.set("", begin(undefined));
    for (const row of rows) {
      const key = keyOf(row);
      const text = canonicalText(key);
      const group = groups.get(text) ?? begin(key);
      groups.set(text, group);
      for (const [place, { argument }] of wanted.entries()) group.gatherings[place]?.add(argument(row));
    }
    return [...groups.values()].sort((a, b) => orderGroups(a.key, b.key));
  };

  const path = (found: Path): Evaluator<Group> => {
    if (groupBy === undefined || canonicalText(found.steps) !== canonicalText(groupBy.steps)) {
      throw new TypeError("A group has no value but the one that it is grouped by");
    }
    return ({ key }) => key;
  };
  const aggregate = ({ name, argument }: Aggregate): Evaluator<Group> => {
    const place = wanted.push({ name, argument: argument === undefined ? nothing : ofDocuments.path(argument) }) - 1;
    return ({ gatherings }) => gatherings[place]?.result();
  };
  return { leaves: { path, aggregate }, groupsOf };
}

const nothing = (): undefined => undefined;
