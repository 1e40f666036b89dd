import { HubError } from "../hub-error.ts";
import type { DeviceFields, LiveDevice } from "./device.ts";
import { deviceOfScope, edgeScope } from "./edge-scope.ts";

/** What is asked for, and what it is judged by. */
export type ScopeRequest = {
  readonly deviceId: string;
  readonly iotEdge: boolean;
  readonly deviceScope: string | undefined;
  readonly parentScopes: readonly string[] | undefined;
  /** The device as it stands; undefined when it is being created. */
  readonly before: LiveDevice | undefined;
  readonly findDevice: (deviceId: string) => LiveDevice | undefined;
  /** Takes a leaf device's scope as it is: bulk calls are taken with scopes that lead nowhere. */
  readonly lenient: boolean;
};

type Scopes = Pick<DeviceFields, "deviceScope" | "parentScopes">;

// "≤5 Edge levels below the top" (spec/identity-and-security 1.6), so a device has 5 ancestors at most. The levels
// below a device that moves are not counted: children are only known to their own documents.
const maxAncestors = 5;

/**
 * Decides where a device hangs: an IoT Edge device by `parentScopes`, a leaf device by `deviceScope`, which goes into
 * `parentScopes` too (spec/identity-and-security 1.6). What the document leaves out is cleared, as PUT replaces. A
 * leaf's `deviceScope` outweighs its `parentScopes`: that is the member which clients set, the other they echo. The own
 * scope of an IoT Edge device is left to the decider. Throws HubError `InvalidDeviceScope`.
 */
export function resolveScopes(request: ScopeRequest): Scopes {
  const { before, deviceScope, iotEdge } = request;
  const own = before && edgeScope(before.deviceId, before.generationId);
  const asked = deviceScope === own ? undefined : deviceScope;
  if (iotEdge) return edgeScopes(request, asked);
  const scope = asked ?? onlyParent(request.parentScopes);
  if (!scope) return { deviceScope: null, parentScopes: [] };
  checkParent(request, scope);
  return { deviceScope: scope, parentScopes: [scope] };
}

function edgeScopes(request: ScopeRequest, asked: string | undefined): Scopes {
  const { before } = request;
  // A leaf device that becomes an Edge device is sent with the scope it had; that is its parent then.
  const leafScope = before?.fields.capabilities.iotEdge === false ? before.fields.deviceScope : null;
  if (asked && asked !== leafScope && !request.lenient) {
    throw invalid("The scope of an IoT Edge device is given by the hub and can not be changed", request.deviceId);
  }
  const scope = onlyParent(request.parentScopes);
  if (scope === undefined) return { deviceScope: null, parentScopes: [] };
  checkParent(request, scope);
  return { deviceScope: null, parentScopes: [scope] };
}

function onlyParent(parentScopes: readonly string[] = []): string | undefined {
  const [scope] = parentScopes;
  return scope === "" ? undefined : scope;
}

/**
 * A scope that stays is not questioned again: the children of a deleted parent keep it (what IoT Hub does with them is
 * unconfirmed), and must still be able to change everything else.
 */
function checkParent(request: ScopeRequest, scope: string): void {
  const { before, deviceId, iotEdge, lenient } = request;
  if (before?.fields.parentScopes.includes(scope)) return;
  if (lenient && !iotEdge) return;
  let ancestor = parentOf(request, scope);
  if (ancestor === undefined) throw invalid("The scope is not that of a registered IoT Edge device", deviceId);
  if (!iotEdge) return;
  for (let count = 1; ancestor !== undefined; count += 1) {
    if (ancestor.deviceId === deviceId) throw invalid("A device can not be its own ancestor", deviceId);
    if (count > maxAncestors) throw invalid(`IoT Edge devices nest ${maxAncestors} levels deep at most`, deviceId);
    const next = onlyParent(ancestor.fields.parentScopes);
    ancestor = next === undefined ? undefined : parentOf(request, next);
  }
}

function parentOf({ findDevice }: ScopeRequest, scope: string): LiveDevice | undefined {
  const deviceId = deviceOfScope(scope);
  const parent = deviceId === undefined ? undefined : findDevice(deviceId);
  return parent?.fields.capabilities.iotEdge && parent.fields.deviceScope === scope ? parent : undefined;
}

const invalid = (message: string, deviceId: string): HubError =>
  new HubError("InvalidDeviceScope", message, { deviceId });
