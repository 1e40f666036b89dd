import {
  type Command,
  CommandError,
  clientHelp,
  clientOptions,
  type Invocation,
  numberFlag,
  wordAt,
} from "../command.ts";
import { connectToHub, type HubClient } from "../hub-client.ts";
import { printable, table } from "../output.ts";

type Row = Readonly<Record<string, unknown>>;
type Page = { readonly rows: readonly Row[]; readonly itemType: string };
type Plan = { readonly plan: readonly string[]; readonly indexes: readonly string[]; readonly sql: string };

/** `twinstream query …` */
export const queryCommand: Command = {
  help: `Runs a query in IoT Hub's query language, and prints all its rows.

  twinstream query <text> [--top N] [--explain]

  --top N      N rows at most
  --explain    tell how the hub would go about it, and which indexes it would use, in place of running it
${clientHelp}; with it a row is a line

Whole twins and jobs are printed with their main fields; --json has all of them. Beyond IoT Hub's language there are
ORDER BY, DISTINCT, LIKE, HAVING, OFFSET, and GROUP BY on modules.

Example: how many devices of a region report which firmware?
  twinstream query "SELECT properties.reported.firmware AS firmware, COUNT() AS devices FROM devices
    WHERE tags.location.region = 'US' GROUP BY properties.reported.firmware"`,
  options: { ...clientOptions, top: { type: "string" }, explain: { type: "boolean" } },
  run: async (invocation) => {
    const text = wordAt(invocation, 0, "the query");
    if (invocation.words.length > 1) throw new CommandError("the query must be one word: put it in quotes");
    const hub = connectToHub(invocation);
    if (invocation.flags.explain) return await printPlan(hub, invocation, text);
    const top = numberFlag(invocation, "top", { min: 1, max: 1_000_000_000 });
    const found: Row[] = [];
    let itemType = "";
    for await (const page of pagesOf(hub, text, top)) {
      itemType = page.itemType;
      if (invocation.flags.json) for (const row of page.rows) invocation.print(JSON.stringify(row));
      else found.push(...page.rows);
      if (invocation.signal.aborted) return;
    }
    if (!invocation.flags.json) invocation.print(tableOf(found, itemType));
  },
};

async function printPlan(hub: HubClient, { flags, print }: Invocation, text: string): Promise<void> {
  const { body } = await hub.send("POST", "/devices/query", { body: { query: `EXPLAIN ${text}` } });
  const [row] = body as readonly Plan[];
  if (row === undefined) throw new CommandError("the hub explains nothing");
  if (flags.json) return print(JSON.stringify(row));
  for (const step of row.plan) print(printable(step));
  print(`\nindexes: ${printable(row.indexes.join(", ")) || "none"}\n\n${printable(row.sql)}`);
}

/** The pages of a query, up to `top` rows of it. */
async function* pagesOf(hub: HubClient, query: string, top: number | undefined): AsyncGenerator<Page, void, void> {
  let wanted = top ?? Number.POSITIVE_INFINITY;
  let continuation: string | undefined;
  do {
    const headers = {
      ...(Number.isFinite(wanted) && { "x-ms-max-item-count": String(wanted) }),
      ...(continuation !== undefined && { "x-ms-continuation": continuation }),
    };
    const answer = await hub.send("POST", "/devices/query", { body: { query }, headers });
    const rows = answer.body as readonly Row[];
    yield { rows, itemType: String(answer.headers["x-ms-item-type"]) };
    wanted -= rows.length;
    const next = answer.headers["x-ms-continuation"];
    continuation = next === undefined ? undefined : String(next);
  } while (continuation !== undefined && wanted > 0);
}

/** The fields of whole rows that tell them apart, and where they stand. */
const mainFields: ReadonlyMap<string, readonly string[]> = new Map([
  ["Twin", ["deviceId", "moduleId", "status", "connectionState", "lastActivityTime", "version"]],
  ["DeviceJob", ["jobId", "deviceId", "moduleId", "jobType", "status", "startTimeUtc", "endTimeUtc"]],
]);

function tableOf(rows: readonly Row[], itemType: string): string {
  const there = new Set(rows.flatMap((row) => Object.keys(row)));
  const columns = mainFields.get(itemType)?.filter((name) => there.has(name)) ?? [...there];
  return table([columns.map(printable), ...rows.map((row) => columns.map((name) => cellOf(row[name])))]);
}

const cellOf = (value: unknown): string => {
  if (value === undefined) return "";
  return printable(typeof value === "string" ? value : JSON.stringify(value));
};
