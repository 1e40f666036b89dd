import type { LiveDevice } from "../core/identity/device.ts";
import type { Versioned } from "../core/ports.ts";
import {
  type AuthenticationRow,
  authenticationColumns,
  authenticationOf,
  authenticationValues,
  upsertSql,
} from "./columns.ts";
import type { RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** A device as the views hold it. */
export type DeviceRow = Versioned<LiveDevice>;

const columns = [
  "generationId",
  "etag",
  "status",
  "statusReason",
  "statusUpdatedTime",
  "createdTime",
  ...authenticationColumns,
  "iotEdge",
  "deviceScope",
  "parentScopes",
  "sequence",
];
const save = upsertSql("devices", { key: ["deviceId"], columns, jsonb: ["parentScopes"] });
const select = "SELECT *, json(parentScopes) AS parentScopesText FROM devices";
const load = `${select} WHERE deviceId = ?`;
const list = `${select} WHERE deviceId > ? ORDER BY deviceId LIMIT ?`;
const remove = "DELETE FROM devices WHERE deviceId = ?";

/** How the rows of `devices` are read and written. */
export function deviceAccess(store: Store): RowAccess<DeviceRow> {
  return {
    load(deviceId) {
      const row = store.prepare(load).get(deviceId);
      return row && deviceOf(row as StoredDevice);
    },
    save(deviceId, _moduleId, { value, sequence }) {
      const { fields } = value;
      store
        .prepare(save)
        .run(
          deviceId,
          value.generationId,
          value.etag,
          fields.status,
          fields.statusReason,
          value.statusUpdatedTime,
          value.createdTime,
          ...authenticationValues(fields.authentication),
          fields.capabilities.iotEdge ? 1 : 0,
          fields.deviceScope,
          JSON.stringify(fields.parentScopes),
          sequence,
        );
    },
    remove(deviceId) {
      store.prepare(remove).run(deviceId);
    },
  };
}

/** The first devices in the order of their ids, from after `after` on. No id is empty. */
export const readDevices = (store: Store, limit: number, after = ""): readonly LiveDevice[] =>
  store
    .prepare(list)
    .all(after, Math.max(0, limit))
    .map((row) => deviceOf(row as StoredDevice).value);

type StoredDevice = AuthenticationRow & {
  readonly deviceId: string;
  readonly generationId: string;
  readonly etag: string;
  readonly status: "enabled" | "disabled";
  readonly statusReason: string | null;
  readonly statusUpdatedTime: string | null;
  readonly createdTime: string;
  readonly iotEdge: number;
  readonly deviceScope: string | null;
  readonly parentScopesText: string;
  readonly sequence: number;
};

function deviceOf(row: StoredDevice): DeviceRow {
  const { deviceId, generationId, etag, statusUpdatedTime, createdTime, sequence } = row;
  const fields = {
    status: row.status,
    statusReason: row.statusReason,
    authentication: authenticationOf(row),
    capabilities: { iotEdge: row.iotEdge === 1 },
    deviceScope: row.deviceScope,
    parentScopes: JSON.parse(row.parentScopesText) as readonly string[],
  };
  return {
    value: { status: "live", deviceId, generationId, etag, fields, statusUpdatedTime, createdTime },
    sequence,
  };
}
