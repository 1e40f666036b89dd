import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import pino from "pino";
import { connectNats } from "../../adapters/nats/connect.ts";
import { createTelemetryLog } from "../../adapters/nats/telemetry-log.ts";
import { spawnHub } from "../support/hub-process.ts";
import { scratchFolder } from "./servers.ts";

const reader = join(import.meta.dirname, "event-reader.ts");
const run = promisify(execFile);
const devices = 100;
const partitions = 4;
const bodyBytes = 256;
const rounds = 3;
const hub = "twinstream";

/**
 * How fast `EventHubConsumerClient` reads a backlog through the built-in endpoint, over TLS, beside an ordered consumer of
 * nats.js over the same streams; each in a process of its own, the median of three rounds. Returns a line.
 */
export async function measureEventReads(quick: boolean): Promise<string> {
  await using scope = new AsyncDisposableStack();
  const running = await spawnHub({ dataFolder: scratchFolder(scope) });
  scope.defer(() => running.stop("SIGTERM"));
  const variable = (name: string): string => running.variables.get(name) ?? "";
  const total = quick ? 20_000 : 100_000;
  const counts = await store(variable("NATS_URL"), total);
  const streams = Array.from(counts, ([stream, count]) => `${stream}=${count}`).join(",");
  const environment = { ...process.env, ...Object.fromEntries(running.variables) };
  const rateOf = async (...words: readonly string[]): Promise<number> => {
    const { stdout } = await run(process.execPath, [reader, ...words], { env: environment });
    return total / (JSON.parse(stdout) as { seconds: number }).seconds;
  };
  const rates = { sdk: [] as number[], nats: [] as number[], decoded: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    rates.nats.push(await rateOf("nats", streams));
    rates.sdk.push(await rateOf("sdk", `${total}`));
    rates.decoded.push(await rateOf("decoded", streams));
  }
  const [sdk, nats, decoded] = [median(rates.sdk), median(rates.nats), median(rates.decoded)];
  const ratio = (other: number): string => (sdk / other).toFixed(2);
  return [
    `built-in endpoint: @azure/event-hubs reads ${shown(sdk)}/s of ${total} events, none missing or out of order;`,
    `a bare NATS consumer ${shown(nats)}/s (ratio ${ratio(nats)}),`,
    `one that decodes headers and JSON, as the SDK does, ${shown(decoded)}/s (ratio ${ratio(decoded)})`,
  ].join(" ");
}

/** Stores telemetry as the hub does, without devices. Returns how many events are in which stream. */
async function store(url: string, total: number): Promise<ReadonlyMap<string, number>> {
  const log = pino({ level: "silent" });
  const nc = await connectNats({ url, name: "bench", log });
  try {
    using telemetry = createTelemetryLog({ nc, hub, partitions, log });
    const senders = Array.from({ length: devices }, (_, index) => {
      const deviceId = `bench-${index}`;
      const authMethod = '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}';
      return telemetry.open({ deviceId, generationId: "638000000000000000", authMethod, connectionId: `c${index}` });
    });
    const properties = { system: {}, application: new Map<string, string>() };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let waiting = total;
    const stored = (error?: Error): void => {
      waiting -= 1;
      if (error !== undefined) reject(error);
      else if (waiting === 0) resolve();
    };
    for (let number = 0; number < total; number += 1) {
      const body = Buffer.from(JSON.stringify({ n: Math.floor(number / devices) }).padEnd(bodyBytes));
      if (senders[number % devices]?.send({ properties, body }, stored) === true) continue;
      await new Promise<void>((ready) => telemetry.whenReady(ready));
    }
    await promise;
    const manager = await nc.jetstreamManager();
    const infos = Array.from({ length: partitions }, (_, n) => manager.streams.info(`${hub.toUpperCase()}-D2C-${n}`));
    return new Map((await Promise.all(infos)).map(({ config, state }) => [config.name, state.messages]));
  } finally {
    await nc.close();
  }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const shown = (rate: number): string => Math.round(rate).toLocaleString("en");
