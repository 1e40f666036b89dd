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
import { printable } from "../output.ts";

const help = `Shows a twin as it is or as it was, changes its tags and desired properties, or takes changes back.

  twinstream twin show <deviceId> [--module M] [--as-of MOMENT]
  twinstream twin patch <deviceId> [--module M] [--tags JSON] [--desired JSON] [--etag E]
  twinstream twin diff <deviceId> [--module M] --from MOMENT [--to MOMENT]
  twinstream twin restore <deviceId> [--module M] --as-of MOMENT [--only PART] [--etag E]

  --module M       the module's twin instead of the device's
  --as-of MOMENT   the state at a time (2026-11-01T00:00:00Z), at a place of the journal (seq:12345, as history shows it), or
                   of a version (v:17)
  --from, --to     what changed between two moments, and by whom; to the present when --to is not given
  --tags JSON      an object merged into the tags; null removes a member
  --desired JSON   an object merged into the desired properties; null removes a member
  --only PART      take back tags or desired only; what the device reported is never changed
  --etag E         only if the twin still has this etag
${clientHelp}

Example: ask a thermostat for 21 degrees.
  twinstream twin patch thermostat-1 --desired '{"targetTemperature": 21}'
Example: who changed it since yesterday, and back to what it was.
  twinstream twin diff thermostat-1 --from "$(date -u -d yesterday +%FT%TZ)"
  twinstream twin restore thermostat-1 --as-of "$(date -u -d yesterday +%FT%TZ)"`;

/** `twinstream twin …` */
export const twinCommand: Command = {
  help,
  options: {
    ...clientOptions,
    module: { type: "string" },
    tags: { type: "string" },
    desired: { type: "string" },
    etag: { type: "string" },
    "as-of": { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    only: { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (show, patch, diff or restore)");
    if (action === "show") return show(invocation);
    if (action === "patch") return patch(invocation);
    if (action === "diff") return diff(invocation);
    if (action === "restore") return restore(invocation);
    throw new CommandError(`twin ${action} is unknown: show, patch, diff or restore`);
  },
};

async function show(invocation: Invocation): Promise<void> {
  const asOf = textFlag(invocation, "as-of");
  const query = asOf === undefined ? "" : `?asOf=${encodeURIComponent(asOf)}`;
  print(invocation, (await connectToHub(invocation).send("GET", `${pathOf(invocation)}${query}`)).body);
}

async function restore(invocation: Invocation): Promise<void> {
  const asOf = textFlag(invocation, "as-of");
  if (asOf === undefined) throw new CommandError("--as-of is missing: which state to go back to");
  const only = textFlag(invocation, "only");
  const body = { asOf, ...(only !== undefined && { parts: [only] }) };
  const headers = { "if-match": `"${textFlag(invocation, "etag") ?? "*"}"` };
  const path = `${pathOf(invocation)}/restore`;
  print(invocation, (await connectToHub(invocation).send("POST", path, { body, headers })).body);
}

/** A change as `GET /twins/{id}/changes` tells it. */
type Change = {
  readonly sequence: number;
  readonly time: string;
  readonly type: string;
  readonly actor: string;
  readonly patch: readonly { readonly op: string; readonly path: string; readonly value?: unknown }[];
};

async function diff(invocation: Invocation): Promise<void> {
  const from = textFlag(invocation, "from");
  const to = textFlag(invocation, "to");
  if (from === undefined) throw new CommandError("--from is missing: where to begin");
  const hub = connectToHub(invocation);
  let after: string | undefined;
  do {
    const query = new URLSearchParams({ from, ...(to && { to }), ...(after && { after }), limit: "500" });
    const { body, headers } = await hub.send("GET", `${pathOf(invocation)}/changes?${query.toString()}`);
    const { changes, patch: whole } = body as { readonly changes: readonly Change[]; readonly patch: Change["patch"] };
    for (const change of changes)
      invocation.print(invocation.flags.json ? JSON.stringify(change) : changeLines(change));
    const next = headers["x-ms-continuation"];
    after = typeof next === "string" ? next : undefined;
    if (after === undefined && !invocation.flags.json)
      invocation.print(["in all", ...whole.map(operationLine)].join("\n"));
  } while (after !== undefined && !invocation.signal.aborted);
}

const changeLines = ({ sequence, time, type, actor, patch: operations }: Change): string =>
  [printable(`${time} #${sequence} ${type} by ${actor}`), ...operations.map(operationLine)].join("\n");

const signs: Readonly<Record<string, string>> = { add: "+", replace: "~", remove: "-" };

const operationLine = ({ op, path, value }: Change["patch"][number]): string =>
  printable(`  ${signs[op] ?? op} ${path}${value === undefined ? "" : ` ${JSON.stringify(value)}`}`);

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
