import type { Actor } from "../events.ts";
import type { Clock, ReadModel, Secrets } from "../ports.ts";
import type { ServiceAccess, ServiceRequest } from "./access.ts";
import { covers, pathSegments } from "./audience.ts";
import { findPolicy, symmetricKeys } from "./authenticate-device.ts";
import type { Right } from "./policies.ts";
import { parseSasToken, type SasToken, unauthorized } from "./sas-token.ts";
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
      authorizePolicy(deps, verify, { token: parseSasToken(request.authorization), request, rights }),
    authorizeModules: (request, deviceId, ...rights) => {
      const token = parseSasToken(request.authorization);
      if (token.policy !== undefined) return authorizePolicy(deps, verify, { token, request, rights });
      return authorizeOwner(deps, verify, { token, request, deviceId });
    },
  };
}

type PolicyRequest = { readonly token: SasToken; readonly request: ServiceRequest; readonly rights: readonly Right[] };

/** A token without a policy fails as one with a wrong signature: nobody is there who could have signed it. */
function authorizePolicy(
  deps: ServiceAccessDeps,
  verify: VerifyToken,
  { token, request, rights }: PolicyRequest,
): Actor {
  const policy = token.policy === undefined ? undefined : findPolicy(deps.readModel, token.policy);
  verify(token, policy);
  const audience = { hostNames: deps.hostNames, segments: pathSegments(request.path) };
  if (!covers(token.resource, audience)) throw unauthorized("Invalid target audience");
  if (!policy || !rights.some((right) => policy.rights.includes(right))) {
    const path = request.path.slice(0, 256);
    throw unauthorized(`Authorization rule '${policy?.keyName}' does not allow access for '${path}'.`);
  }
  return { kind: "policy", policy: policy.keyName };
}

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
