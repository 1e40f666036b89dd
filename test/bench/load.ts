import { readFileSync } from "node:fs";
import { LatencyHistogram } from "./latency-histogram.ts";

/** What a run measured; latencies are from a message to its acknowledgement, in milliseconds. */
export type LoadResult = {
  readonly connectSeconds: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
};

/** What every generator needs to know, whatever its protocol. */
export type LoadPlan = { readonly port: number; readonly messages: number; readonly bodyBytes: number };

/** A connection that is logged in and sends its share of the messages when told to. */
export type LoadConnection = {
  /** Resolves when all of the `messages` are acknowledged; each latency is recorded. */
  run(messages: number, latencies: LatencyHistogram): Promise<void>;
  close(): void;
};

/** How many connections are opened at once. */
const atOnce = 64;

/**
 * What a load generator does, in a process of its own, `node <generator>.ts <plan.json>`: opens a connection for each of
 * the plan's entries, sends the messages over all of them, and prints one line of JSON.
 */
export async function generateLoad<Plan extends LoadPlan, Entry>(
  entriesOf: (plan: Plan) => readonly Entry[],
  open: (plan: Plan, entry: Entry) => Promise<LoadConnection>,
): Promise<void> {
  const plan = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Plan;
  const entries = entriesOf(plan);
  const opening = performance.now();
  const connections: LoadConnection[] = [];
  for (let first = 0; first < entries.length; first += atOnce) {
    const slice = entries.slice(first, first + atOnce);
    connections.push(...(await Promise.all(slice.map((entry) => open(plan, entry)))));
  }
  const started = performance.now();
  const latencies = new LatencyHistogram();
  await Promise.all(
    connections.map((connection, index) => {
      const share = Math.floor(plan.messages / connections.length);
      return connection.run(share + (index < plan.messages % connections.length ? 1 : 0), latencies);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const connection of connections) connection.close();
  report({ connectSeconds: (started - opening) / 1000, seconds, messages: plan.messages, latencies });
  process.exit(0);
}

/** Prints what was measured as one line of JSON, a LoadResult. */
export function report(measured: {
  readonly connectSeconds: number;
  readonly seconds: number;
  readonly messages: number;
  readonly latencies: LatencyHistogram;
}): void {
  const { connectSeconds, seconds, messages, latencies } = measured;
  const result: LoadResult = {
    connectSeconds,
    seconds,
    messagesPerSecond: messages / seconds,
    p50: latencies.quantile(0.5),
    p90: latencies.quantile(0.9),
    p99: latencies.quantile(0.99),
    max: latencies.quantile(1),
  };
  console.log(JSON.stringify(result));
}

/** The body of every message: JSON-like, of so many bytes. */
export const bodyOf = (bytes: number): Buffer =>
  Buffer.alloc(bytes, '{"temperature":21.5,"humidity":60.25,"sequence":123456} ');
