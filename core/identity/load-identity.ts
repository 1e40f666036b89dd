import type { AggregateKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Loaded } from "../journal/execute.ts";
import type { ReadModel } from "../ports.ts";
import type { DeviceState, LiveDevice } from "./device.ts";
import type { LiveModule, ModuleState } from "./module.ts";

/** The journal's stream of a device, or of a module of it. */
export const identityStream = (deviceId: string, moduleId?: string): AggregateKey => ({
  aggregate: "identity",
  id: deviceId,
  ...(moduleId === undefined ? {} : { moduleId }),
});

/** A device as the local views have it. */
export function loadDevice(readModel: Pick<ReadModel, "device">, deviceId: string): Loaded<DeviceState> {
  const device = readModel.device(deviceId);
  return device === undefined
    ? { state: { status: "absent" }, sequence: 0 }
    : { state: device.value, sequence: device.sequence };
}

/** A module as the local views have it. */
export function loadModule(
  readModel: Pick<ReadModel, "module">,
  deviceId: string,
  moduleId: string,
): Loaded<ModuleState> {
  const module = readModel.module(deviceId, moduleId);
  return module === undefined
    ? { state: { status: "absent" }, sequence: 0 }
    : { state: module.value, sequence: module.sequence };
}

/** A device that must be there. Throws HubError `DeviceNotFound`. */
export function requireDevice(readModel: Pick<ReadModel, "device">, deviceId: string): LiveDevice {
  const device = readModel.device(deviceId)?.value;
  if (device === undefined) throw new HubError("DeviceNotFound", shownId(deviceId), { deviceId: shownId(deviceId) });
  return device;
}

/** A module that must be there. Throws HubError `DeviceNotFound` or `ModuleNotFound`. */
export function requireModule(
  readModel: Pick<ReadModel, "device" | "module">,
  deviceId: string,
  moduleId: string,
): LiveModule {
  requireDevice(readModel, deviceId);
  const module = readModel.module(deviceId, moduleId)?.value;
  if (module !== undefined) return module;
  const detail = { deviceId: shownId(deviceId), moduleId: shownId(moduleId) };
  throw new HubError("ModuleNotFound", detail.moduleId, detail);
}

/** An id that nobody checked, cut to a length that an answer or a log line can take. */
export const shownId = (id: string): string => id.slice(0, 128);
