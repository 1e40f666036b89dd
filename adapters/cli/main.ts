#!/usr/bin/env node
import { parseArgs } from "node:util";
import { SettingsError } from "../settings/settings-error.ts";
import { type Command, CommandError } from "./command.ts";
import { table } from "./output.ts";

/** A command as the overview lists it. Its code is loaded when it runs, so that a small command starts at once. */
type Entry = { readonly usage: string; readonly summary: string; readonly load: () => Promise<Command> };

const commands: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    "start",
    {
      usage: "",
      summary: "run a hub until interrupted",
      load: async () => (await import("./commands/start.ts")).startCommand,
    },
  ],
  [
    "device",
    {
      usage: "create|list|show|delete|keys",
      summary: "register devices, show them, change their keys",
      load: async () => (await import("./commands/device.ts")).deviceCommand,
    },
  ],
  [
    "twin",
    {
      usage: "show|patch|diff|restore",
      summary: "show a twin, now or in the past, change it, take changes back",
      load: async () => (await import("./commands/twin.ts")).twinCommand,
    },
  ],
  [
    "query",
    {
      usage: "<text>",
      summary: "find twins, module twins and rows of jobs by a query",
      load: async () => (await import("./commands/query.ts")).queryCommand,
    },
  ],
  [
    "index",
    {
      usage: "create|list|delete",
      summary: "indexes, by which queries find twins quickly",
      load: async () => (await import("./commands/index.ts")).indexCommand,
    },
  ],
  [
    "method",
    {
      usage: "invoke",
      summary: "call a direct method of a device or module",
      load: async () => (await import("./commands/method.ts")).methodCommand,
    },
  ],
  [
    "c2d",
    {
      usage: "send|list|show|purge|feedback",
      summary: "send messages to devices, and hear what became of them",
      load: async () => (await import("./commands/c2d.ts")).c2dCommand,
    },
  ],
  [
    "upload",
    {
      usage: "list <deviceId>",
      summary: "the files that a device uploads",
      load: async () => (await import("./commands/upload.ts")).uploadCommand,
    },
  ],
  [
    "configuration",
    {
      usage: "create|list|show|update|delete|apply",
      summary: "set desired properties of many devices at once",
      load: async () => (await import("./commands/configuration.ts")).configurationCommand,
    },
  ],
  [
    "job",
    {
      usage: "create|list|show|cancel",
      summary: "update many twins, or call a method of many devices",
      load: async () => (await import("./commands/job.ts")).jobCommand,
    },
  ],
  [
    "monitor",
    {
      usage: "[deviceId]",
      summary: "telemetry as it arrives, of one device or all",
      load: async () => (await import("./commands/monitor.ts")).monitorCommand,
    },
  ],
  [
    "consumer-group",
    {
      usage: "create|list|delete",
      summary: "consumer groups, under which back ends read telemetry",
      load: async () => (await import("./commands/consumer-group.ts")).consumerGroupCommand,
    },
  ],
  [
    "history",
    {
      usage: "[deviceId]",
      summary: "everything that happened to a device, or to all of them",
      load: async () => (await import("./commands/history.ts")).historyCommand,
    },
  ],
  [
    "rebuild",
    {
      usage: "",
      summary: "drop the views and build them anew from the journal",
      load: async () => (await import("./commands/rebuild.ts")).rebuildCommand,
    },
  ],
]);

/** Exit codes: the command failed, or its words were wrong. */
const failed = 1;
const misused = 2;

function overview(): string {
  const rows = Array.from(commands, ([name, { usage, summary }]) => [`  ${name} ${usage}`, summary]);
  return `twinstream: a self-hosted hub that speaks Azure IoT Hub's protocols

${table(rows)}

Begin with \`twinstream start\`; \`twinstream <command> --help\` tells more about each.`;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    console.log(overview());
    return name === undefined ? misused : 0;
  }
  const entry = commands.get(name);
  if (entry === undefined) {
    console.error(`${name} is no command of twinstream\n\n${overview()}`);
    return misused;
  }
  return runCommand(await entry.load(), rest);
}

async function runCommand(command: Command, argv: string[]): Promise<number> {
  const interrupted = new AbortController();
  // A signal often comes twice, once to the process and once from its launcher: the second must not cut the end short.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interrupted.abort());
  const options = { ...command.options, help: { type: "boolean", short: "h" } } as const;
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : "wrong arguments"}\n\n${command.help}`);
    return misused;
  }
  if (parsed.values.help === true) {
    console.log(command.help);
    return 0;
  }
  try {
    await command.run({
      words: parsed.positionals,
      flags: parsed.values as Record<string, string | boolean | undefined>,
      environment: process.env,
      print: (line) => console.log(line),
      signal: interrupted.signal,
    });
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof SettingsError)) throw error;
    console.error(error.message);
    return failed;
  }
}

// A reader that goes away, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
