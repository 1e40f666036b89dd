import { bulkWrite } from "./bulk-write.ts";
import { deviceView, moduleView } from "./identity-views.ts";
import { requireDevice, requireModule } from "./load-identity.ts";
import { parseDevice, parseModule } from "./parse-identity.ts";
import { regenerateKeys } from "./regenerate-keys.ts";
import type { Registry } from "./registry.ts";
import { putMode, type RegistryDeps } from "./registry-deps.ts";
import { deleteDevice, writeDevice } from "./write-device.ts";
import { deleteModule, writeModule } from "./write-module.ts";

const maxListed = 1000;

/** Makes the registry use cases. Writes resolve once the local views show them. */
export function createRegistry(deps: RegistryDeps): Registry {
  const { readModel } = deps;
  return {
    getDevice: (deviceId) => deviceView(deps, requireDevice(readModel, deviceId)),
    listDevices: (top) => readModel.devices(listLength(top)).map((device) => deviceView(deps, device)),
    putDevice: async ({ deviceId, body, ifMatch, ...origin }) => {
      const input = parseDevice(body, deviceId);
      const write = { deviceId, input, mode: putMode(ifMatch), lenientScopes: false, ...origin };
      return deviceView(deps, await writeDevice(deps, write));
    },
    deleteDevice: (command) => deleteDevice(deps, command),
    getModule: (deviceId, moduleId) => moduleView(deps, requireModule(readModel, deviceId, moduleId)),
    listModules: (deviceId) => {
      requireDevice(readModel, deviceId);
      return readModel.modules(deviceId).map((module) => moduleView(deps, module));
    },
    putModule: async ({ deviceId, moduleId, body, ifMatch, ...origin }) => {
      const input = parseModule(body, deviceId, moduleId);
      const write = { deviceId, moduleId, input, mode: putMode(ifMatch), ...origin };
      return moduleView(deps, await writeModule(deps, write));
    },
    deleteModule: (command) => deleteModule(deps, command),
    bulk: (entries, origin) => bulkWrite(deps, entries, origin),
    regenerateKeys: (policyKey, targets, origin) => regenerateKeys(deps, policyKey, targets, origin),
  };
}

/** Anything but 1 to 1000 counts as 1000 (spec/http-api 2.2). */
const listLength = (top: number): number => (Number.isInteger(top) && top >= 1 && top <= maxListed ? top : maxListed);
