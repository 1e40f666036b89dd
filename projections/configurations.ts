import {
  type Configuration,
  type ConfigurationEvent,
  type ConfigurationState,
  evolveConfiguration,
} from "../core/configuration/configuration.ts";
import type { Versioned } from "../core/ports.ts";
import { upsertSql } from "./columns.ts";
import type { Store } from "./store.ts";

type ConfigurationRow = Versioned<Configuration>;

/** The view of automatic configurations: a row for each, a hundred at most. */
export type Configurations = {
  configuration(id: string, event: ConfigurationEvent, sequence: number): void;
  readonly read: (id: string) => ConfigurationRow | undefined;
  /** In the order of their ids. */
  readonly readAll: () => readonly Configuration[];
  clear(): void;
};

const save = upsertSql("configurations", {
  key: ["id"],
  columns: ["configuration", "sequence"],
  jsonb: ["configuration"],
});
const remove = "DELETE FROM configurations WHERE id = ?";
const load = "SELECT id, json(configuration) AS configuration, sequence FROM configurations ORDER BY id";

/** Makes the view over the table `configurations`. */
export function createConfigurations(store: Store): Configurations {
  let known: Map<string, ConfigurationRow> | undefined;
  let all: readonly Configuration[] | undefined;
  const rows = (): Map<string, ConfigurationRow> => {
    known ??= readRows(store);
    return known;
  };
  return {
    configuration(id, event, sequence) {
      const before = rows().get(id);
      const state: ConfigurationState =
        before === undefined ? { status: "absent" } : { status: "live", configuration: before.value };
      const after = evolveConfiguration(state, event);
      all = undefined;
      if (after.status === "absent") {
        rows().delete(id);
        store.prepare(remove).run(id);
      } else {
        rows().set(id, { value: after.configuration, sequence });
        store.prepare(save).run(id, JSON.stringify(after.configuration), sequence);
      }
    },
    read: (id) => rows().get(id),
    readAll() {
      all ??= [...rows().values()].map(({ value }) => value).sort((a, b) => (a.id < b.id ? -1 : 1));
      return all;
    },
    clear() {
      known = undefined;
      all = undefined;
    },
  };
}

const readRows = (store: Store): Map<string, ConfigurationRow> =>
  new Map(
    store
      .prepare(load)
      .all()
      .map((row) => {
        // The view wrote this column from configurations.
        const value = JSON.parse(String(row.configuration)) as Configuration;
        return [String(row.id), { value, sequence: Number(row.sequence) }];
      }),
  );
