import { type EventArea, eventAreas } from "../event-areas.ts";
import type { AggregateName } from "../events.ts";

/** The group that the events of an area belong to, by which they can be asked for: their aggregate's name. */
const groups = {
  access: "hub",
  consumerGroup: "hub",
  queryIndex: "hub",
  device: "identity",
  module: "identity",
  twin: "twin",
  connection: "connection",
  method: "method",
  command: "command",
  fileUpload: "upload",
  configuration: "configuration",
  job: "job",
  registryJob: "job",
} as const satisfies Record<EventArea, AggregateName>;

const groupOf: ReadonlyMap<string, string> = new Map(
  Object.entries(eventAreas).map(([type, area]) => [type, groups[area]]),
);

/**
 * The event types that a filter names: each word is a type, a group such as `twin`, or a pattern with `*` such as `Twin*`.
 * A word that names nothing stays, and matches nothing.
 */
export function typesNamed(words: readonly string[]): readonly string[] {
  return [...new Set(words.flatMap(typesOf))];
}

function typesOf(word: string): readonly string[] {
  const types = [...groupOf.keys()];
  if (word.includes("*")) {
    const [first = "", ...rest] = word.split("*");
    return types.filter((type) => matches(type, first, rest));
  }
  const members = types.filter((type) => groupOf.get(type) === word);
  return members.length > 0 ? members : [word];
}

/** Whether a text is `first`, then anything and each of `rest` in turn. Takes no longer than the text for each of them. */
function matches(text: string, first: string, rest: readonly string[]): boolean {
  if (!text.startsWith(first)) return false;
  const last = rest.at(-1) ?? "";
  let from = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = text.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return text.length - from >= last.length && text.endsWith(last);
}
