import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { type Members, memberOf, setMember } from "./members.ts";
import type { Author } from "./metadata.ts";
import type { WrittenByConfiguration } from "./twin.ts";

/**
 * A desired property that automatic configurations want: its value, which is no object but an empty one, with its author; or
 * an object with members that are wanted. Null wants the property away.
 */
export type Wanted =
  | { readonly kind: "leaf"; readonly value: Json; readonly author: Author }
  | { readonly kind: "branch"; readonly members: WantedMembers };

/** Wanted properties by their names. */
export type WantedMembers = ReadonlyMap<string, Wanted>;

/** Notes who is the author of which property, while a write is put together. */
export class Authorship {
  readonly #trees = new Map<string, { readonly author: Author; readonly properties: Members }>();

  note(author: Author, path: readonly string[]): void {
    let node = this.#treeOf(author);
    for (const step of path.slice(0, -1)) {
      const inner = memberOf(node, step);
      const next: Members = isJsonObject(inner) ? inner : {};
      if (next !== inner) setMember(node, step, next);
      node = next;
    }
    setMember(node, path.at(-1) ?? "", true);
  }

  #treeOf(author: Author): Members {
    const known = this.#trees.get(author.configurationId);
    if (known !== undefined) return known.properties;
    const properties: Members = {};
    this.#trees.set(author.configurationId, { author, properties });
    return properties;
  }

  /** What was noted, in the order of `ids`: the weakest configuration first. */
  written(ids: readonly string[]): readonly WrittenByConfiguration[] {
    return ids.flatMap((id) => {
      const tree = this.#trees.get(id);
      return tree === undefined ? [] : [{ ...tree.author, properties: tree.properties }];
    });
  }
}

/** Where wanted values are put together. */
type ValuesPlace = {
  readonly path: readonly string[];
  /** Notes the authors. */
  readonly authorship: Authorship;
  /** Whether nulls stay, for a merge patch, or go, for where nothing was before: they want nothing there. */
  readonly nulls: "keep" | "drop";
};

/** The wanted properties as values. The depth is that of a twin's section. */
export function wantedValues(wanted: WantedMembers, place: ValuesPlace): JsonObject {
  const { path, authorship, nulls } = place;
  const values: Members = {};
  for (const [key, want] of wanted) {
    const here = [...path, key];
    if (want.kind === "branch") {
      const inner = wantedValues(want.members, { ...place, path: here });
      if (Object.keys(inner).length > 0) setMember(values, key, inner);
    } else {
      if (want.value !== null) authorship.note(want.author, here);
      if (want.value !== null || nulls === "keep") setMember(values, key, want.value);
    }
  }
  return values;
}
