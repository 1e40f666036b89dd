import type { IdentityKey } from "../core/events.ts";
import type { ConfiguredTwin } from "../core/ports.ts";
import type { TwinConfigurations } from "../core/twin/twin.ts";
import type { Store } from "./store.ts";

const page = `SELECT deviceId, moduleId, json(configurations) AS configurations,
  desiredMetadata ->> '$."$lastUpdatedBy"' AS desiredAuthor FROM twins
  WHERE configurations IS NOT NULL AND (deviceId, moduleId) > (?, ?) ORDER BY deviceId, moduleId LIMIT ?`;

/** Twins that have configurations, ordered by device id and module id, from after `after` on. */
export function readConfiguredTwins(
  store: Store,
  { limit, after }: { readonly limit: number; readonly after?: IdentityKey },
): readonly ConfiguredTwin[] {
  const parse = rememberingParse();
  return store
    .prepare(page)
    .all(after?.deviceId ?? "", after?.moduleId ?? "", limit)
    .map((row) => {
      const { deviceId, moduleId, configurations, desiredAuthor } = row as StoredTwin;
      return {
        deviceId,
        ...(moduleId !== "" && { moduleId }),
        configurations: parse(configurations),
        desiredAuthor: desiredAuthor ?? undefined,
      };
    });
}

/** Neighbours mostly have the same: they get the same object. */
function rememberingParse(): (text: string) => TwinConfigurations {
  let last: { readonly text: string; readonly value: TwinConfigurations } | undefined;
  return (text) => {
    // The view wrote the text from them.
    if (last?.text !== text) last = { text, value: JSON.parse(text) as TwinConfigurations };
    return last.value;
  };
}

type StoredTwin = {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly configurations: string;
  readonly desiredAuthor: string | null;
};
