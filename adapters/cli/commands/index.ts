import { type Command, CommandError, clientHelp, clientOptions, type Invocation, wordAt } from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable, table } from "../output.ts";

/** An index, as the hub tells it. */
type QueryIndex = {
  readonly collection: string;
  readonly path: string;
  readonly origin: string;
  readonly isReady: boolean;
};

/** `twinstream index …` */
export const indexCommand: Command = {
  help: `Makes indexes for queries, which then find their rows without a look at every twin.

  twinstream index create <path> [--modules]   create an index on a path as queries have it
  twinstream index list                        all indexes, and whether they are made already
  twinstream index delete <path> [--modules]   remove one that was asked for

  --modules    for queries of devices.modules; of devices when not set
${clientHelp}

An index serves comparisons with a constant, IN, STARTSWITH and GROUP BY. The hub makes some by itself, on paths that
queries were slow without; 16 there are at most. \`twinstream query --explain\` tells which ones a query would use.

Example: devices are looked up by region.
  twinstream index create tags.location.region`,
  options: { ...clientOptions, modules: { type: "boolean" } },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (create, list or delete)");
    const run = actions.get(action);
    if (run === undefined) throw new CommandError(`index ${action} is unknown: create, list or delete`);
    await run(connectToHub(invocation), invocation);
  },
};

type Action = (hub: HubClient, invocation: Invocation) => Promise<void>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["create", (hub, invocation) => change(hub, invocation, { method: "PUT", done: "created" })],
  ["list", list],
  ["delete", (hub, invocation) => change(hub, invocation, { method: "DELETE", done: "deleted" })],
]);

type Change = { readonly method: "PUT" | "DELETE"; readonly done: string };

async function change(hub: HubClient, invocation: Invocation, { method, done }: Change): Promise<void> {
  const { flags, print } = invocation;
  const path = wordAt(invocation, 1, "the path");
  const collection = flags.modules ? "devices.modules" : "devices";
  await hub.send(method, `/queryIndexes/${encodeURIComponent(path)}?collection=${collection}`);
  print(flags.json ? JSON.stringify({ [done]: path, collection }) : `${done} the index on ${path} of ${collection}`);
}

async function list(hub: HubClient, { flags, print }: Invocation): Promise<void> {
  const indexes = (await hub.send("GET", "/queryIndexes")).body as readonly QueryIndex[];
  if (flags.json) return print(JSON.stringify(indexes));
  const rows = indexes.map(({ collection, path, origin, isReady }) => [
    printable(path),
    collection,
    origin,
    isReady ? "yes" : "not yet",
  ]);
  print(table([["PATH", "OF", "ASKED FOR BY", "READY"], ...rows]));
}
