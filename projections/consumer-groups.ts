import {
  type ConsumerGroup,
  type ConsumerGroupEvent,
  evolveConsumerGroups,
} from "../core/consumer-group/consumer-group.ts";
import type { Versioned } from "../core/ports.ts";
import { upsertSql } from "./columns.ts";
import type { Store } from "./store.ts";

/** The view of the built-in endpoint's consumer groups: one row, asked for with every reader that comes. */
export type ConsumerGroups = {
  consumerGroup(event: ConsumerGroupEvent, sequence: number): void;
  /** The groups, oldest first. The same object until they change. */
  readonly read: () => Versioned<readonly ConsumerGroup[]>;
  clear(): void;
};

// There is one row: twenty groups at most, and a sequence that has to stay when the last of them is gone.
const id = "hub";
const save = upsertSql("consumerGroups", {
  key: ["id"],
  columns: ["consumerGroups", "sequence"],
  jsonb: ["consumerGroups"],
});
const load = "SELECT json(consumerGroups) AS consumerGroups, sequence FROM consumerGroups WHERE id = ?";

/** Makes the view over the table `consumerGroups`. */
export function createConsumerGroups(store: Store): ConsumerGroups {
  let known: Versioned<readonly ConsumerGroup[]> | undefined;
  const read = (): Versioned<readonly ConsumerGroup[]> => {
    known ??= readGroups(store);
    return known;
  };
  return {
    consumerGroup(event, sequence) {
      const value = evolveConsumerGroups(read().value, event);
      store.prepare(save).run(id, JSON.stringify(value), sequence);
      known = { value, sequence };
    },
    read,
    clear() {
      known = undefined;
    },
  };
}

function readGroups(store: Store): Versioned<readonly ConsumerGroup[]> {
  const row = store.prepare(load).get(id);
  if (row === undefined) return { value: [], sequence: 0 };
  // The view wrote this column from groups.
  return { value: JSON.parse(String(row.consumerGroups)) as readonly ConsumerGroup[], sequence: Number(row.sequence) };
}
