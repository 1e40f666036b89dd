import type { LiveModule } from "../core/identity/module.ts";
import type { Versioned } from "../core/ports.ts";
import type { InitialTwin } from "../core/twin/twin.ts";
import {
  type AuthenticationRow,
  authenticationColumns,
  authenticationOf,
  authenticationValues,
  upsertSql,
} from "./columns.ts";
import type { RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/**
 * A module as the views hold it. Until the device of its generation exists nobody sees it, and `pendingTwin` keeps what
 * its twin will be born with; from then on that is null.
 */
export type ModuleRow = Versioned<LiveModule> & { readonly pendingTwin: InitialTwin | null };

const columns = [
  "deviceGenerationId",
  "generationId",
  "etag",
  "managedBy",
  "createdTime",
  ...authenticationColumns,
  "pendingTwin",
  "sequence",
];
const save = upsertSql("modules", { key: ["deviceId", "moduleId"], columns, jsonb: ["pendingTwin"] });
const remove = "DELETE FROM modules WHERE deviceId = ? AND moduleId = ?";
const load = "SELECT *, json(pendingTwin) AS pendingTwinText FROM modules WHERE deviceId = ? AND moduleId = ?";
const ids = "SELECT moduleId FROM modules WHERE deviceId = ?";
const listVisible = `SELECT *, NULL AS pendingTwinText FROM modules
  WHERE deviceId = ? AND pendingTwin IS NULL ORDER BY moduleId`;

/** How the rows of `modules` are read and written, those that nobody sees yet too. */
export function moduleAccess(store: Store): RowAccess<ModuleRow> {
  return {
    load(deviceId, moduleId) {
      const row = store.prepare(load).get(deviceId, moduleId);
      return row && moduleOf(row as StoredModule);
    },
    save(deviceId, moduleId, { value, pendingTwin, sequence }) {
      store
        .prepare(save)
        .run(
          deviceId,
          moduleId,
          value.deviceGenerationId,
          value.generationId,
          value.etag,
          value.fields.managedBy,
          value.createdTime,
          ...authenticationValues(value.fields.authentication),
          pendingTwin && JSON.stringify(pendingTwin),
          sequence,
        );
    },
    remove(deviceId, moduleId) {
      store.prepare(remove).run(deviceId, moduleId);
    },
  };
}

/** The ids of all stored modules of a device, in order, those that nobody sees yet too. */
export const storedModuleIds = (store: Store, deviceId: string): readonly string[] =>
  store
    .prepare(ids)
    .all(deviceId)
    .map((row) => String(row.moduleId));

/** The modules of the device's present generation, in the order of their ids. */
export const readModules = (store: Store, deviceId: string): readonly LiveModule[] =>
  store
    .prepare(listVisible)
    .all(deviceId)
    .map((row) => moduleOf(row as StoredModule).value);

type StoredModule = AuthenticationRow & {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly deviceGenerationId: string;
  readonly generationId: string;
  readonly etag: string;
  readonly managedBy: string | null;
  readonly createdTime: string;
  readonly pendingTwinText: string | null;
  readonly sequence: number;
};

function moduleOf(row: StoredModule): ModuleRow {
  const { deviceId, moduleId, deviceGenerationId, generationId, etag, managedBy, createdTime, sequence } = row;
  const fields = { managedBy, authentication: authenticationOf(row) };
  return {
    value: { status: "live", deviceId, moduleId, deviceGenerationId, generationId, etag, fields, createdTime },
    pendingTwin: row.pendingTwinText === null ? null : (JSON.parse(row.pendingTwinText) as InitialTwin),
    sequence,
  };
}
