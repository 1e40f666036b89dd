import { setTimeout as wait } from "node:timers/promises";
import { type Command, clientHelp, clientOptions, type Invocation, numberFlag, textFlag, wordAt } from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable } from "../output.ts";

/** An event as `GET /devices/{id}/history` shows it. */
type HistoryEvent = {
  readonly sequence: number;
  readonly type: string;
  readonly time: string;
  readonly actor: string;
  readonly moduleId?: string;
  readonly data: unknown;
};

const help = `Shows everything that happened to a device and its modules, oldest first: who did what, and when.

  twinstream history <deviceId> [--follow] [--type TYPE] [--from TIME] [--to TIME] [--limit N]

  --follow     go on and print events as they happen, until interrupted
  --type TYPE  only events of this type, such as TwinUpdated; several are separated by commas
  --from TIME  only events at or after this time (ISO 8601)
  --to TIME    only events before this time
  --limit N    at most N events
${clientHelp}

Example: what changed the twin today?
  twinstream history thermostat-1 --type TwinUpdated,TwinReportedPatched --from "$(date -u +%F)"`;

/** `twinstream history …` */
export const historyCommand: Command = {
  help,
  options: {
    ...clientOptions,
    follow: { type: "boolean" },
    type: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    limit: { type: "string" },
  },
  run: async (invocation) => {
    const hub = connectToHub(invocation);
    const limit = numberFlag(invocation, "limit", { min: 1, max: 1_000_000_000 }) ?? Number.POSITIVE_INFINITY;
    const cursor = { printed: 0, after: undefined as string | undefined };
    do {
      const more = await printPage(hub, invocation, cursor, limit);
      if (cursor.printed >= limit || invocation.signal.aborted) return;
      if (more) continue;
      if (invocation.flags.follow !== true) return;
      await wait(pollMs, undefined, { signal: invocation.signal }).catch(() => {});
    } while (!invocation.signal.aborted);
  },
};

/** Following asks the hub again this often. */
const pollMs = 500;

/** Prints the next page and moves the cursor. Resolves to whether another page is there already. */
async function printPage(
  hub: HubClient,
  invocation: Invocation,
  cursor: { printed: number; after: string | undefined },
  limit: number,
): Promise<boolean> {
  const path = `/devices/${encodeURIComponent(wordAt(invocation, 0, "the device id"))}/history`;
  const query = new URLSearchParams({ limit: String(Math.min(500, limit - cursor.printed)) });
  for (const name of ["type", "from", "to"]) {
    const value = textFlag(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  if (cursor.after !== undefined) query.set("after", cursor.after);
  const { body, headers } = await hub.send("GET", `${path}?${query.toString()}`);
  const events = body as readonly HistoryEvent[];
  for (const event of events) invocation.print(invocation.flags.json ? JSON.stringify(event) : line(event));
  cursor.printed += events.length;
  const last = events.at(-1);
  if (last !== undefined) cursor.after = String(last.sequence);
  return headers["x-ms-continuation"] !== undefined;
}

function line({ sequence, time, type, actor, moduleId, data }: HistoryEvent): string {
  const target = moduleId === undefined ? "" : ` [${moduleId}]`;
  return printable(`${time} #${sequence} ${type}${target} by ${actor} ${JSON.stringify(data)}`);
}
