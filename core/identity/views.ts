import type { ConnectionState } from "../connection/connection.ts";
import type { TwinState } from "../twin/twin.ts";
import type { LiveDevice } from "./device.ts";
import type { LiveModule } from "./module.ts";

/** A device as a caller with RegistryRead sees it: keys in clear. */
export type DeviceView = {
  readonly device: LiveDevice;
  readonly connection: ConnectionState;
  readonly cloudToDeviceMessageCount: number;
};

/** A module as a caller with RegistryRead sees it: keys in clear. */
export type ModuleView = {
  readonly module: LiveModule;
  readonly connection: ConnectionState;
  readonly cloudToDeviceMessageCount: number;
};

/** A twin with what it mirrors of its identity. `module` is there for a module twin. Keys stay sealed. */
export type TwinView = {
  readonly twin: TwinState;
  readonly device: LiveDevice;
  readonly module?: LiveModule;
  readonly connection: ConnectionState;
  readonly cloudToDeviceMessageCount: number;
};
