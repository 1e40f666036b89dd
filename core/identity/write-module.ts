import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import type { InitialTwin } from "../twin/twin.ts";
import { decideModule, type ModuleCommand } from "./decide-module.ts";
import { type DecisionMeta, newDecisionMeta } from "./decision-meta.ts";
import { moduleFields } from "./identity-fields.ts";
import { identityStream, loadModule, requireDevice, requireModule } from "./load-identity.ts";
import type { LiveModule, ModuleState } from "./module.ts";
import type { ModuleInput } from "./parse-identity.ts";
import type { RequestContext } from "./registry.ts";
import type { RegistryDeps, WriteMode } from "./registry-deps.ts";
import { isSystemModule, protectSystemModule } from "./system-module.ts";

/** A module to be created or updated. `twin` counts only for one that is created. */
export type ModuleWrite = RequestContext & {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly input: ModuleInput;
  readonly mode: WriteMode;
  readonly twin?: InitialTwin;
};

/**
 * Creates or updates a module and returns it, keys sealed. Throws HubError `DeviceNotFound`,
 * `SystemModuleModifyUnauthorizedAccess` and as `decideModule` and `execute`.
 */
export async function writeModule(deps: RegistryDeps, write: ModuleWrite): Promise<LiveModule> {
  const { deviceId, moduleId, actor } = write;
  requireDevice(deps.readModel, deviceId);
  protectSystemModule(write, actor, "write");
  const decisionMeta = newDecisionMeta(deps);
  await execute({
    ...deps,
    key: identityStream(deviceId, moduleId),
    load: () => loadModule(deps.readModel, deviceId, moduleId),
    decide: (state) => decideModule(commandFor(deps, write, state, decisionMeta), state),
    meta: newEventMeta(deps, write),
  });
  return requireModule(deps.readModel, deviceId, moduleId);
}

/** A module to be deleted; without `ifMatch` whatever its etag. */
export type ModuleRemoval = RequestContext & {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly ifMatch?: string;
};

/** Deletes a module. Throws as `writeModule`. */
export async function deleteModule(deps: RegistryDeps, removal: ModuleRemoval): Promise<void> {
  const { deviceId, moduleId, ifMatch, actor } = removal;
  requireDevice(deps.readModel, deviceId);
  protectSystemModule(removal, actor, "delete");
  const meta = newDecisionMeta(deps);
  await execute({
    ...deps,
    key: identityStream(deviceId, moduleId),
    load: () => loadModule(deps.readModel, deviceId, moduleId),
    decide: (state) => {
      const target = { deviceId, moduleId, deviceGenerationId: generationOf(deps, deviceId) };
      const data = ifMatch === undefined ? target : { ...target, ifMatch };
      return decideModule({ type: "DeleteModule", data, meta }, state);
    },
    meta: newEventMeta(deps, removal),
  });
}

function commandFor(deps: RegistryDeps, write: ModuleWrite, state: ModuleState, meta: DecisionMeta): ModuleCommand {
  const { deviceId, moduleId, input, mode, twin } = write;
  const target = { deviceId, moduleId, deviceGenerationId: generationOf(deps, deviceId) };
  const before = state.status === "live" ? state : undefined;
  if (mode.kind === "update" || (mode.kind === "createOrUpdate" && before !== undefined)) {
    const fields = moduleFields(input, before, deps.secrets);
    return { type: "UpdateModule", data: { ...target, fields, ifMatch: mode.ifMatch }, meta };
  }
  // Two creations at once can both count 49: the limit protects the hub, it is no invariant worth a lock on the device.
  const moduleCount = deps.readModel.modules(deviceId).filter((module) => !isSystemModule(module.moduleId)).length;
  const data = { ...target, moduleCount, fields: moduleFields(input, undefined, deps.secrets) };
  return { type: "CreateModule", data: twin === undefined ? data : { ...data, twin }, meta };
}

const generationOf = ({ readModel }: RegistryDeps, deviceId: string): string =>
  requireDevice(readModel, deviceId).generationId;
