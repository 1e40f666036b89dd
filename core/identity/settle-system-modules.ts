import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import { decideModule } from "./decide-module.ts";
import { newDecisionMeta } from "./decision-meta.ts";
import { moduleFields } from "./identity-fields.ts";
import { identityStream, loadModule } from "./load-identity.ts";
import type { ModuleState } from "./module.ts";
import type { RequestContext } from "./registry.ts";
import type { RegistryDeps } from "./registry-deps.ts";
import { systemModuleIds } from "./system-module.ts";
import { deleteModule } from "./write-module.ts";

/** The generation of a device that its system modules are to belong to. */
type Owner = { readonly deviceId: string; readonly deviceGenerationId: string };

/**
 * Creates those system modules that a generation of an IoT Edge device lacks. Called before the device's own event, so
 * that nobody ever sees an IoT Edge device without them.
 */
export async function createSystemModules(deps: RegistryDeps, owner: Owner, correlationId: string): Promise<void> {
  await Promise.all(systemModuleIds.map((moduleId) => createSystemModule(deps, owner, moduleId, correlationId)));
}

async function createSystemModule(
  deps: RegistryDeps,
  owner: Owner,
  moduleId: string,
  correlationId: string,
): Promise<void> {
  const meta = newDecisionMeta(deps);
  // The value IoT Edge modules show (spec/http-api 2.3).
  const fields = moduleFields({ managedBy: "IotEdge", authentication: undefined }, undefined, deps.secrets);
  const data = { ...owner, moduleId, moduleCount: 0, fields };
  const isThere = (state: ModuleState) =>
    state.status === "live" && state.deviceGenerationId === owner.deviceGenerationId;
  await execute({
    ...deps,
    key: identityStream(owner.deviceId, moduleId),
    load: () => loadModule(deps.readModel, owner.deviceId, moduleId),
    decide: (state) => (isThere(state) ? [] : decideModule({ type: "CreateModule", data, meta }, state)),
    meta: newEventMeta(deps, { actor: hubActor(deps), correlationId }),
  });
}

/**
 * Makes the system modules fit the device as it stands after a write: there for an IoT Edge device, gone for one that
 * stopped being one (what IoT Hub does with them then is unconfirmed). Of two callers who create the same id at once
 * the one that fails may have overwritten the modules of the one that wins; either repairs that here.
 */
export async function settleSystemModules(
  deps: RegistryDeps,
  deviceId: string,
  { correlationId }: RequestContext,
): Promise<void> {
  const device = deps.readModel.device(deviceId)?.value;
  if (device === undefined) return;
  const present = systemModuleIds.filter((moduleId) => deps.readModel.module(deviceId, moduleId) !== undefined);
  const { iotEdge } = device.fields.capabilities;
  if (iotEdge && present.length < systemModuleIds.length) {
    await createSystemModules(deps, { deviceId, deviceGenerationId: device.generationId }, correlationId);
  }
  if (!iotEdge) {
    const actor = hubActor(deps);
    await Promise.all(present.map((moduleId) => deleteModule(deps, { deviceId, moduleId, actor, correlationId })));
  }
}

const hubActor = ({ nodeId }: RegistryDeps): RequestContext["actor"] => ({ kind: "hub", nodeId });
