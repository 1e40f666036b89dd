import type { SQLOutputValue } from "node:sqlite";
import type { ConnectionState } from "../core/connection/connection.ts";
import type { IdentityKey } from "../core/events.ts";
import type { Authentication } from "../core/identity/authentication.ts";
import type { LiveDevice } from "../core/identity/device.ts";
import type { LiveModule } from "../core/identity/module.ts";
import type { TwinView } from "../core/identity/views.ts";
import type { SnapshotLimit, Versioned } from "../core/ports.ts";
import type { TwinSection, TwinState } from "../core/twin/twin.ts";
import type { Store } from "./store.ts";
import type { TwinRow } from "./twin-rows.ts";

/**
 * A twin has a snapshot for every so many versions, so that its state at any moment is a snapshot and fewer events than this.
 * Its own version decides, not the place in a batch or the time: views that are built anew have the same ones.
 */
export const snapshotEvery = 128;

/** Whether a twin that was just written is to have a snapshot. */
export const isSnapshotDue = ({ value }: TwinRow): boolean => value.version % snapshotEvery === 0;

const insert = `INSERT INTO twinSnapshots (deviceId, moduleId, sequence, generationId, version, view)
  VALUES (?, ?, ?, ?, ?, jsonb(?))`;
const found = "SELECT sequence, json(view) AS view FROM twinSnapshots WHERE deviceId = ? AND moduleId = ?";
const bySequence = `${found} AND sequence <= ? ORDER BY sequence DESC LIMIT 1`;
const byVersion = `${found} AND generationId = ? AND version <= ? ORDER BY sequence DESC LIMIT 1`;

/** Writes snapshots. */
export type TwinSnapshots = {
  note(key: IdentityKey, view: Versioned<TwinView>): void;
  flush(): void;
  clear(): void;
};

/** So many are noted before they are written, which bounds the memory: a hostile twin is large. */
const mostNoted = 500;

type Noted = { readonly key: IdentityKey; readonly view: Versioned<TwinView> };

/** Makes the writer. It writes within a transaction of its caller's. */
export function createTwinSnapshots(store: Store): TwinSnapshots {
  let noted: Noted[] = [];
  const flush = (): void => {
    for (const { key, view } of noted) write(store, key, view);
    noted = [];
  };
  return {
    note(key, view) {
      noted.push({ key, view });
      if (noted.length >= mostNoted) flush();
    },
    flush,
    clear() {
      noted = [];
    },
  };
}

function write(store: Store, { deviceId, moduleId = "" }: IdentityKey, { value, sequence }: Versioned<TwinView>): void {
  const { twin, device, module, connection, cloudToDeviceMessageCount } = value;
  const view: TwinView = {
    twin: twinInOrder(twin),
    device: deviceInOrder(device),
    ...(module && { module: moduleInOrder(module) }),
    connection: connectionInOrder(connection),
    cloudToDeviceMessageCount,
  };
  const { generationId, version } = twin;
  store.prepare(insert).run(deviceId, moduleId, sequence, generationId, version, JSON.stringify(view));
}

// A row comes from an event or from its table, with its members in another order each time. Snapshots are the same to the
// byte whichever it was; the content of a twin keeps its order in the table too.
function twinInOrder(twin: TwinState): TwinState {
  const { generationId, version, etag, tags, desired, reported, configurations, deployment } = twin;
  const content = { generationId, version, etag, tags, desired: inOrder(desired), reported: inOrder(reported) };
  return { ...content, ...(configurations && { configurations }), ...(deployment !== undefined && { deployment }) };
}

const inOrder = ({ values, metadata, version }: TwinSection): TwinSection => ({ values, metadata, version });

function deviceInOrder(device: LiveDevice): LiveDevice {
  const { deviceId, generationId, etag, statusUpdatedTime, createdTime, fields } = device;
  const { status, statusReason, authentication, capabilities, deviceScope, parentScopes } = fields;
  const common = { status, statusReason, authentication: authenticationInOrder(authentication) };
  const ordered = { ...common, capabilities: { iotEdge: capabilities.iotEdge }, deviceScope, parentScopes };
  return { status: "live", deviceId, generationId, etag, fields: ordered, statusUpdatedTime, createdTime };
}

function moduleInOrder(module: LiveModule): LiveModule {
  const { deviceId, moduleId, deviceGenerationId, generationId, etag, createdTime, fields } = module;
  const ordered = { managedBy: fields.managedBy, authentication: authenticationInOrder(fields.authentication) };
  return { status: "live", deviceId, moduleId, deviceGenerationId, generationId, etag, fields: ordered, createdTime };
}

const authenticationInOrder = ({ type, symmetricKey, x509Thumbprint }: Authentication): Authentication => ({
  type,
  symmetricKey: { primaryKey: symmetricKey.primaryKey, secondaryKey: symmetricKey.secondaryKey },
  x509Thumbprint: {
    primaryThumbprint: x509Thumbprint.primaryThumbprint,
    secondaryThumbprint: x509Thumbprint.secondaryThumbprint,
  },
});

function connectionInOrder(connection: ConnectionState): ConnectionState {
  const { generationId, connected, connectionId, nodeId, protocol, modelId } = connection;
  const { connectionStateUpdatedTime, lastActivityTime, subscriptions } = connection;
  const held = { generationId, connected, connectionId, nodeId, protocol, modelId };
  return { ...held, connectionStateUpdatedTime, lastActivityTime, subscriptions };
}

/** The latest snapshot of a twin that is not beyond the limit. */
export function readTwinSnapshot(
  store: Store,
  { deviceId, moduleId = "" }: IdentityKey,
  limit: SnapshotLimit,
): Versioned<TwinView> | undefined {
  const row =
    "sequence" in limit
      ? store.prepare(bySequence).get(deviceId, moduleId, limit.sequence)
      : store.prepare(byVersion).get(deviceId, moduleId, limit.generationId, limit.version);
  return row && viewOf(row);
}

const viewOf = ({ sequence, view }: Readonly<Record<string, SQLOutputValue>>): Versioned<TwinView> => ({
  sequence: Number(sequence),
  // The view wrote this column from one.
  value: JSON.parse(String(view)) as TwinView,
});
