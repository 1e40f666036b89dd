import type { Hub } from "../../core/hub/hub.ts";
import type { ReadModel, Secrets } from "../../core/ports.ts";
import type { HubEnvironment } from "../settings/hub-env.ts";
import type { Settings } from "../settings/schema.ts";
import type { Ports } from "./listeners.ts";
import type { HubTls } from "./open-tls.ts";

/** The device that a new hub has, so that its first user has something to connect with. */
const firstDeviceId = "device-1";

type DescribeHub = {
  readonly settings: Settings;
  readonly hub: Hub;
  readonly readModel: ReadModel;
  readonly secrets: Secrets;
  readonly tls: HubTls;
  readonly ports: Ports;
  readonly nats: { readonly url: string; readonly embedded: boolean };
  readonly storage: { readonly connectionString: string | undefined };
};

/** Gathers what `hub.env` says of a running hub. */
export function describeHub(options: DescribeHub): HubEnvironment {
  const { settings, tls, ports, nats, storage } = options;
  return {
    hostName: settings.host ?? "localhost",
    hubName: settings.hub,
    owner: policyKey(options, "iothubowner"),
    reader: policyKey(options, "service"),
    device: firstDevice(options),
    caFile: tls.caFile,
    ports,
    nats,
    storage: storage.connectionString,
  };
}

function policyKey({ readModel, secrets }: DescribeHub, policy: string): { policy: string; key: string } {
  const found = readModel.policies()?.value.find(({ keyName }) => keyName === policy);
  if (found === undefined) throw new Error(`the hub has no policy ${policy}`);
  return { policy, key: secrets.open(found.primaryKey) };
}

function firstDevice({ readModel, hub }: DescribeHub): { deviceId: string; key: string } | undefined {
  // Its owner may have deleted it, or given it a certificate: then there is nothing to show.
  if (readModel.device(firstDeviceId) === undefined) return undefined;
  const key = hub.registry.getDevice(firstDeviceId).device.fields.authentication.symmetricKey.primaryKey;
  return key === null ? undefined : { deviceId: firstDeviceId, key };
}

/** Registers the first device of a new hub. Another node may have been quicker, which is as good. */
export async function createFirstDevice({ hub, nodeId }: { hub: Hub; nodeId: string }): Promise<void> {
  const actor = { kind: "hub", nodeId } as const;
  await hub.registry.putDevice({ deviceId: firstDeviceId, body: {}, actor, correlationId: nodeId }).catch(alreadyThere);
}

function alreadyThere(error: unknown): void {
  if (!(error instanceof Error && "reason" in error && error.reason === "DeviceAlreadyExists")) throw error;
}
