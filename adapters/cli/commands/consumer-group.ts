import { type Command, CommandError, clientHelp, clientOptions, type Invocation, wordAt } from "../command.ts";
import { connectToHub, type HubClient, hubVariablesFor } from "../hub-client.ts";
import { printable, table } from "../output.ts";

/** The members of a consumer group's document that the command line shows. */
type GroupDocument = { readonly name: string; readonly properties: { readonly created?: string } };

/** Consumer groups belong to the hub's management, which has versions of its own. */
const apiVersion = "2023-06-30";

/** `twinstream consumer-group …` */
export const consumerGroupCommand: Command = {
  help: `Creates consumer groups of the built-in endpoint, under which back ends read telemetry independently of each other.

  twinstream consumer-group create <name>   create a group; one that is there stays as it is
  twinstream consumer-group list            all groups
  twinstream consumer-group delete <name>   remove a group; $Default stays

${clientHelp}

Example: a group for a back end that archives telemetry.
  twinstream consumer-group create archive`,
  options: clientOptions,
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (create, list or delete)");
    const run = actions.get(action);
    if (run === undefined) throw new CommandError(`consumer-group ${action} is unknown: create, list or delete`);
    await run(connectToHub(invocation), invocation);
  },
};

type Action = (hub: HubClient, invocation: Invocation) => Promise<void>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["create", create],
  ["list", list],
  ["delete", remove],
]);

const nameOf = (invocation: Invocation): string => wordAt(invocation, 1, "the name of the group");

async function create(hub: HubClient, invocation: Invocation): Promise<void> {
  const name = nameOf(invocation);
  const body = { properties: { name } };
  const answer = await hub.send("PUT", pathOf(invocation, name), { body, apiVersion });
  const group = answer.body as GroupDocument;
  invocation.print(invocation.flags.json ? JSON.stringify(group) : group.name);
}

async function list(hub: HubClient, invocation: Invocation): Promise<void> {
  const { body } = await hub.send("GET", pathOf(invocation), { apiVersion });
  const groups = (body as { readonly value: readonly GroupDocument[] }).value;
  if (invocation.flags.json) return invocation.print(JSON.stringify(groups));
  const rows = groups.map(({ name, properties }) => [printable(name), properties.created ?? "with the hub"]);
  invocation.print(table([["GROUP", "CREATED"], ...rows]));
}

async function remove(hub: HubClient, invocation: Invocation): Promise<void> {
  const name = nameOf(invocation);
  await hub.send("DELETE", pathOf(invocation, name), { apiVersion });
  invocation.print(invocation.flags.json ? JSON.stringify({ deleted: name }) : `deleted ${name}`);
}

/** The path of all groups or of one. It names the hub, and a subscription and a resource group of which nothing depends. */
function pathOf(invocation: Invocation, group?: string): string {
  const hub = `/subscriptions/none/resourceGroups/none/providers/Microsoft.Devices/IotHubs/${hubName(invocation)}`;
  const groups = `${hub}/eventHubEndpoints/events/ConsumerGroups`;
  return group === undefined ? groups : `${groups}/${encodeURIComponent(group)}`;
}

/** The built-in endpoint's entity has the hub's name. */
function hubName(invocation: Invocation): string {
  const endpoint = hubVariablesFor(invocation)("EVENTHUB_CONNECTION_STRING");
  const name = /(?:^|;)EntityPath=([^;]+)/.exec(endpoint ?? "")?.[1];
  if (name === undefined) throw new CommandError("EVENTHUB_CONNECTION_STRING, which tells the hub's name, is not set");
  return encodeURIComponent(name);
}
