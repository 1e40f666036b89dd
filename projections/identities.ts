import type { IdentityKey } from "../core/events.ts";
import { type DeviceEvent, evolveDevice, type LiveDevice } from "../core/identity/device.ts";
import { evolveModule, type LiveModule, type ModuleEvent } from "../core/identity/module.ts";
import type { Versioned } from "../core/ports.ts";
import type { InitialTwin } from "../core/twin/twin.ts";
import { type DeviceRow, deviceAccess } from "./devices.ts";
import { type ModuleRow, moduleAccess, storedModuleIds } from "./modules.ts";
import { createRowCache, type RowCache } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** What an identity's event means for what hangs on the identity: its twin and its connection. `moduleId` may be ''. */
export type IdentityChange =
  | {
      readonly kind: "born";
      readonly deviceId: string;
      readonly moduleId: string;
      readonly generationId: string;
      readonly at: string;
      readonly initial: InitialTwin;
    }
  | { readonly kind: "ended"; readonly deviceId: string; readonly moduleId: string };

/** The view of devices and modules. */
export type Identities = {
  device(event: DeviceEvent, sequence: number): readonly IdentityChange[];
  module(event: ModuleEvent, sequence: number): readonly IdentityChange[];
  readonly readDevice: (deviceId: string) => DeviceRow | undefined;
  /** A module that can be seen. */
  readonly readModule: (deviceId: string, moduleId: string) => Versioned<LiveModule> | undefined;
  /** The generation of an identity that can be seen, or undefined. */
  readonly generationOf: (key: IdentityKey) => string | undefined;
  flush(): void;
  clear(): void;
};

/** What the view of identities is made with. */
export type IdentitiesOptions = {
  /** How much each table may keep in memory, see `createRowCache`. */
  readonly cacheBudget: number;
  /** Hears of every device row that is written. */
  readonly deviceChanged: (before: LiveDevice | undefined, after: LiveDevice | undefined) => void;
};

/** Makes the view over the tables `devices` and `modules`. */
export function createIdentities(store: Store, { cacheBudget, deviceChanged }: IdentitiesOptions): Identities {
  const changed = (_moduleId: string, before?: DeviceRow, after?: DeviceRow): void =>
    deviceChanged(before?.value, after?.value);
  const devices = createRowCache<DeviceRow>({ ...deviceAccess(store), changed }, cacheBudget);
  const modules = createRowCache<ModuleRow>(moduleAccess(store), cacheBudget);

  const modulesOf = (deviceId: string): readonly ModuleRow[] => {
    // The table knows all of them once what is held back is written.
    modules.flush();
    return storedModuleIds(store, deviceId).flatMap((moduleId) => modules.get(deviceId, moduleId) ?? []);
  };
  const readModule = (deviceId: string, moduleId: string): ModuleRow | undefined => {
    const row = modules.get(deviceId, moduleId);
    return row?.pendingTwin === null ? row : undefined;
  };
  return {
    device(event, sequence) {
      const { deviceId } = event.data;
      const before = devices.get(deviceId, "");
      const after = evolveDevice(before?.value ?? { status: "absent" }, event);
      devices.set(deviceId, "", after.status === "live" ? { value: after, sequence } : undefined);
      return consequences(event, { modules, modulesOf });
    },
    module(event, sequence) {
      const present = devices.get(event.data.deviceId, "")?.value.generationId;
      return applyModule({ modules, event, sequence, visible: present === event.data.deviceGenerationId });
    },
    readDevice: (deviceId) => devices.get(deviceId, ""),
    readModule,
    generationOf({ deviceId, moduleId }) {
      const row = moduleId === undefined ? devices.get(deviceId, "") : readModule(deviceId, moduleId);
      return row?.value.generationId;
    },
    flush() {
      devices.flush();
      modules.flush();
    },
    clear() {
      devices.clear();
      modules.clear();
    },
  };
}

type ModulesOfDevice = {
  readonly modules: RowCache<ModuleRow>;
  readonly modulesOf: (deviceId: string) => readonly ModuleRow[];
};

/** What a device's event means for its modules, and with them for everything that hangs on device and modules. */
function consequences(event: DeviceEvent, { modules, modulesOf }: ModulesOfDevice): readonly IdentityChange[] {
  const { deviceId, generationId } = event.data;
  switch (event.type) {
    case "DeviceUpdated":
      return [];
    case "DeviceCreated": {
      const { at, twin: initial = {} } = event.data;
      const changes: IdentityChange[] = [
        { kind: "ended", deviceId, moduleId: "" },
        { kind: "born", deviceId, moduleId: "", generationId, at, initial },
      ];
      for (const row of modulesOf(deviceId)) {
        if (row.value.deviceGenerationId !== generationId) changes.push(endModule(modules, row));
        else if (row.pendingTwin !== null) changes.push(revealModule(modules, row, row.pendingTwin));
      }
      return changes;
    }
    case "DeviceDeleted": {
      // Modules of another generation may already wait for the next device of this id; its creation sorts them out.
      const ended = modulesOf(deviceId).filter((row) => row.value.deviceGenerationId === generationId);
      return [{ kind: "ended", deviceId, moduleId: "" }, ...ended.map((row) => endModule(modules, row))];
    }
  }
}

type ModuleChange = {
  readonly modules: RowCache<ModuleRow>;
  readonly event: ModuleEvent;
  readonly sequence: number;
  /** Whether the device of the module's generation is there. */
  readonly visible: boolean;
};

function applyModule({ modules, event, sequence, visible }: ModuleChange): readonly IdentityChange[] {
  const { deviceId, moduleId } = event.data;
  const before = modules.get(deviceId, moduleId);
  const value = evolveModule(before?.value ?? { status: "absent" }, event);
  if (value.status === "absent") {
    modules.set(deviceId, moduleId, undefined);
    return before ? [{ kind: "ended", deviceId, moduleId }] : [];
  }
  if (event.type !== "ModuleCreated") {
    modules.set(deviceId, moduleId, { value, pendingTwin: before?.pendingTwin ?? null, sequence });
    return [];
  }
  const initial = event.data.twin ?? {};
  const row = { value, pendingTwin: visible ? null : initial, sequence };
  modules.set(deviceId, moduleId, row);
  return [{ kind: "ended", deviceId, moduleId }, ...(visible ? [birthOf(row, initial)] : [])];
}

function endModule(modules: RowCache<ModuleRow>, { value: { deviceId, moduleId } }: ModuleRow): IdentityChange {
  modules.set(deviceId, moduleId, undefined);
  return { kind: "ended", deviceId, moduleId };
}

/** Shows a module that was written before its device. */
function revealModule(modules: RowCache<ModuleRow>, row: ModuleRow, initial: InitialTwin): IdentityChange {
  modules.set(row.value.deviceId, row.value.moduleId, { ...row, pendingTwin: null });
  return birthOf(row, initial);
}

const birthOf = ({ value }: ModuleRow, initial: InitialTwin): IdentityChange => ({
  kind: "born",
  deviceId: value.deviceId,
  moduleId: value.moduleId,
  generationId: value.generationId,
  at: value.createdTime,
  initial,
});
