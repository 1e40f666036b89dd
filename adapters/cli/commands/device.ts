import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  textFlag,
  wordAt,
} from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable, table } from "../output.ts";

/** The members of a device document that the command line shows. */
type DeviceDocument = {
  readonly deviceId: string;
  readonly status: string;
  readonly connectionState: string;
  readonly lastActivityTime: string;
  readonly capabilities: { readonly iotEdge: boolean };
  readonly authentication: {
    readonly type: string;
    readonly symmetricKey: { readonly primaryKey: string | null; readonly secondaryKey: string | null };
  };
};

const help = `Registers devices and shows them.

  twinstream device create <deviceId> [--edge] [--disabled]   register a device and print its connection string
  twinstream device list [--top N]                            up to 1,000 devices, in the order of their ids
  twinstream device show <deviceId>                           one device's document
  twinstream device delete <deviceId>                         remove a device, its modules and its twin
  twinstream device keys <deviceId> [--regenerate WHICH]      its keys; WHICH is primary, secondary or both

${clientHelp}

Example: register a device and give its connection string to a program.
  export IOTHUB_DEVICE_CONNECTION_STRING="$(twinstream device create thermostat-1)"`;

/** `twinstream device …` */
export const deviceCommand: Command = {
  help,
  options: {
    ...clientOptions,
    edge: { type: "boolean" },
    disabled: { type: "boolean" },
    top: { type: "string" },
    regenerate: { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (create, list, show, delete or keys)");
    const run = actions.get(action);
    if (run === undefined) throw new CommandError(`device ${action} is unknown: create, list, show, delete or keys`);
    await run(connectToHub(invocation), invocation);
  },
};

type Action = (hub: HubClient, invocation: Invocation) => Promise<void>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["create", create],
  ["list", list],
  ["show", show],
  ["delete", remove],
  ["keys", keys],
]);

const pathOf = (deviceId: string): string => `/devices/${encodeURIComponent(deviceId)}`;
const idOf = (invocation: Invocation): string => wordAt(invocation, 1, "the device id");

async function create(hub: HubClient, invocation: Invocation): Promise<void> {
  const deviceId = idOf(invocation);
  const status = invocation.flags.disabled === true ? "disabled" : "enabled";
  const capabilities = { iotEdge: invocation.flags.edge === true };
  const { body } = await hub.send("PUT", pathOf(deviceId), { body: { deviceId, status, capabilities } });
  const device = body as DeviceDocument;
  if (invocation.flags.json) return invocation.print(JSON.stringify(device));
  invocation.print(connectionString(hub, device, device.authentication.symmetricKey.primaryKey));
}

async function list(hub: HubClient, invocation: Invocation): Promise<void> {
  const top = textFlag(invocation, "top") ?? "1000";
  const { body } = await hub.send("GET", `/devices?top=${encodeURIComponent(top)}`);
  const devices = body as readonly DeviceDocument[];
  if (invocation.flags.json) return invocation.print(JSON.stringify(devices));
  const rows = devices.map((device) => [
    printable(device.deviceId),
    device.status,
    device.connectionState,
    device.authentication.type,
    device.capabilities.iotEdge ? "edge" : "",
    device.lastActivityTime.startsWith("0001") ? "never" : device.lastActivityTime,
  ]);
  invocation.print(table([["DEVICE", "STATUS", "CONNECTION", "AUTH", "KIND", "LAST ACTIVITY"], ...rows]));
}

async function show(hub: HubClient, invocation: Invocation): Promise<void> {
  const { body } = await hub.send("GET", pathOf(idOf(invocation)));
  invocation.print(JSON.stringify(body, undefined, invocation.flags.json ? 0 : 2));
}

async function remove(hub: HubClient, invocation: Invocation): Promise<void> {
  const deviceId = idOf(invocation);
  await hub.send("DELETE", pathOf(deviceId), { headers: { "if-match": '"*"' } });
  invocation.print(invocation.flags.json ? JSON.stringify({ deleted: deviceId }) : `deleted ${deviceId}`);
}

async function keys(hub: HubClient, invocation: Invocation): Promise<void> {
  const deviceId = idOf(invocation);
  const which = textFlag(invocation, "regenerate");
  if (which !== undefined) await regenerate(hub, deviceId, which);
  const { body } = await hub.send("GET", pathOf(deviceId));
  const device = body as DeviceDocument;
  const { primaryKey, secondaryKey } = device.authentication.symmetricKey;
  const lines = {
    primaryKey,
    secondaryKey,
    primaryConnectionString: primaryKey && connectionString(hub, device, primaryKey),
    secondaryConnectionString: secondaryKey && connectionString(hub, device, secondaryKey),
  };
  if (invocation.flags.json) return invocation.print(JSON.stringify(lines));
  invocation.print(table(Object.entries(lines).map(([name, value]) => [name, value ?? "none"])));
}

async function regenerate(hub: HubClient, deviceId: string, which: string): Promise<void> {
  const policyKey = new Map([
    ["primary", "primaryKey"],
    ["secondary", "secondaryKey"],
    ["both", "both"],
  ]).get(which);
  if (policyKey === undefined)
    throw new CommandError(`--regenerate is "${which}", but must be primary, secondary or both`);
  await hub.send("POST", "/devices/keys/regenerate", { body: { policyKey, devices: [{ id: deviceId }] } });
}

function connectionString(hub: HubClient, device: DeviceDocument, key: string | null): string {
  if (key === null)
    throw new CommandError(
      `${device.deviceId} has no symmetric key: it authenticates by ${device.authentication.type}`,
    );
  return `HostName=${hub.hostName};DeviceId=${device.deviceId};SharedAccessKey=${key}`;
}
