import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import type { InitialTwin } from "../twin/twin.ts";
import { type DeviceCommand, decideDevice } from "./decide-device.ts";
import { type DecisionMeta, newDecisionMeta } from "./decision-meta.ts";
import type { DeviceEvent, DeviceState, LiveDevice } from "./device.ts";
import { deviceFields } from "./identity-fields.ts";
import { identityStream, loadDevice, requireDevice } from "./load-identity.ts";
import type { DeviceInput } from "./parse-identity.ts";
import type { RequestContext } from "./registry.ts";
import type { RegistryDeps, WriteMode } from "./registry-deps.ts";
import { createSystemModules, settleSystemModules } from "./settle-system-modules.ts";

/**
 * A device to be created or updated. `twin` counts only for one that is created; `lenientScopes` takes a leaf device's
 * scope unchecked.
 */
export type DeviceWrite = RequestContext & {
  readonly deviceId: string;
  readonly input: DeviceInput;
  readonly mode: WriteMode;
  readonly lenientScopes: boolean;
  readonly twin?: InitialTwin;
};

/**
 * Creates or updates a device, with the system modules that its IoT Edge capability asks for, and returns it, keys
 * sealed. Throws HubError `InvalidDeviceScope` and as `decideDevice` and `execute`.
 */
export async function writeDevice(deps: RegistryDeps, write: DeviceWrite): Promise<LiveDevice> {
  const { deviceId, correlationId } = write;
  const decisionMeta = newDecisionMeta(deps);
  const load = () => loadDevice(deps.readModel, deviceId);
  const decide = (state: DeviceState) => decideDevice(commandFor(deps, write, state, decisionMeta), state);
  // Decided twice: here to refuse before anything is written and to learn the generation that system modules must have.
  const deviceGenerationId = decide(load().state).map(newEdgeGeneration)[0];
  try {
    if (deviceGenerationId !== undefined)
      await createSystemModules(deps, { deviceId, deviceGenerationId }, correlationId);
    const meta = newEventMeta(deps, write);
    await execute({ ...deps, key: identityStream(deviceId), load, decide, meta });
  } finally {
    await settleSystemModules(deps, deviceId, write);
  }
  return requireDevice(deps.readModel, deviceId);
}

/** A device to be deleted; without `ifMatch` whatever its etag. */
export type DeviceRemoval = RequestContext & { readonly deviceId: string; readonly ifMatch?: string };

/** Deletes a device; its modules end with its generation, its children stay. Throws as `decideDevice` and `execute`. */
export async function deleteDevice(deps: RegistryDeps, removal: DeviceRemoval): Promise<void> {
  const { deviceId, ifMatch } = removal;
  requireDevice(deps.readModel, deviceId);
  const meta = newDecisionMeta(deps);
  const data = ifMatch === undefined ? { deviceId } : { deviceId, ifMatch };
  await execute({
    ...deps,
    key: identityStream(deviceId),
    load: () => loadDevice(deps.readModel, deviceId),
    decide: (state) => decideDevice({ type: "DeleteDevice", data, meta }, state),
    meta: newEventMeta(deps, removal),
  });
}

/** The generation of a device that this event makes an IoT Edge device. */
function newEdgeGeneration(event: DeviceEvent): string | undefined {
  if (event.type === "DeviceDeleted" || !event.data.fields.capabilities.iotEdge) return undefined;
  if (event.type === "DeviceUpdated" && !event.data.changed.includes("capabilities")) return undefined;
  return event.data.generationId;
}

function commandFor(deps: RegistryDeps, write: DeviceWrite, state: DeviceState, meta: DecisionMeta): DeviceCommand {
  const { deviceId, input, mode, twin, lenientScopes } = write;
  const { secrets, readModel } = deps;
  const findDevice = (id: string) => readModel.device(id)?.value;
  const current = state.status === "live" ? state : undefined;
  const context = { deviceId, secrets, findDevice, lenientScopes };
  if (mode.kind === "update" || (mode.kind === "createOrUpdate" && current !== undefined)) {
    const fields = deviceFields(input, { ...context, before: current });
    return { type: "UpdateDevice", data: { deviceId, fields, ifMatch: mode.ifMatch }, meta };
  }
  const fields = deviceFields(input, { ...context, before: undefined });
  return { type: "CreateDevice", data: twin === undefined ? { deviceId, fields } : { deviceId, fields, twin }, meta };
}
