import type { ConnectionState } from "../core/connection/connection.ts";
import type { LiveDevice } from "../core/identity/device.ts";
import type { Statistics } from "../core/ports.ts";
import type { Store } from "./store.ts";

/** The counts of the registry, kept up with every row that is written, so that reading them costs the same at any size. */
export type StatisticsView = {
  readonly deviceChanged: (before: LiveDevice | undefined, after: LiveDevice | undefined) => void;
  readonly connectionChanged: (before: ConnectionState | undefined, after: ConnectionState | undefined) => void;
  flush(): void;
  clear(): void;
};

const add = `UPDATE statistics SET totalDeviceCount = totalDeviceCount + ?, enabledDeviceCount = enabledDeviceCount + ?,
  disabledDeviceCount = disabledDeviceCount + ?, connectedDeviceCount = connectedDeviceCount + ? WHERE id = 1`;
const load = `SELECT totalDeviceCount, enabledDeviceCount, disabledDeviceCount, connectedDeviceCount
  FROM statistics WHERE id = 1`;

/** Makes the view over the table `statistics`. */
export function createStatistics(store: Store): StatisticsView {
  let enabled = 0;
  let disabled = 0;
  let connected = 0;
  const clear = (): void => {
    enabled = 0;
    disabled = 0;
    connected = 0;
  };
  return {
    deviceChanged(before, after) {
      enabled += isEnabled(after) - isEnabled(before);
      disabled += isDisabled(after) - isDisabled(before);
    },
    connectionChanged(before, after) {
      connected += isConnected(after) - isConnected(before);
    },
    flush() {
      if (enabled === 0 && disabled === 0 && connected === 0) return;
      store.prepare(add).run(enabled + disabled, enabled, disabled, connected);
      clear();
    },
    clear,
  };
}

const isEnabled = (device: LiveDevice | undefined): number => Number(device?.fields.status === "enabled");
const isDisabled = (device: LiveDevice | undefined): number => Number(device?.fields.status === "disabled");
const isConnected = (connection: ConnectionState | undefined): number => Number(connection?.connected === true);

/** The counts as they stand. */
export function readStatistics(store: Store): Statistics {
  const row = store.prepare(load).get();
  return {
    totalDeviceCount: Number(row?.totalDeviceCount),
    enabledDeviceCount: Number(row?.enabledDeviceCount),
    disabledDeviceCount: Number(row?.disabledDeviceCount),
    connectedDeviceCount: Number(row?.connectedDeviceCount),
  };
}
