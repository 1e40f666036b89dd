import type { Collection, Path } from "./ast.ts";
import { canonicalSteps, isTwinFieldOnly } from "./field-names.ts";
import { excerpt, QueryError } from "./query-error.ts";

/** The collections by their names in lower case. */
const collections: ReadonlyMap<string, Collection> = new Map(
  (["devices", "devices.modules", "devices.jobs"] as const).map((name) => [name, name]),
);

/** What FROM may name, for messages. */
export const collectionNames = "devices, devices.modules or devices.jobs";

/** The collection of a name in any case (spec/query-language 7), if there is one. */
export const collectionOf = (name: string): Collection | undefined => collections.get(name.toLowerCase());

/**
 * Takes the collection's name off the beginning of a path and gives its fields their own names. `text` is the query's.
 * Throws a QueryError when the path names another collection, or nothing but one. (`devices` alone is accepted in front
 * whatever the collection: documented for modules only, spec/query-language 3.)
 */
export function settlePath(path: Path, { text, collection }: { text: string; collection: Collection }): Path {
  const written = path.steps.map(String);
  const steps = canonicalSteps(written.slice(prefixLength(path, written, { text, collection })), collection);
  const [root] = steps;
  if (root === undefined) {
    throw new QueryError(text, path.span, `unexpected ${excerpt(text, path.span)}: expected a field behind it`);
  }
  if (collection === "devices.jobs" && isTwinFieldOnly(root)) {
    throw new QueryError(text, path.span, `unexpected ${excerpt(text, path.span)}: expected a field of devices.jobs`);
  }
  return { ...path, steps };
}

function prefixLength(
  { span }: Path,
  written: readonly string[],
  { text, collection }: { text: string; collection: Collection },
): number {
  if (written[0]?.toLowerCase() !== "devices") return 0;
  const named = collectionOf(written.slice(0, 2).join("."));
  if (named === undefined || written.length < 2) return 1;
  if (named === collection) return 2;
  throw new QueryError(text, span, `unexpected ${excerpt(text, span)}: expected a field of ${collection}`);
}
