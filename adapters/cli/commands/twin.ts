import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  textFlag,
  wordAt,
} from "../command.ts";
import { connectToHub } from "../hub-client.ts";

const help = `Shows a twin, or changes its tags and desired properties.

  twinstream twin show <deviceId> [--module M]
  twinstream twin patch <deviceId> [--module M] [--tags JSON] [--desired JSON] [--etag E]

  --module M      the module's twin instead of the device's
  --tags JSON     an object merged into the tags; null removes a member
  --desired JSON  an object merged into the desired properties; null removes a member
  --etag E        only if the twin still has this etag
${clientHelp}

Example: ask a thermostat for 21 degrees.
  twinstream twin patch thermostat-1 --desired '{"targetTemperature": 21}'`;

/** `twinstream twin …` */
export const twinCommand: Command = {
  help,
  options: {
    ...clientOptions,
    module: { type: "string" },
    tags: { type: "string" },
    desired: { type: "string" },
    etag: { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (show or patch)");
    if (action === "show")
      return print(invocation, (await connectToHub(invocation).send("GET", pathOf(invocation))).body);
    if (action === "patch") return patch(invocation);
    throw new CommandError(`twin ${action} is unknown: show or patch`);
  },
};

async function patch(invocation: Invocation): Promise<void> {
  const tags = jsonFlag(invocation, "tags");
  const desired = jsonFlag(invocation, "desired");
  if (tags === undefined && desired === undefined)
    throw new CommandError("nothing to change: give --tags or --desired");
  const body = { ...(tags && { tags }), ...(desired && { properties: { desired } }) };
  const headers = { "if-match": `"${textFlag(invocation, "etag") ?? "*"}"` };
  print(invocation, (await connectToHub(invocation).send("PATCH", pathOf(invocation), { body, headers })).body);
}

function pathOf(invocation: Invocation): string {
  const path = `/twins/${encodeURIComponent(wordAt(invocation, 1, "the device id"))}`;
  const moduleId = textFlag(invocation, "module");
  return moduleId === undefined ? path : `${path}/modules/${encodeURIComponent(moduleId)}`;
}

function jsonFlag(invocation: Invocation, name: string): object | undefined {
  const text = textFlag(invocation, name);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through: a text that is no JSON is as wrong as one that is no object.
  }
  throw new CommandError(`--${name} must be a JSON object, such as '{"color": "red"}'`);
}

const print = ({ flags, print: line }: Invocation, twin: unknown): void =>
  line(JSON.stringify(twin, undefined, flags.json ? 0 : 2));
