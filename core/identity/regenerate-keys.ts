import { HubError } from "../hub-error.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import type { Authentication } from "./authentication.ts";
import { bulkError, checkDistinct, checkEntryCount } from "./bulk-write.ts";
import { decideDevice } from "./decide-device.ts";
import { decideModule } from "./decide-module.ts";
import { newDecisionMeta } from "./decision-meta.ts";
import type { DeviceState } from "./device.ts";
import { inParallel } from "./in-parallel.ts";
import { identityStream, loadDevice, loadModule, requireDevice, requireModule, shownId } from "./load-identity.ts";
import type { ModuleState } from "./module.ts";
import type { BulkError, RegenerateResult, RequestContext } from "./registry.ts";
import type { RegistryDeps } from "./registry-deps.ts";
import { protectSystemModule } from "./system-module.ts";

/** Whose keys; `id` is the device's. */
type Target = { readonly id: string; readonly moduleId?: string };
type PolicyKey = "primaryKey" | "secondaryKey" | "both";
type RotatedKeys = RegenerateResult["rotatedKeys"][number];

const policyKeys: readonly PolicyKey[] = ["primaryKey", "secondaryKey", "both"];
const parallelTargets = 16;

/**
 * Gives identities new keys (spec/identity-and-security 1.3). One without symmetric keys is left as it is and not named
 * in the result; a key that was not asked for is shown empty. Throws HubError `InvalidPolicyKey`, `TooManyDevices` and
 * `DeviceDefinedMultipleTimes`, with nothing changed.
 */
export async function regenerateKeys(
  deps: RegistryDeps,
  policyKeyText: string,
  targets: readonly Target[],
  origin: RequestContext,
): Promise<RegenerateResult> {
  const policyKey = policyKeys.find((each) => each.toLowerCase() === policyKeyText.toLowerCase());
  if (policyKey === undefined) {
    throw new HubError("InvalidPolicyKey", `'policyKey' must be one of ${policyKeys.join(", ")}`);
  }
  checkEntryCount(targets.length);
  checkDistinct(targets.map(({ id, moduleId }) => ({ deviceId: id, moduleId })));
  const errors: BulkError[] = [];
  const rotated = await inParallel(targets, parallelTargets, async (target) => {
    try {
      return await rotate(deps, policyKey, target, origin);
    } catch (error) {
      const moduleId = target.moduleId === undefined ? undefined : shownId(target.moduleId);
      errors.push(bulkError({ deviceId: shownId(target.id), moduleId }, "regenerateKeys", error));
      return undefined;
    }
  });
  return { policyKey, rotatedKeys: rotated.filter((keys) => keys !== undefined), errors };
}

async function rotate(
  deps: RegistryDeps,
  policyKey: PolicyKey,
  target: Target,
  origin: RequestContext,
): Promise<RotatedKeys | undefined> {
  const { id, moduleId } = target;
  const authentication =
    moduleId === undefined
      ? await rotateDevice(deps, policyKey, id, origin)
      : await rotateModule(deps, policyKey, { deviceId: id, moduleId }, origin);
  if (authentication.type !== "sas") return undefined;
  const shown = (name: "primaryKey" | "secondaryKey"): string => {
    const sealed = authentication.symmetricKey[name];
    return sealed === null || (policyKey !== "both" && policyKey !== name) ? "" : deps.secrets.open(sealed);
  };
  return { ...target, primaryKey: shown("primaryKey"), secondaryKey: shown("secondaryKey") };
}

async function rotateDevice(
  deps: RegistryDeps,
  policyKey: PolicyKey,
  deviceId: string,
  origin: RequestContext,
): Promise<Authentication> {
  requireDevice(deps.readModel, deviceId);
  const meta = newDecisionMeta(deps);
  const decide = (state: DeviceState) => {
    if (state.status === "absent") throw new HubError("DeviceNotFound", deviceId, { deviceId });
    if (state.fields.authentication.type !== "sas") return [];
    const fields = { ...state.fields, authentication: withNewKeys(deps, policyKey, state.fields.authentication) };
    return decideDevice({ type: "UpdateDevice", data: { deviceId, fields, ifMatch: "*" }, meta }, state);
  };
  const load = () => loadDevice(deps.readModel, deviceId);
  await execute({ ...deps, key: identityStream(deviceId), load, decide, meta: newEventMeta(deps, origin) });
  return requireDevice(deps.readModel, deviceId).fields.authentication;
}

async function rotateModule(
  deps: RegistryDeps,
  policyKey: PolicyKey,
  { deviceId, moduleId }: { readonly deviceId: string; readonly moduleId: string },
  origin: RequestContext,
): Promise<Authentication> {
  const { deviceGenerationId } = requireModule(deps.readModel, deviceId, moduleId);
  protectSystemModule({ deviceId, moduleId }, origin.actor, "write");
  const meta = newDecisionMeta(deps);
  const decide = (state: ModuleState) => {
    if (state.status === "absent") throw new HubError("ModuleNotFound", moduleId, { deviceId, moduleId });
    if (state.fields.authentication.type !== "sas") return [];
    const fields = { ...state.fields, authentication: withNewKeys(deps, policyKey, state.fields.authentication) };
    const data = { deviceId, moduleId, deviceGenerationId, fields, ifMatch: "*" };
    return decideModule({ type: "UpdateModule", data, meta }, state);
  };
  const load = () => loadModule(deps.readModel, deviceId, moduleId);
  await execute({ ...deps, key: identityStream(deviceId, moduleId), load, decide, meta: newEventMeta(deps, origin) });
  return requireModule(deps.readModel, deviceId, moduleId).fields.authentication;
}

function withNewKeys({ secrets }: RegistryDeps, policyKey: PolicyKey, before: Authentication): Authentication {
  const renewed = (name: "primaryKey" | "secondaryKey"): string | null =>
    policyKey === "both" || policyKey === name ? secrets.seal(secrets.generateKey()) : before.symmetricKey[name];
  return {
    ...before,
    symmetricKey: { primaryKey: renewed("primaryKey"), secondaryKey: renewed("secondaryKey") },
  };
}
