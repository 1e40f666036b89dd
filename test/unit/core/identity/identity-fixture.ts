import type { Actor } from "../../../../core/events.ts";
import type { Authentication } from "../../../../core/identity/authentication.ts";
import { createRegistry } from "../../../../core/identity/create-registry.ts";
import type { DeviceFields } from "../../../../core/identity/device.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import type { TwinWrite } from "../../../../core/twin/twins.ts";
import { type MemoryHub, memoryHub } from "../../../support/memory-hub.ts";

export const owner: Actor = { kind: "policy", policy: "iothubowner" };
export const context = { actor: owner, correlationId: "request-1" };

/** Two valid keys: base64 of 16 bytes each. */
export const keyA = "MDEyMzQ1Njc4OWFiY2RlZg==";
export const keyB = "ZmVkY2JhOTg3NjU0MzIxMA==";
/** The hex of a SHA-1 each. */
export const thumbprintA = "A0B1C2D3E4F5061728394A5B6C7D8E9F00112233";
export const thumbprintB = "FFEEDDCCBBAA99887766554433221100FFEEDDCC";

export const symmetric = (primaryKey: string | null, secondaryKey: string | null): Authentication => ({
  type: "sas",
  symmetricKey: { primaryKey, secondaryKey },
  x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
});

/** The fields of a plain device whose keys are sealed as `p` and `s`. */
export const plainFields = (changes: Partial<DeviceFields> = {}): DeviceFields => ({
  status: "enabled",
  statusReason: null,
  authentication: symmetric("p", "s"),
  capabilities: { iotEdge: false },
  deviceScope: null,
  parentScopes: [],
  ...changes,
});

/** A registry over an empty memory hub, with the calls that most tests make. */
export function registryHub() {
  const hub = memoryHub();
  const twinWrites: TwinWrite[] = [];
  const registry = createRegistry({ ...hub, replaceTwin: async (write) => void twinWrites.push(write) });
  return {
    hub,
    registry,
    twinWrites,
    put: (deviceId: string, body: JsonObject = {}, ifMatch?: string) =>
      registry.putDevice({ deviceId, body, ...context, ...(ifMatch !== undefined && { ifMatch }) }),
    putModule: (deviceId: string, moduleId: string, body: JsonObject = {}, ifMatch?: string) =>
      registry.putModule({ deviceId, moduleId, body, ...context, ...(ifMatch !== undefined && { ifMatch }) }),
    bulk: (...entries: readonly Json[]) => registry.bulk(entries as readonly JsonObject[], context),
    edge: (deviceId: string, body: JsonObject = {}) =>
      registry.putDevice({ deviceId, body: { capabilities: { iotEdge: true }, ...body }, ...context }),
    types: () => typesOf(hub),
    last: () => hub.events.at(-1)?.event,
  };
}

/** The appended events as `Type id[/module]`. */
const typesOf = (hub: MemoryHub): readonly string[] =>
  hub.events.map(({ key, event }) => `${event.type} ${key.id}${key.moduleId === undefined ? "" : `/${key.moduleId}`}`);
