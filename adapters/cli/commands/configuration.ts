import { readFileSync } from "node:fs";
import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  numberFlag,
  textFlag,
  wordAt,
} from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable, table } from "../output.ts";

/** The members of a configuration's document that the command line shows or sends. */
type ConfigurationDocument = {
  readonly id: string;
  readonly content: object;
  readonly targetCondition: string;
  readonly priority: number;
  readonly systemMetrics: { readonly results: Readonly<Record<string, number>> };
};

const help = `Configures many devices at once: what a configuration sets goes to the twins of all devices that it targets,
now and later, and goes from them when they are targeted no longer.

  twinstream configuration create <id> --content JSON [--target COND] [--priority N] [--labels JSON] [--metrics JSON]
  twinstream configuration list                    all configurations
  twinstream configuration show <id>               one, with its metrics
  twinstream configuration update <id> [--target COND] [--priority N] [--labels JSON] [--metrics JSON] [--etag E]
  twinstream configuration delete <id> [--etag E]  remove it, and what it set
  twinstream configuration apply <deviceId> --content JSON
                                                   write an IoT Edge deployment's content once to one device

  --content JSON  one of deviceContent, moduleContent and modulesContent; @FILE reads it from a file
  --target COND   the devices: a WHERE condition, or * for all; for modules: from devices.modules where ...
  --priority N    where configurations set the same property the higher one wins (default: 0)
  --labels JSON   an object of texts
  --metrics JSON  up to five queries by name, whose rows are counted
  --etag E        only if the configuration still has this etag
${clientHelp}

Example: ask all thermostats of a building for 21 degrees.
  twinstream configuration create warm --target "tags.building = '43'" \\
    --content '{"deviceContent": {"properties.desired.targetTemperature": 21}}'`;

/** `twinstream configuration …` */
export const configurationCommand: Command = {
  help,
  options: {
    ...clientOptions,
    content: { type: "string" },
    target: { type: "string" },
    priority: { type: "string" },
    labels: { type: "string" },
    metrics: { type: "string" },
    etag: { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, `what to do (${[...actions.keys()].join(", ")})`);
    const run = actions.get(action);
    if (run === undefined) {
      throw new CommandError(`configuration ${action} is unknown: ${[...actions.keys()].join(", ")}`);
    }
    await run(connectToHub(invocation), invocation);
  },
};

type Action = (hub: HubClient, invocation: Invocation) => Promise<void>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["create", create],
  ["list", list],
  ["show", show],
  ["update", update],
  ["delete", remove],
  ["apply", apply],
]);

const idOf = (invocation: Invocation): string => wordAt(invocation, 1, "the id of the configuration");
const pathOf = (invocation: Invocation): string => `/configurations/${encodeURIComponent(idOf(invocation))}`;

async function create(hub: HubClient, invocation: Invocation): Promise<void> {
  const content = jsonFlag(invocation, "content");
  if (content === undefined) throw new CommandError("--content is missing: what is to be set?");
  const body = { id: idOf(invocation), content, ...changesOf(invocation) };
  const created = (await hub.send("PUT", pathOf(invocation), { body })).body as ConfigurationDocument;
  invocation.print(invocation.flags.json ? JSON.stringify(created) : created.id);
}

async function list(hub: HubClient, invocation: Invocation): Promise<void> {
  const configurations = (await hub.send("GET", "/configurations")).body as readonly ConfigurationDocument[];
  if (invocation.flags.json) return invocation.print(JSON.stringify(configurations));
  const rows = configurations.map(({ id, content, priority, targetCondition, systemMetrics: { results } }) => {
    const counts = [results.targetedCount, results.appliedCount].map((count) => String(count ?? ""));
    return [printable(id), Object.keys(content).join(), String(priority), ...counts, printable(targetCondition)];
  });
  invocation.print(table([["CONFIGURATION", "CONTENT", "PRIORITY", "TARGETED", "APPLIED", "TARGET"], ...rows]));
}

async function show(hub: HubClient, invocation: Invocation): Promise<void> {
  printDocument(invocation, (await hub.send("GET", pathOf(invocation))).body);
}

async function update(hub: HubClient, invocation: Invocation): Promise<void> {
  const changes = changesOf(invocation);
  if (Object.keys(changes).length === 0) {
    throw new CommandError("nothing to change: give --target, --priority, --labels or --metrics");
  }
  const body = { id: idOf(invocation), ...changes };
  printDocument(invocation, (await hub.send("PUT", pathOf(invocation), { body, headers: ifMatch(invocation) })).body);
}

async function remove(hub: HubClient, invocation: Invocation): Promise<void> {
  await hub.send("DELETE", pathOf(invocation), { headers: ifMatch(invocation) });
  const id = idOf(invocation);
  invocation.print(invocation.flags.json ? JSON.stringify({ deleted: id }) : `deleted ${id}`);
}

async function apply(hub: HubClient, invocation: Invocation): Promise<void> {
  const deviceId = wordAt(invocation, 1, "the device id");
  const body = jsonFlag(invocation, "content");
  if (body === undefined) throw new CommandError("--content is missing: what is to be set?");
  await hub.send("POST", `/devices/${encodeURIComponent(deviceId)}/applyConfigurationContent`, { body });
  invocation.print(invocation.flags.json ? JSON.stringify({ applied: deviceId }) : `applied to ${deviceId}`);
}

/** What may be set at the beginning and changed later. */
function changesOf(invocation: Invocation): object {
  const targetCondition = textFlag(invocation, "target");
  const priority = numberFlag(invocation, "priority", { min: -2_147_483_648, max: 2_147_483_647 });
  const labels = jsonFlag(invocation, "labels");
  const queries = jsonFlag(invocation, "metrics");
  return {
    ...(targetCondition !== undefined && { targetCondition }),
    ...(priority !== undefined && { priority }),
    ...(labels && { labels }),
    ...(queries && { metrics: { queries } }),
  };
}

const ifMatch = (invocation: Invocation) => ({ "if-match": `"${textFlag(invocation, "etag") ?? "*"}"` });

/** A JSON object, given as it is or as `@FILE`. */
function jsonFlag(invocation: Invocation, name: string): object | undefined {
  const text = textFlag(invocation, name);
  if (text === undefined) return undefined;
  const value = parsed(text.startsWith("@") ? fileText(text.slice(1)) : text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new CommandError(`--${name} must be a JSON object, or @ and the name of a file that holds one`);
}

function fileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new CommandError(`the file ${path} can't be read`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // As wrong as JSON that is no object.
    return undefined;
  }
}

const printDocument = ({ flags, print }: Invocation, document: unknown): void =>
  print(JSON.stringify(document, undefined, flags.json ? 0 : 2));
