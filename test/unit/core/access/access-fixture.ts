import { createDeviceAccess } from "../../../../core/access/authenticate-device.ts";
import { createEventsAccess } from "../../../../core/access/authorize-events.ts";
import { createServiceAccess } from "../../../../core/access/authorize-service.ts";
import type { Right, SharedAccessPolicy } from "../../../../core/access/policies.ts";
import { createRegistry } from "../../../../core/identity/create-registry.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { memoryHub } from "../../../support/memory-hub.ts";

export const hostName = "hub1.azure-devices.net";
/** The key of the specification's test vectors. */
export const vectorKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/** Another key of the same length. */
export const otherKey = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

type Signing = {
  readonly key?: string;
  readonly skn?: string;
  readonly se?: string;
  /** As Event Hubs clients do: with the key's text instead of the bytes that it stands for. */
  readonly byKeyText?: boolean;
};

/** A hub with access checks: the device `dev-1` with the module `m1`, and policies, all with `vectorKey` as primary. */
export async function accessHub() {
  const hub = memoryHub();
  const { secrets } = hub;
  const registry = createRegistry({ ...hub, replaceTwin: async () => {} });
  const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;
  const keys: JsonObject = { authentication: { symmetricKey: { primaryKey: vectorKey, secondaryKey: otherKey } } };
  const put = (deviceId: string, body: JsonObject = {}, ifMatch?: string) =>
    registry.putDevice({ deviceId, body: { ...keys, ...body }, ...context, ...(ifMatch !== undefined && { ifMatch }) });
  await put("dev-1");
  await registry.putModule({ deviceId: "dev-1", moduleId: "m1", body: keys, ...context });

  const policy = (keyName: string, ...rights: readonly Right[]): SharedAccessPolicy => ({
    keyName,
    rights,
    primaryKey: secrets.seal(vectorKey),
    secondaryKey: secrets.seal(otherKey),
  });
  const policies = [
    policy("iothubowner", "RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"),
    policy("service", "ServiceConnect"),
    policy("device", "DeviceConnect"),
  ];
  const deps = {
    ...hub,
    hostNames: [hostName, "localhost"],
    readModel: { ...hub.readModel, policies: () => ({ value: policies, sequence: 1 }) },
  };
  const inAnHour = String(Math.floor(hub.clock.nowMs / 1000) + 3600);

  return {
    hub,
    put,
    deviceAccess: createDeviceAccess(deps),
    serviceAccess: createServiceAccess(deps),
    eventsAccess: createEventsAccess(deps),
    expiresAt: Number(inAnHour) * 1000 + 5 * 60_000,
    /** A token for this `sr` as it is to be sent; valid for an hour unless `se` says otherwise. */
    token: (sr: string, { key = vectorKey, skn, se = inAnHour, byKeyText = false }: Signing = {}): string => {
      const text = `${sr}\n${se}`;
      const sig = encodeURIComponent(byKeyText ? secrets.signWithKeyText(key, text) : secrets.sign(key, text));
      return `SharedAccessSignature sr=${sr}&sig=${sig}&se=${se}${skn === undefined ? "" : `&skn=${skn}`}`;
    },
  };
}
