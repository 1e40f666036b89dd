import type { Secrets } from "../ports.ts";
import type { Authentication } from "./authentication.ts";
import type { DeviceFields, LiveDevice } from "./device.ts";
import type { LiveModule, ModuleFields } from "./module.ts";
import { defaultAuthentication } from "./parse-authentication.ts";
import type { DeviceInput, ModuleInput } from "./parse-identity.ts";
import { resolveScopes } from "./resolve-scopes.ts";
import { sealAuthentication } from "./seal-authentication.ts";

type Sealing = Pick<Secrets, "seal" | "open" | "generateKey">;

/** What turns a device document into fields. `before` is undefined for a device that is being created. */
export type DeviceContext = {
  readonly deviceId: string;
  readonly before: LiveDevice | undefined;
  readonly secrets: Sealing;
  readonly findDevice: (deviceId: string) => LiveDevice | undefined;
  readonly lenientScopes: boolean;
};

/**
 * The fields that a device document asks for, keys sealed. Which omitted members an IoT Hub update resets is
 * unconfirmed. Here `statusReason` and the scopes are cleared, as PUT replaces and the .NET SDK leaves out null
 * members; `status`, `authentication` and `capabilities` stay, since their defaults would let a disabled device in, cut
 * a device off or end an IoT Edge device, which nobody means by saying nothing. Throws HubError `InvalidDeviceScope`.
 */
export function deviceFields(input: DeviceInput, context: DeviceContext): DeviceFields {
  const { before, secrets, lenientScopes } = context;
  const iotEdge = input.iotEdge ?? before?.fields.capabilities.iotEdge ?? false;
  const { deviceScope, parentScopes } = input;
  return {
    status: input.status ?? before?.fields.status ?? "enabled",
    statusReason: input.statusReason,
    authentication: authenticationOf(input.authentication, before?.fields.authentication, secrets),
    capabilities: { iotEdge },
    ...resolveScopes({ ...context, iotEdge, deviceScope, parentScopes, lenient: lenientScopes }),
  };
}

/** The fields that a module document asks for, keys sealed. Omitted members of an update stay, as for devices. */
export function moduleFields(input: ModuleInput, before: LiveModule | undefined, secrets: Sealing): ModuleFields {
  const { managedBy = before?.fields.managedBy ?? null } = input;
  return { managedBy, authentication: authenticationOf(input.authentication, before?.fields.authentication, secrets) };
}

function authenticationOf(
  input: Authentication | undefined,
  before: Authentication | undefined,
  secrets: Sealing,
): Authentication {
  if (input === undefined && before !== undefined) return before;
  return sealAuthentication(input ?? defaultAuthentication, before, secrets);
}
