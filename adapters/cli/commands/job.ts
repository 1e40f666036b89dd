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

/** A job, as the hub tells it. */
type Job = {
  readonly jobId: string;
  readonly type: string;
  readonly status: string;
  readonly queryCondition?: string;
  readonly createdTime?: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly failureReason?: string;
  readonly deviceJobStatistics?: {
    readonly deviceCount: number;
    readonly failedCount: number;
    readonly succeededCount: number;
    readonly runningCount: number;
    readonly pendingCount: number;
  };
};

/** `twinstream job …` */
export const jobCommand: Command = {
  help: `Updates the twins of many devices, or calls a method of each.

  twinstream job create <jobId> --on CONDITION (--tags JSON | --desired JSON | --method NAME [--payload JSON])
                        [--timeout S] [--connect-timeout S] [--start TIME] [--max-time S]
  twinstream job list [--type TYPE] [--status STATUS]   jobs of the last 30 days, the newest first
  twinstream job show <jobId>                           where a job stands
  twinstream job cancel <jobId>                         begin nothing more of it

  --on CONDITION       on which devices: a condition as behind WHERE in a query, or '*' for all
  --tags JSON          an object merged into the tags of each; null removes a member
  --desired JSON       an object merged into the desired properties of each
  --method NAME        call this method of each
  --payload JSON       what the method is given; null when not set
  --timeout S          seconds that a device may take to answer, 5 to 3600 (default: 30)
  --connect-timeout S  seconds to wait for a device that is not online, up to 300 (default: 0)
  --start TIME         when to begin, ISO 8601 (default: now)
  --max-time S         seconds after which nothing more begins (default: 3600)
  --type TYPE          scheduleUpdateTwin or scheduleDeviceMethod
  --status STATUS      queued, scheduled, running, completed, failed or cancelled
${clientHelp}

Example: ask all thermostats of a building for 21 degrees.
  twinstream job create evening --on "tags.building = 'b43'" --desired '{"targetTemperature": 21}'`,
  options: {
    ...clientOptions,
    on: { type: "string" },
    tags: { type: "string" },
    desired: { type: "string" },
    method: { type: "string" },
    payload: { type: "string" },
    timeout: { type: "string" },
    "connect-timeout": { type: "string" },
    start: { type: "string" },
    "max-time": { type: "string" },
    type: { type: "string" },
    status: { type: "string" },
  },
  run: async (invocation) => {
    const action = wordAt(invocation, 0, "what to do (create, list, show or cancel)");
    const run = actions.get(action);
    if (run === undefined) throw new CommandError(`job ${action} is unknown: create, list, show or cancel`);
    await run(connectToHub(invocation), invocation);
  },
};

type Action = (hub: HubClient, invocation: Invocation) => Promise<void>;

const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ["create", create],
  ["list", list],
  ["show", async (hub, invocation) => print(invocation, (await hub.send("GET", pathOf(invocation))).body)],
  [
    "cancel",
    async (hub, invocation) => print(invocation, (await hub.send("POST", `${pathOf(invocation)}/cancel`)).body),
  ],
]);

const pathOf = (invocation: Invocation): string =>
  `/jobs/v2/${encodeURIComponent(wordAt(invocation, 1, "the job id"))}`;

async function create(hub: HubClient, invocation: Invocation): Promise<void> {
  const condition = textFlag(invocation, "on");
  if (condition === undefined) throw new CommandError("--on is missing: on which devices? '*' stands for all");
  const path = pathOf(invocation);
  const body = {
    jobId: wordAt(invocation, 1, "the job id"),
    ...workOf(invocation),
    queryCondition: condition,
    startTime: textFlag(invocation, "start"),
    maxExecutionTimeInSeconds: numberFlag(invocation, "max-time", { min: 1, max: 2_592_000 }),
  };
  await hub.send("PUT", path, { body });
  print(invocation, (await hub.send("GET", path)).body);
}

function workOf(invocation: Invocation): object {
  const methodName = textFlag(invocation, "method");
  const tags = jsonFlag(invocation, "tags");
  const desired = jsonFlag(invocation, "desired");
  const isUpdate = tags !== undefined || desired !== undefined;
  if ((methodName !== undefined) === isUpdate) {
    throw new CommandError("what is to be done? Give --tags and --desired, or --method");
  }
  if (isUpdate) {
    const properties = desired === undefined ? undefined : { desired };
    return { type: "scheduleUpdateTwin", updateTwin: { etag: "*", tags, properties } };
  }
  const cloudToDeviceMethod = {
    methodName,
    payload: jsonFlag(invocation, "payload") ?? null,
    responseTimeoutInSeconds: numberFlag(invocation, "timeout", { min: 5, max: 3_600 }),
    connectTimeoutInSeconds: numberFlag(invocation, "connect-timeout", { min: 0, max: 300 }),
  };
  return { type: "scheduleDeviceMethod", cloudToDeviceMethod };
}

function jsonFlag(invocation: Invocation, name: string): unknown {
  const text = textFlag(invocation, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandError(`--${name} is no JSON, such as '{"color": "red"}'`);
  }
}

async function list(hub: HubClient, invocation: Invocation): Promise<void> {
  const query = new URLSearchParams();
  for (const [flag, name] of filters) {
    const value = textFlag(invocation, flag);
    if (value !== undefined) query.set(name, value);
  }
  const rows: (readonly string[])[] = [headings];
  let continuation: string | undefined;
  do {
    const headers = continuation === undefined ? {} : { "x-ms-continuation": continuation };
    const answer = await hub.send("GET", `/jobs/v2/query?${query.toString()}`, { headers });
    const jobs = answer.body as readonly Job[];
    if (invocation.flags.json) for (const job of jobs) invocation.print(JSON.stringify(job));
    rows.push(...jobs.map(row));
    const next = answer.headers["x-ms-continuation"];
    continuation = next === undefined ? undefined : String(next);
  } while (continuation !== undefined);
  if (!invocation.flags.json) invocation.print(table(rows));
}

const filters = [
  ["type", "jobType"],
  ["status", "jobStatus"],
] as const;

const headings = ["JOB", "TYPE", "STATUS", "CREATED", "DEVICES", "DONE", "FAILED"];

function row({ jobId, type, status, createdTime = "", deviceJobStatistics: counts }: Job): readonly string[] {
  const numbers = counts && [counts.deviceCount, counts.succeededCount, counts.failedCount].map(String);
  return [printable(jobId), type, status, createdTime, ...(numbers ?? ["", "", ""])];
}

function print({ flags, print: line }: Invocation, body: unknown): void {
  const job = body as Job;
  if (flags.json) {
    line(JSON.stringify(job));
    return;
  }
  const { failureReason, queryCondition = "", startTime = "", endTime } = job;
  line(table([headings, row(job)]));
  line(printable(`on ${queryCondition}`));
  line(`from ${startTime}${endTime === undefined ? "" : ` to ${endTime}`}`);
  if (failureReason !== undefined) line(printable(failureReason));
}
