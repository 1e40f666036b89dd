import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { table } from "../../adapters/cli/output.ts";
import { startBenchHub } from "./bench-hub.ts";
import { measureConnects } from "./connects.ts";
import type { LoadPlan, LoadResult } from "./mqtt-load.ts";
import { measureRebuild } from "./rebuild.ts";
import { type Durability, scratchFolder, startNatsServer } from "./servers.ts";
import { measureTwinPatches } from "./twin-patches.ts";

/**
 * `npm run bench`: durable QoS 1 ingest of the hub beside nats-server's own MQTT and a bare JetStream publisher, in turns
 * within one run, so that the ratios hold on a noisy machine. `--quick` runs a tenth of the messages, `--readme` writes what
 * came out into the README.
 */
const quick = process.argv.includes("--quick");
const bodyBytes = 256;
const rounds = 3;
const messagesFor: Record<Durability, number> = { interval: quick ? 30_000 : 300_000, always: quick ? 4_000 : 30_000 };
const here = import.meta.dirname;

/** Runs a generator in a process of its own and reads the JSON line it prints. */
async function measure(script: string, words: readonly string[]): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(here, script), ...words], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout) output += chunk;
  return JSON.parse(output) as LoadResult;
}

async function ingest(durability: Durability, connections: number): Promise<readonly string[][]> {
  await using scope = new AsyncDisposableStack();
  const folder = scratchFolder(scope);
  const messages = messagesFor[durability];
  const window = Math.max(2, Math.round(4000 / connections));
  const nats = await startNatsServer(scope, durability);
  const hub = await startBenchHub(scope, durability, connections);
  const natsClients = Array.from({ length: connections }, (_, index) => ({
    clientId: `load-${index}`,
    topic: `t/${index}`,
  }));
  const plan = (name: string, port: number, clients: LoadPlan["clients"]): string => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ port, messages, window, bodyBytes, clients } satisfies LoadPlan));
    return file;
  };
  const natsPlan = plan("nats", nats.mqttPort, natsClients);
  const hubPlan = plan("hub", hub.mqttPort, hub.clients);
  const results = { bare: [] as LoadResult[], nats: [] as LoadResult[], hub: [] as LoadResult[] };
  for (let round = 0; round < rounds; round += 1) {
    results.bare.push(await measure("bare-publisher.ts", [nats.url, String(messages), "4000", String(bodyBytes)]));
    results.nats.push(await measure("mqtt-load.ts", [natsPlan]));
    results.hub.push(await measure("mqtt-load.ts", [hubPlan]));
  }
  const row = (name: string, all: readonly LoadResult[]) =>
    resultRow(name, durability, connections, median(all), median(results.nats));
  return [
    row("bare JetStream publisher", results.bare),
    row("nats-server MQTT", results.nats),
    row("hub", results.hub),
  ];
}

/** The run with the middle rate. */
function median(results: readonly LoadResult[]): LoadResult {
  const sorted = results.toSorted((a, b) => a.messagesPerSecond - b.messagesPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("nothing was measured");
  return middle;
}

function resultRow(
  name: string,
  durability: string,
  connections: number,
  result: LoadResult,
  base: LoadResult,
): string[] {
  const { messagesPerSecond, p50, p90, p99, max } = result;
  const latencies = [p50, p90, p99, max].map((ms) => ms.toFixed(1));
  const ratio = (messagesPerSecond / base.messagesPerSecond).toFixed(2);
  return [
    name,
    durability,
    String(connections),
    Math.round(messagesPerSecond).toLocaleString("en"),
    ratio,
    ...latencies,
  ];
}

const readme = join(here, "../../README.md");
const block = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;
const report: string[] = [];
const say = (text: string): void => {
  report.push(text);
  console.log(text);
};

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: here, encoding: "utf8" }).trim();
say(`commit ${commit}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}`);
say(`QoS 1, ${bodyBytes}-byte bodies, about 4,000 in flight, median of ${rounds} rounds; ratio to nats-server MQTT\n`);
const head = ["SERVER", "DURABILITY", "CONNECTIONS", "MSG/S", "RATIO", "P50 MS", "P90", "P99", "MAX"];
const rows: string[][] = [];
for (const durability of ["interval", "always"] as const) {
  for (const connections of [100, 1000]) rows.push(...(await ingest(durability, connections)));
}
say(`${table([head, ...rows])}\n`);
for (const durability of ["interval", "always"] as const) say(await measureTwinPatches(durability, quick));
say(await measureConnects(quick));
say(await measureRebuild(quick));

if (process.argv.includes("--readme")) {
  const written = `\`\`\`\n${report.join("\n")}\n\`\`\`\n`;
  const text = readFileSync(readme, "utf8");
  writeFileSync(
    readme,
    text.replace(block, (_, start: string, end: string) => `${start}${written}${end}`),
  );
}
