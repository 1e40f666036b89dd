import { HubError } from "../hub-error.ts";
import type { InitialTwin } from "../twin/twin.ts";
import { losesCredential, sameAuthentication } from "./credential-change.ts";
import type { DecisionMeta } from "./decision-meta.ts";
import type { LiveModule, ModuleEvent, ModuleFields, ModuleState } from "./module.ts";
import { isSystemModule } from "./system-module.ts";
import { nextEtag, versionOf } from "./version.ts";

/**
 * How many modules a device may have (spec/identity-and-security 4; older docs say 20). Whether the system modules of
 * an IoT Edge device count is not documented: here they don't, so that an Edge device has as many of its own as any
 * other.
 */
export const maxModulesPerDevice = 50;

/** Which module, of which generation of its device. */
type Target = { readonly deviceId: string; readonly moduleId: string; readonly deviceGenerationId: string };

/** `moduleCount` is how many modules the device has, system modules left out. Keys in `fields` are sealed already. */
export type CreateModule = Target & {
  readonly moduleCount: number;
  readonly fields: ModuleFields;
  readonly twin?: InitialTwin;
};
/** `ifMatch` is `*` or an etag. */
export type UpdateModule = Target & { readonly fields: ModuleFields; readonly ifMatch: string };
/** Without `ifMatch` the module goes whatever its etag. */
export type DeleteModule = Target & { readonly ifMatch?: string };

/** What may be asked of a module id. */
export type ModuleCommand =
  | { readonly type: "CreateModule"; readonly data: CreateModule; readonly meta: DecisionMeta }
  | { readonly type: "UpdateModule"; readonly data: UpdateModule; readonly meta: DecisionMeta }
  | { readonly type: "DeleteModule"; readonly data: DeleteModule; readonly meta: DecisionMeta };

/**
 * Decides about a module of an existing device (spec/http-api 2.3). Throws HubError `ModuleAlreadyExistsOnDevice`,
 * `TooManyModulesOnDevice`, `ModuleNotFound` or `PreconditionFailed`.
 */
export function decideModule(command: ModuleCommand, state: ModuleState): readonly ModuleEvent[] {
  switch (command.type) {
    case "CreateModule":
      return [created(command.data, command.meta, state)];
    case "UpdateModule":
      return [updated(command.data, command.meta, existing(command.data, state))];
    case "DeleteModule":
      return [deleted(command.data, command.meta, existing(command.data, state))];
  }
}

function created(command: CreateModule, meta: DecisionMeta, state: ModuleState): ModuleEvent {
  const { deviceId, moduleId, deviceGenerationId, moduleCount, fields, twin } = command;
  if (isPresent(state, command)) {
    const message = `A module with ID '${moduleId}' is already registered on device '${deviceId}'.`;
    throw new HubError("ModuleAlreadyExistsOnDevice", message, { deviceId, moduleId });
  }
  if (moduleCount >= maxModulesPerDevice && !isSystemModule(moduleId)) {
    const message = `A device can have ${maxModulesPerDevice} modules at most`;
    throw new HubError("TooManyModulesOnDevice", message, { deviceId });
  }
  const { generationId, firstEtag, now } = meta;
  const data = { deviceId, moduleId, deviceGenerationId, generationId, etag: firstEtag, fields, at: now };
  return { type: "ModuleCreated", data: twin === undefined ? data : { ...data, twin } };
}

function updated(command: UpdateModule, { now }: DecisionMeta, before: LiveModule): ModuleEvent {
  const { deviceId, moduleId, deviceGenerationId, fields, ifMatch } = command;
  if (ifMatch !== "*" && ifMatch !== before.etag) {
    const versions = `existingVersion:${versionOf(before.etag)} newVersion:${versionOf(ifMatch)}`;
    const message = `Precondition failed: Module version did not match, ${versions}`;
    throw new HubError("PreconditionFailed", message, { deviceId, moduleId });
  }
  const { generationId } = before;
  const data = { deviceId, moduleId, deviceGenerationId, generationId, etag: nextEtag(before.etag), fields };
  const credentialsChanged = losesCredential(before.fields.authentication, fields.authentication);
  const changed = changedFields(before.fields, fields);
  return { type: "ModuleUpdated", data: { ...data, changed, credentialsChanged, at: now } };
}

function deleted(command: DeleteModule, { now }: DecisionMeta, before: LiveModule): ModuleEvent {
  const { deviceId, moduleId, deviceGenerationId, ifMatch = "*" } = command;
  if (ifMatch !== "*" && ifMatch !== before.etag) {
    throw new HubError("PreconditionFailed", "Precondition failed: Invalid ETag", { deviceId, moduleId });
  }
  const { generationId } = before;
  return { type: "ModuleDeleted", data: { deviceId, moduleId, deviceGenerationId, generationId, at: now } };
}

/** A module of an earlier generation of the device is no module of this one. */
const isPresent = (state: ModuleState, { deviceGenerationId }: Target): state is LiveModule =>
  state.status === "live" && state.deviceGenerationId === deviceGenerationId;

function existing(target: Target, state: ModuleState): LiveModule {
  if (isPresent(state, target)) return state;
  const { deviceId, moduleId } = target;
  throw new HubError("ModuleNotFound", moduleId, { deviceId, moduleId });
}

function changedFields(before: ModuleFields, after: ModuleFields): readonly (keyof ModuleFields)[] {
  const changed: (keyof ModuleFields)[] = [];
  if (before.managedBy !== after.managedBy) changed.push("managedBy");
  if (!sameAuthentication(before.authentication, after.authentication)) changed.push("authentication");
  return changed;
}
