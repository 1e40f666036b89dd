import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AmqpPlan } from "./amqp-load.ts";
import { type BenchHub, startBenchHub } from "./bench-hub.ts";
import type { HttpPlan } from "./http-load.ts";
import type { LoadResult } from "./load.ts";
import type { MqttPlan } from "./mqtt-load.ts";
import { type Durability, scratchFolder, startNatsServer } from "./servers.ts";

export const bodyBytes = 256;
export const rounds = 3;
/** Messages that are under way over all connections, where the protocol lets a connection have several. */
const inFlight = 4000;

/** Messages of a run, of those that take the shortest; fewer where each write is synced first. */
const messagesFor: Record<Durability, number> = { interval: 300_000, always: 20_000 };

/** One line of the table: a generator, the words it is started with, and what they measured. */
type Contestant = {
  readonly name: string;
  readonly connections: number;
  readonly script: string;
  readonly words: readonly string[];
  readonly results: LoadResult[];
};

/** What one part of the table is about; `quick` runs a tenth of the messages. */
export type IngestOptions = {
  readonly durability: Durability;
  readonly connections: number;
  /** Whether AMQP and HTTPS, and MQTT over TLS, take part too. */
  readonly everyProtocol: boolean;
  readonly quick: boolean;
};

/** The headings of `measureIngest`'s rows. */
export const ingestHead = [
  "SERVER",
  "DURABILITY",
  "CONNECTIONS",
  "MSG/S",
  "OF NATS MQTT",
  "OF BARE",
  "P50 MS",
  "P90",
  "P99",
  "MAX",
];

type Setting = IngestOptions & {
  readonly hub: BenchHub;
  /** How many messages a run of the quickest has. */
  readonly messages: number;
  /** Writes the plan of a generator into a file. Returns its path. */
  readonly write: (plan: object) => string;
};

/**
 * Durable ingest of the hub beside nats-server's own MQTT and a bare JetStream publisher, in turns within one run, so that
 * the ratios hold on a noisy machine.
 */
export async function measureIngest(options: IngestOptions): Promise<readonly string[][]> {
  await using scope = new AsyncDisposableStack();
  const { durability, connections, everyProtocol, quick } = options;
  const folder = scratchFolder(scope);
  const nats = await startNatsServer(scope, durability);
  const hub = await startBenchHub(scope, durability, connections);
  const messages = messagesFor[durability] / (quick ? 10 : 1);
  let plans = 0;
  const write = (plan: object): string => {
    plans += 1;
    const file = join(folder, `${plans}.json`);
    writeFileSync(file, JSON.stringify(plan));
    return file;
  };
  const setting = { ...options, hub, messages, write };
  const natsClients = hub.clients.map(({ clientId }, index) => ({ clientId, topic: `t/${index}` }));
  const bare = contestant("bare JetStream publisher", connections, "bare-publisher.ts", [
    nats.url,
    ...[messages, inFlight, bodyBytes].map(String),
  ]);
  const natsMqtt = mqtt("nats-server MQTT", setting, { port: nats.mqttPort, clients: natsClients });
  const hubMqtt = mqtt("hub MQTT", setting, { port: hub.mqttPort, clients: hub.clients });
  const contestants = [bare, natsMqtt, hubMqtt, ...(everyProtocol ? overTls(setting) : [])];
  for (let round = 0; round < rounds; round += 1) for (const one of contestants) one.results.push(await run(one));
  return contestants.map((one) => resultRow(one, durability, { natsMqtt, bare }));
}

const contestant = (name: string, connections: number, script: string, words: readonly string[]): Contestant => ({
  name,
  connections,
  script,
  words,
  results: [],
});

function mqtt(name: string, setting: Setting, target: Pick<MqttPlan, "port" | "clients" | "ca">): Contestant {
  const { messages, connections, write } = setting;
  const window = Math.max(2, Math.round(inFlight / connections));
  const plan: MqttPlan = { messages, bodyBytes, window, ...target };
  return contestant(name, connections, "mqtt-load.ts", [write(plan)]);
}

/** All that has TLS in its way; a third of the messages is enough for what takes longer. */
function overTls(setting: Setting): readonly Contestant[] {
  const { hub, messages } = setting;
  const { ca, clients, mqttsPort: port } = hub;
  const fewer = Math.max(messages / 3, inFlight);
  return [
    mqtt("hub MQTT over TLS", setting, { port, clients, ca }),
    amqp("hub AMQP over TLS", { ...setting, messages: fewer }, 1),
    amqp("hub AMQP over TLS, 10 devices each", { ...setting, messages: fewer }, 10),
    http("hub HTTPS, one message a request", { ...setting, messages: fewer / 5 }, 1),
    http("hub HTTPS, 100 messages a request", { ...setting, messages: fewer }, 100),
  ];
}

/** All devices, `devicesEach` of them on a connection. */
function amqp(name: string, { messages, hub, write }: Setting, devicesEach: number): Contestant {
  const { amqpsPort: port, ca, clients } = hub;
  const count = clients.length / devicesEach;
  const connections = Array.from({ length: count }, (_, index) =>
    clients.slice(index * devicesEach, (index + 1) * devicesEach),
  );
  const window = Math.round(inFlight / count);
  const plan: AmqpPlan = { port, ca, messages, bodyBytes, window, connections };
  return contestant(name, count, "amqp-load.ts", [write(plan)]);
}

/** A connection has one request under way, so batches need fewer connections for as many messages. */
function http(name: string, { messages, hub, write }: Setting, messagesPerRequest: number): Contestant {
  const { httpsPort: port, ca, clients } = hub;
  const count = Math.min(clients.length, inFlight / messagesPerRequest);
  // Every connection sends the same number of requests, and at least one.
  const atOnce = count * messagesPerRequest;
  const whole = Math.ceil(messages / atOnce) * atOnce;
  const plan: HttpPlan = { port, ca, messages: whole, bodyBytes, messagesPerRequest, clients: clients.slice(0, count) };
  return contestant(name, count, "http-load.ts", [write(plan)]);
}

/** Runs a generator in a process of its own and reads the JSON line it prints. */
async function run({ script, words }: Contestant): Promise<LoadResult> {
  const path = join(import.meta.dirname, script);
  const child = spawn(process.execPath, [path, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let output = "";
  for await (const chunk of child.stdout) output += chunk;
  const [code] = await ended;
  if (code !== 0) throw new Error(`${script} failed`);
  return JSON.parse(output) as LoadResult;
}

type Bases = { readonly natsMqtt: Contestant; readonly bare: Contestant };

function resultRow({ name, connections, results }: Contestant, durability: string, bases: Bases): string[] {
  const { messagesPerSecond, p50, p90, p99, max } = median(results);
  const ratioTo = ({ results: base }: Contestant) => (messagesPerSecond / median(base).messagesPerSecond).toFixed(2);
  return [
    name,
    durability,
    String(connections),
    Math.round(messagesPerSecond).toLocaleString("en"),
    ratioTo(bases.natsMqtt),
    ratioTo(bases.bare),
    ...[p50, p90, p99, max].map((ms) => ms.toFixed(1)),
  ];
}

/** The run with the middle rate. */
function median(results: readonly LoadResult[]): LoadResult {
  const sorted = results.toSorted((a, b) => a.messagesPerSecond - b.messagesPerSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("nothing was measured");
  return middle;
}
