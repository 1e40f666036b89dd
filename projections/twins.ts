import type { IdentityKey } from "../core/events.ts";
import { evolveTwin, initialTwin } from "../core/twin/evolve.ts";
import type { TwinEvent } from "../core/twin/twin.ts";
import type { IdentityChange } from "./identities.ts";
import { createRowCache } from "./row-cache.ts";
import type { Store } from "./store.ts";
import { type TwinRow, twinAccess } from "./twin-rows.ts";

/** The view of twins: only of identities that can be seen. */
export type Twins = {
  identityChanged(change: IdentityChange): void;
  /** Returns what has become of the twin; undefined when the event is not one of its life. */
  twin(key: IdentityKey, event: TwinEvent, sequence: number): TwinRow | undefined;
  readonly read: (key: IdentityKey) => TwinRow | undefined;
  readonly flush: () => void;
  readonly clear: () => void;
};

/** Makes the view over the table `twins`, which may keep `cacheBudget` in memory, see `createRowCache`. */
export function createTwins(store: Store, cacheBudget: number): Twins {
  const rows = createRowCache<TwinRow>(twinAccess(store), cacheBudget);
  return {
    identityChanged(change) {
      const { deviceId, moduleId } = change;
      if (change.kind === "ended") return rows.set(deviceId, moduleId, undefined);
      const { generationId, at, initial } = change;
      const value = initialTwin({ generationId, at, initial });
      rows.set(deviceId, moduleId, { value, sequence: 0 });
    },
    twin({ deviceId, moduleId = "" }, event, sequence) {
      const before = rows.get(deviceId, moduleId);
      // A late event of a generation that is gone says nothing about the present twin.
      if (before?.value.generationId !== event.data.generationId) return undefined;
      const row = { value: evolveTwin(before.value, event), sequence };
      rows.set(deviceId, moduleId, row);
      return row;
    },
    read: ({ deviceId, moduleId = "" }) => rows.get(deviceId, moduleId),
    flush: rows.flush,
    clear: rows.clear,
  };
}
