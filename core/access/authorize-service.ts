import type { Actor } from "../events.ts";
import type { Clock, ReadModel, Secrets } from "../ports.ts";
import type { ServiceAccess, ServicePrincipal, ServiceRequest } from "./access.ts";
import { covers, namesHub, pathSegments } from "./audience.ts";
import { findPolicy, symmetricKeys } from "./authenticate-device.ts";
import type { Right, SharedAccessPolicy } from "./policies.ts";
import { parseSasToken, type SasToken, unauthorized, validUntilMs } from "./sas-token.ts";
import { createVerifyToken, type VerifyToken } from "./verify-token.ts";

/** What service access is built from. `hostNames` are the names by which clients may call this hub. */
export type ServiceAccessDeps = {
  readonly readModel: Pick<ReadModel, "device" | "policies">;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly hostNames: readonly string[];
};

/** Makes the check that lets back ends in (spec/identity-and-security 5.3, 5.4, 6). */
export function createServiceAccess(deps: ServiceAccessDeps): ServiceAccess {
  const verify = createVerifyToken(deps);
  return {
    authorize: (request, ...rights) =>
      actorOf(authorizePolicy(deps, verify, { token: parseSasToken(request.authorization), request, rights })),
    authorizeLink: (request, ...rights) =>
      authorizePolicy(deps, verify, { token: parseSasToken(request.authorization), request, rights }),
    admit: (text) => {
      const token = parseSasToken(text);
      const policy = provePolicy(deps, verify, token);
      if (!namesHub(token.resource, deps.hostNames)) throw unauthorized("Invalid target audience");
      return principalOf(policy, token);
    },
    authorizeModules: (request, deviceId, ...rights) => {
      const token = parseSasToken(request.authorization);
      if (token.policy !== undefined) {
        return actorOf(authorizePolicy(deps, verify, { token, request, rights }));
      }
      return authorizeOwner(deps, verify, { token, request, deviceId });
    },
  };
}

type PolicyRequest = { readonly token: SasToken; readonly request: ServiceRequest; readonly rights: readonly Right[] };

function authorizePolicy(
  deps: ServiceAccessDeps,
  verify: VerifyToken,
  { token, request, rights }: PolicyRequest,
): ServicePrincipal {
  const policy = provePolicy(deps, verify, token);
  const audience = { hostNames: deps.hostNames, segments: pathSegments(request.path) };
  if (!covers(token.resource, audience)) throw unauthorized("Invalid target audience");
  requireRight(policy, rights, request.path);
  return principalOf(policy, token);
}

/**
 * The policy that signed a token. A token without one fails as one with a wrong signature: nobody is there who could have
 * signed it. Throws HubError `IotHubUnauthorizedAccess`.
 */
export function provePolicy(
  { readModel }: { readonly readModel: Pick<ReadModel, "policies"> },
  verify: VerifyToken,
  token: SasToken,
): SharedAccessPolicy {
  const policy = token.policy === undefined ? undefined : findPolicy(readModel, token.policy);
  verify(token, policy);
  if (policy === undefined) throw unauthorized("No policy signed the token");
  return policy;
}

/** Throws HubError `IotHubUnauthorizedAccess` when the policy has none of the rights that the path takes. */
export function requireRight(policy: SharedAccessPolicy, rights: readonly Right[], path: string): void {
  if (rights.some((right) => policy.rights.includes(right))) return;
  throw unauthorized(`Authorization rule '${policy.keyName}' does not allow access for '${path.slice(0, 256)}'.`);
}

/** The policy that a token proved, and for how long. */
export const principalOf = (policy: SharedAccessPolicy, token: SasToken): ServicePrincipal => ({
  policy: policy.keyName,
  validUntil: validUntilMs(token),
});

const actorOf = ({ policy }: ServicePrincipal): Actor => ({ kind: "policy", policy });

type OwnerRequest = { readonly token: SasToken; readonly request: ServiceRequest; readonly deviceId: string };

/** A device with its own key, at the modules of itself and nobody else. */
function authorizeOwner(
  deps: ServiceAccessDeps,
  verify: VerifyToken,
  { token, request, deviceId }: OwnerRequest,
): Actor {
  const device = deps.readModel.device(deviceId)?.value;
  verify(token, symmetricKeys(device?.fields.authentication));
  // The id is the one whose key was checked, whatever the path says of it.
  const segments = ["devices", deviceId, ...pathSegments(request.path).slice(2)];
  if (!covers(token.resource, { hostNames: deps.hostNames, segments })) throw unauthorized("Invalid target audience");
  if (device?.fields.status !== "enabled") throw unauthorized("The device is disabled");
  return { kind: "device", deviceId };
}
