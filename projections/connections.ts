import {
  type ConnectionEvent,
  type ConnectionState,
  evolveConnection,
  neverConnected,
  type Protocol,
  type Subscription,
} from "../core/connection/connection.ts";
import type { IdentityKey } from "../core/events.ts";
import { upsertSql } from "./columns.ts";
import type { Identities, IdentityChange } from "./identities.ts";
import { createRowCache, type RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** The view of connections: a row for each identity that ever connected in its present generation. */
export type Connections = {
  identityChanged(change: IdentityChange): void;
  connection(key: IdentityKey, event: ConnectionEvent): void;
  /** `neverConnected` when the identity did not connect in its present generation. */
  readonly read: (key: IdentityKey) => ConnectionState;
  readonly flush: () => void;
  readonly clear: () => void;
};

/** What the view of connections is made with. */
export type ConnectionsOptions = {
  /** How much may be kept in memory, see `createRowCache`. */
  readonly cacheBudget: number;
  readonly generationOf: Identities["generationOf"];
  /** Hears of every row of a device (not of a module) that is written. */
  readonly deviceConnectionChanged: (before: ConnectionState | undefined, after: ConnectionState | undefined) => void;
};

/** Makes the view over the table `connections`. */
export function createConnections(store: Store, options: ConnectionsOptions): Connections {
  const { cacheBudget, generationOf, deviceConnectionChanged } = options;
  const changed = (moduleId: string, before?: ConnectionState, after?: ConnectionState): void => {
    if (moduleId === "") deviceConnectionChanged(before, after);
  };
  const rows = createRowCache<ConnectionState>({ ...connectionAccess(store), changed }, cacheBudget);
  return {
    identityChanged({ deviceId, moduleId }) {
      rows.set(deviceId, moduleId, undefined);
    },
    connection(key, event) {
      const { deviceId, moduleId = "" } = key;
      const { generationId } = event.data;
      const before = rows.get(deviceId, moduleId);
      // A node may write the end of a connection, or even its begin, after its identity is gone or made anew.
      if (before?.generationId !== generationId && generationOf(key) !== generationId) return;
      const after = evolveConnection(before ?? neverConnected, event);
      if (after !== neverConnected) rows.set(deviceId, moduleId, after);
    },
    read: ({ deviceId, moduleId = "" }) => rows.get(deviceId, moduleId) ?? neverConnected,
    flush: rows.flush,
    clear: rows.clear,
  };
}

const columns = [
  "generationId",
  "connected",
  "connectionId",
  "nodeId",
  "protocol",
  "modelId",
  "connectionStateUpdatedTime",
  "lastActivityTime",
  "subscriptions",
];
const save = upsertSql("connections", { key: ["deviceId", "moduleId"], columns, jsonb: ["subscriptions"] });
const remove = "DELETE FROM connections WHERE deviceId = ? AND moduleId = ?";
const select = "SELECT *, json(subscriptions) AS subscriptionsText FROM connections";
const load = `${select} WHERE deviceId = ? AND moduleId = ?`;
const ofNode = `${select} WHERE connected = 1 AND nodeId = ? ORDER BY deviceId, moduleId`;

/** How the rows of `connections` are read and written. */
export function connectionAccess(store: Store): RowAccess<ConnectionState> {
  return {
    load(deviceId, moduleId) {
      const row = store.prepare(load).get(deviceId, moduleId);
      return row && connectionOf(row as StoredConnection);
    },
    save(deviceId, moduleId, connection) {
      store
        .prepare(save)
        .run(
          deviceId,
          moduleId,
          connection.generationId,
          connection.connected ? 1 : 0,
          connection.connectionId,
          connection.nodeId,
          connection.protocol,
          connection.modelId,
          connection.connectionStateUpdatedTime,
          connection.lastActivityTime,
          JSON.stringify(connection.subscriptions),
        );
    },
    remove(deviceId, moduleId) {
      store.prepare(remove).run(deviceId, moduleId);
    },
  };
}

/** The live connections that a node holds, in the order of their keys. */
export const readConnectionsOf = (
  store: Store,
  nodeId: string,
): readonly { readonly key: IdentityKey; readonly connection: ConnectionState }[] =>
  store
    .prepare(ofNode)
    .all(nodeId)
    .map((stored) => {
      const row = stored as StoredConnection;
      const { deviceId, moduleId } = row;
      return { key: moduleId === "" ? { deviceId } : { deviceId, moduleId }, connection: connectionOf(row) };
    });

type StoredConnection = {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly generationId: string;
  readonly connected: number;
  readonly connectionId: string | null;
  readonly nodeId: string | null;
  readonly protocol: Protocol | null;
  readonly modelId: string | null;
  readonly connectionStateUpdatedTime: string | null;
  readonly lastActivityTime: string | null;
  readonly subscriptionsText: string;
};

const connectionOf = (row: StoredConnection): ConnectionState => ({
  generationId: row.generationId,
  connected: row.connected === 1,
  connectionId: row.connectionId,
  nodeId: row.nodeId,
  protocol: row.protocol,
  modelId: row.modelId,
  connectionStateUpdatedTime: row.connectionStateUpdatedTime,
  lastActivityTime: row.lastActivityTime,
  subscriptions: JSON.parse(row.subscriptionsText) as readonly Subscription[],
});
