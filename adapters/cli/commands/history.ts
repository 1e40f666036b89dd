import { setTimeout as wait } from "node:timers/promises";
import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  numberFlag,
  textFlag,
} from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable } from "../output.ts";

/** An event as `GET /devices/{id}/history` shows it; telemetry has an offset instead of a sequence. */
type HistoryEvent = {
  readonly sequence?: number;
  readonly offset?: number;
  readonly partition?: number;
  readonly type: string;
  readonly time: string;
  readonly actor: string;
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly data: unknown;
};

const help = `Shows everything that happened to a device and its modules, oldest first: who did what, and when.

  twinstream history <deviceId> [--follow] [--telemetry] [--type TYPE] [--actor WHO] [--correlation ID] [--module M]
                     [--from WHEN] [--to WHEN] [--limit N] [--ndjson | --csv]
  twinstream history --correlation ID [--limit N]
  twinstream history (--ndjson | --csv) [--type TYPE] [--actor WHO] [--from WHEN] [--to WHEN]

  --follow          go on and print events as they happen, until interrupted
  --telemetry       with the device's stored telemetry among the events
  --type TYPE       only events of this type (TwinUpdated), group (identity, connection, twin, method, command, upload,
                    configuration, job, hub) or pattern ('Twin*'); several are separated by commas
  --actor WHO       only what this actor did, as history names it, or all of a kind (policy, device, module, hub)
  --correlation ID  only what belongs to this request, connection or job (job:<id>); without a device over all devices
  --module M        only events of this module
  --from WHEN       only events at or after this time (ISO 8601) or sequence (seq:12345)
  --to WHEN         only events up to this time or sequence
  --limit N         at most N events
  --ndjson, --csv   everything as lines for other programs; without a device the history of the whole hub
${clientHelp}

Example: what changed the twin today?
  twinstream history thermostat-1 --type twin --from "$(date -u +%F)"
Example: everything that a job did.
  twinstream history --correlation job:night-update`;

/** `twinstream history …` */
export const historyCommand: Command = {
  help,
  options: {
    ...clientOptions,
    follow: { type: "boolean" },
    telemetry: { type: "boolean" },
    type: { type: "string" },
    actor: { type: "string" },
    correlation: { type: "string" },
    module: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    limit: { type: "string" },
    ndjson: { type: "boolean" },
    csv: { type: "boolean" },
  },
  run: async (invocation) => {
    const hub = connectToHub(invocation);
    const { flags, print, signal } = invocation;
    const path = pathOf(invocation);
    if (flags.ndjson === true || flags.csv === true) {
      const query = queryOf(invocation, { format: flags.csv === true ? "csv" : "ndjson" });
      for await (const line of hub.lines(`${path}?${query.toString()}`, signal)) print(line.replace(/\r$/, ""));
      return;
    }
    const limit = numberFlag(invocation, "limit", { min: 1, max: 1_000_000_000 }) ?? Number.POSITIVE_INFINITY;
    const cursor = { printed: 0, after: undefined as string | undefined };
    do {
      const more = await printPage(hub, invocation, cursor, { path, limit });
      if (cursor.printed >= limit || signal.aborted) return;
      if (more) continue;
      if (flags.follow !== true) return;
      await wait(pollMs, undefined, { signal }).catch(() => {});
    } while (!signal.aborted);
  },
};

/** Following asks the hub again this often. */
const pollMs = 500;

/** Whose history: a device's, that of one cause, or the whole hub's. */
function pathOf({ words, flags }: Invocation): string {
  const [deviceId] = words;
  if (deviceId !== undefined) return `/devices/${encodeURIComponent(deviceId)}/history`;
  const isExport = flags.ndjson === true || flags.csv === true;
  if (isExport && flags.correlation === undefined) return "/history";
  if (isExport || typeof flags.correlation !== "string") throw new CommandError("the device id is missing");
  return `/history/correlations/${encodeURIComponent(flags.correlation)}`;
}

function queryOf(invocation: Invocation, given: Record<string, string>): URLSearchParams {
  const query = new URLSearchParams(given);
  for (const name of ["type", "actor", "correlation", "module", "from", "to"]) {
    const value = textFlag(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  if (invocation.flags.telemetry === true) query.set("telemetry", "true");
  return query;
}

type Cursor = { printed: number; after: string | undefined };

/** Prints the next page and moves the cursor. Resolves to whether another page is there already. */
async function printPage(
  hub: HubClient,
  invocation: Invocation,
  cursor: Cursor,
  { path, limit }: { readonly path: string; readonly limit: number },
): Promise<boolean> {
  const query = queryOf(invocation, { limit: String(Math.min(500, limit - cursor.printed)) });
  if (cursor.after !== undefined) query.set("after", cursor.after);
  const { body, headers } = await hub.send("GET", `${path}?${query.toString()}`);
  const events = body as readonly HistoryEvent[];
  const isOfMany = invocation.words.length === 0;
  for (const event of events) invocation.print(invocation.flags.json ? JSON.stringify(event) : line(event, isOfMany));
  cursor.printed += events.length;
  const next = headers["x-ms-continuation"];
  cursor.after = typeof next === "string" ? next : afterLast(events, cursor.after);
  return next !== undefined;
}

/** Where to go on behind the last page: the last event, and the last message of telemetry, that were printed. */
function afterLast(events: readonly HistoryEvent[], before: string | undefined): string | undefined {
  const [sequenceBefore, offsetBefore] = before?.split(".") ?? [];
  const sequence = events.findLast((event) => event.sequence !== undefined)?.sequence ?? sequenceBefore;
  const offset = events.findLast((event) => event.offset !== undefined)?.offset;
  const telemetry = offset === undefined ? offsetBefore : offset + 1;
  if (sequence === undefined && telemetry === undefined) return undefined;
  return telemetry === undefined ? String(sequence) : `${sequence ?? ""}.${telemetry}`;
}

/** An event as one line; among those of many devices it says whose it is. */
function line(event: HistoryEvent, isOfMany: boolean): string {
  const { sequence, partition, offset, time, type, actor, deviceId, moduleId, data } = event;
  const place = sequence === undefined ? `${partition}/${offset}` : `#${sequence}`;
  const whose = isOfMany && deviceId !== undefined ? ` of ${deviceId}` : "";
  const target = moduleId === undefined ? "" : ` [${moduleId}]`;
  return printable(`${time} ${place} ${type}${whose}${target} by ${actor} ${JSON.stringify(data)}`);
}
