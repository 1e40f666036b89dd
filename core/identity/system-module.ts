import type { Actor } from "../events.ts";
import { HubError } from "../hub-error.ts";

/** The modules that every IoT Edge device has from its creation on (spec/identity-and-security 1.6). */
export const systemModuleIds: readonly string[] = ["$edgeAgent", "$edgeHub"];

/** Tells whether a module id is reserved for the hub. */
export const isSystemModule = (moduleId: string): boolean => systemModuleIds.includes(moduleId);

/**
 * Refuses a write to a system module by anybody but the hub, which makes and removes them, and the IoT Edge device
 * itself, whose runtime sets their keys with the device's own token. IoT Hub says only that unauthorised change is
 * refused: that this covers every caller with a policy is our reading. Throws HubError
 * `SystemModuleModifyUnauthorizedAccess`.
 */
export function protectSystemModule(
  { deviceId, moduleId }: { readonly deviceId: string; readonly moduleId: string },
  actor: Actor,
  operation: "write" | "delete",
): void {
  if (!isSystemModule(moduleId) || actor.kind === "hub") return;
  if (operation === "write" && actor.kind === "device" && actor.deviceId === deviceId) return;
  const message = `Unauthorized to modify the reserved module ${moduleId}`;
  throw new HubError("SystemModuleModifyUnauthorizedAccess", message, { deviceId, moduleId });
}
