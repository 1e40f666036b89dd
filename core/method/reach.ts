import { unauthorized } from "../access/sas-token.ts";
import type { Actor, IdentityKey } from "../events.ts";
import type { LiveDevice } from "../identity/device.ts";
import { deviceOfScope } from "../identity/edge-scope.ts";

/**
 * Lets a module call methods of its own device, of that device's modules and, where it is an IoT Edge device, of the
 * devices below it with their modules (spec/http-api 4.1; how far IoT Hub lets a module reach is unconfirmed). Back ends
 * reach all. Throws HubError `IotHubUnauthorizedAccess`.
 */
export function requireReach(actor: Actor, target: IdentityKey, device: LiveDevice | undefined): void {
  if (actor.kind !== "device" || actor.deviceId === target.deviceId) return;
  const isChild = device?.fields.parentScopes.some((scope) => deviceOfScope(scope) === actor.deviceId) ?? false;
  if (!isChild) throw unauthorized("The module may call methods of its own device and of those below it only");
}
