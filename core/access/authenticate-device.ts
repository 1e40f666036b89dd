import type { IdentityKey } from "../events.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { Clock, ReadModel, Secrets } from "../ports.ts";
import type { DeviceAccess, DeviceCredentials, DevicePrincipal } from "./access.ts";
import { covers, coversOrIsWithin, isHostName } from "./audience.ts";
import type { SharedAccessPolicy } from "./policies.ts";
import { parseSasToken, type SasToken, unauthorized, validUntilMs } from "./sas-token.ts";
import { createVerifyToken, type SealedKeys, type VerifyToken } from "./verify-token.ts";

/** What device access is built from. `hostNames` are the names by which clients may call this hub. */
export type DeviceAccessDeps = {
  readonly readModel: Pick<ReadModel, "device" | "module" | "policies">;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly hostNames: readonly string[];
};

/** Who vouches for an identity, as `iothub-connection-auth-method` tells it (spec/messaging 1.5). */
const authMethodOf = (scope: "device" | "module" | "hub"): string =>
  JSON.stringify({ scope, type: "sas", issuer: "iothub", acceptingIpFilterRule: null });
const authMethods = { device: authMethodOf("device"), module: authMethodOf("module"), hub: authMethodOf("hub") };

/** Makes the check that lets devices and modules in (spec/identity-and-security 5.3 to 5.5). */
export function createDeviceAccess(deps: DeviceAccessDeps): DeviceAccess {
  const verify = createVerifyToken(deps);
  return {
    authenticate(credentials) {
      const token = parseSasToken(credentials.token);
      if (credentials.hostName !== undefined && !isHostName(credentials.hostName, deps.hostNames)) {
        throw unauthorized("The hub does not have the name that the device calls it by");
      }
      const identity = findIdentity(deps, credentials);
      const proof =
        token.policy === undefined
          ? proveByOwnKey(deps, verify, token, credentials, identity?.authentication)
          : proveByPolicy(deps, verify, token, credentials, token.policy);
      // Only who holds a valid key learns this, and not which of the two it is.
      if (identity === undefined || !identity.enabled)
        throw unauthorized("The device is not registered or is disabled");
      const { deviceId, moduleId } = credentials;
      const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
      return { ...key, generationId: identity.generationId, validUntil: validUntilMs(token), ...proof };
    },
  };
}

type Identity = { readonly generationId: string; readonly authentication: Authentication; readonly enabled: boolean };

/** A module has no status of its own: it is in and out with its device. */
function findIdentity({ readModel }: DeviceAccessDeps, { deviceId, moduleId }: IdentityKey): Identity | undefined {
  const device = readModel.device(deviceId)?.value;
  const identity = moduleId === undefined ? device : readModel.module(deviceId, moduleId)?.value;
  if (device === undefined || identity === undefined) return undefined;
  const { generationId, fields } = identity;
  return { generationId, authentication: fields.authentication, enabled: device.fields.status === "enabled" };
}

type Proof = Pick<DevicePrincipal, "authMethod" | "policy">;

/**
 * Whether a module may come with its device's key is unconfirmed; here each identity has its own. `authentication` is
 * undefined for an identity that does not exist.
 */
function proveByOwnKey(
  deps: DeviceAccessDeps,
  verify: VerifyToken,
  token: SasToken,
  credentials: DeviceCredentials,
  authentication: Authentication | undefined,
): Proof {
  verify(token, symmetricKeys(authentication));
  if (!coversOrIsWithin(token.resource, audienceOf(deps, credentials))) throw unauthorized("Invalid target audience");
  return { authMethod: credentials.moduleId === undefined ? authMethods.device : authMethods.module };
}

function proveByPolicy(
  deps: DeviceAccessDeps,
  verify: VerifyToken,
  token: SasToken,
  credentials: DeviceCredentials,
  policyName: string,
): Proof {
  const policy = findPolicy(deps.readModel, policyName);
  verify(token, policy);
  if (!covers(token.resource, audienceOf(deps, credentials))) throw unauthorized("Invalid target audience");
  if (!policy?.rights.includes("DeviceConnect")) {
    throw unauthorized(`Authorization rule '${policyName}' does not allow access for devices`);
  }
  return { authMethod: authMethods.hub, policy: policyName };
}

function audienceOf({ hostNames }: DeviceAccessDeps, { deviceId, moduleId }: IdentityKey) {
  const device = ["devices", deviceId];
  return { hostNames, segments: moduleId === undefined ? device : [...device, "modules", moduleId] };
}

/** The keys of an identity that authenticates by keys. */
export const symmetricKeys = (authentication: Authentication | undefined): SealedKeys | undefined =>
  authentication?.type === "sas" ? authentication.symmetricKey : undefined;

/** The policy with this name, in just this case. */
export const findPolicy = (readModel: Pick<ReadModel, "policies">, name: string): SharedAccessPolicy | undefined =>
  readModel.policies()?.value.find(({ keyName }) => keyName === name);
