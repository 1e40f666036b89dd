import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { callHub, startBenchHub } from "./bench-hub.ts";
import type { LoadResult } from "./load.ts";
import type { MqttPlan } from "./mqtt-load.ts";
import { twinId } from "./query-twins.ts";
import { scratchFolder } from "./servers.ts";

const connections = 20;
/** Between a message's acknowledgement and the connection's next message: about 2,000 messages a second over all. */
const pauseMs = 10;
const rounds = 3;

/** Over views of so many twins. */
type Options = { readonly quick: boolean; readonly count: number };

/**
 * The latency of telemetry over MQTT, from publish to PUBACK, in turns without queries and with two callers who never stop
 * asking: for pages and for scans. The views in `file` become the hub's. Returns a line.
 */
export async function measureLatencyBesideQueries(file: string, { quick, count }: Options): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const hub = await startBenchHub(scope, "interval", connections, file);
  const plan: MqttPlan = {
    port: hub.mqttPort,
    messages: quick ? 4_000 : 20_000,
    bodyBytes: 256,
    window: 1,
    pauseMs,
    clients: hub.clients,
  };
  const planFile = join(scratchFolder(scope), "plan.json");
  writeFileSync(planFile, JSON.stringify(plan));
  const alone: LoadResult[] = [];
  const beside: LoadResult[] = [];
  let queries = 0;
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await load(planFile));
    let isOver = false;
    const ask = async (): Promise<void> => {
      for (let turn = 0; !isOver; turn += 1) {
        const query = queriesOver(count)[turn % 4];
        await callHub(hub, "/devices/query?api-version=2021-04-12", { query });
        queries += 1;
      }
    };
    const asking = [ask(), ask()];
    beside.push(await load(planFile));
    isOver = true;
    await Promise.all(asking);
  }
  const rate = Math.round(medianOf(alone, "messagesPerSecond")).toLocaleString("en");
  const [without, withQueries] = [medianOf(alone, "p99"), medianOf(beside, "p99")];
  const times = `p99 ${without.toFixed(1)} ms alone, ${withQueries.toFixed(1)} ms beside ${queries} queries`;
  return `telemetry at ${rate} messages/s: ${times} (${(withQueries / without).toFixed(2)}×)`;
}

/** The second and the third look at all twins: no index serves them. */
const queriesOver = (count: number): readonly string[] => [
  "SELECT deviceId FROM devices WHERE tags.location.plant = 'plant-17'",
  "SELECT COUNT() AS n FROM devices WHERE NOT properties.reported.temperature < 99",
  "SELECT AVG(properties.reported.temperature) AS mean FROM devices WHERE NOT tags.building = 1",
  `SELECT * FROM devices WHERE deviceId > '${twinId(Math.floor(count / 2))}'`,
];

async function load(planFile: string): Promise<LoadResult> {
  const words = [join(import.meta.dirname, "mqtt-load.ts"), planFile];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let output = "";
  for await (const chunk of child.stdout) output += chunk;
  const [code] = await ended;
  if (code !== 0) throw new Error("mqtt-load.ts failed");
  return JSON.parse(output) as LoadResult;
}

const medianOf = (results: readonly LoadResult[], name: "p99" | "messagesPerSecond"): number =>
  results.map((result) => result[name]).toSorted((a, b) => a - b)[Math.floor(results.length / 2)] ?? Number.NaN;
