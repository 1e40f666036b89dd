import { EventHubConsumerClient, earliestEventPosition } from "@azure/event-hubs";
import pino from "pino";
import { connectNats } from "../../adapters/nats/connect.ts";

/*
 * Reads all telemetry of a hub, in a process of its own, and prints the seconds from the first event to the last as JSON:
 *   event-reader.ts sdk <events>
 *   event-reader.ts nats|decoded <stream>=<events>,…
 * The hub is the one of the variables in `hub.env`.
 * `nats` takes the messages as they are; `decoded` reads headers and JSON too, which the SDK does for every event.
 */

const [mode = "", what = ""] = process.argv.slice(2);
const { EVENTHUB_CONNECTION_STRING: connectionString = "", NATS_URL: url = "" } = process.env;
console.log(JSON.stringify(mode === "sdk" ? await readWithSdk(Number(what)) : await readWithNats(streamsIn(what))));
process.exit(0);

function streamsIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split(",").map((part) => {
      const [stream = "", count = ""] = part.split("=");
      return [stream, Number(count)];
    }),
  );
}

/** Checks that every device's events are there once and in order: their bodies count from 0. */
async function readWithSdk(total: number): Promise<{ seconds: number }> {
  const client = new EventHubConsumerClient("$Default", connectionString);
  const seen = new Map<string, number>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let started = 0;
  let count = 0;
  client.subscribe(
    {
      processEvents: async (events) => {
        if (count === 0) started = performance.now();
        for (const { body, systemProperties } of events) {
          const deviceId = String(systemProperties?.["iothub-connection-device-id"]);
          const { n } = body as { n: number };
          if (n !== (seen.get(deviceId) ?? -1) + 1) reject(new Error(`${deviceId}: ${n} after ${seen.get(deviceId)}`));
          seen.set(deviceId, n);
        }
        count += events.length;
        if (count === total) resolve();
      },
      processError: async (error) => reject(error),
    },
    { startPosition: earliestEventPosition, maxBatchSize: 1_000, maxWaitTimeInSeconds: 1 },
  );
  await promise;
  return { seconds: (performance.now() - started) / 1_000 };
}

async function readWithNats(streams: ReadonlyMap<string, number>): Promise<{ seconds: number }> {
  const nc = await connectNats({ url, name: "bench", log: pino({ level: "silent" }) });
  const { consumers } = nc.jetstream();
  const reading = await Promise.all(
    Array.from(streams, async ([stream, count]) => {
      const consumer = await consumers.get(stream);
      return { messages: await consumer.consume({ max_messages: 1_000 }), count };
    }),
  );
  const started = performance.now();
  let bytes = 0;
  await Promise.all(
    reading.map(async ({ messages, count }) => {
      let left = count;
      for await (const message of messages) {
        bytes += message.data.length;
        if (mode === "decoded") bytes += Array.from(message.headers ?? []).length + Object.keys(message.json()).length;
        left -= 1;
        if (left === 0) break;
      }
    }),
  );
  if (bytes === 0) throw new Error("nothing was read");
  return { seconds: (performance.now() - started) / 1_000 };
}
