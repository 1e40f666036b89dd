import { join } from "node:path";
import type { JetStreamJournal } from "../../adapters/nats/journal.ts";
import { rebuildInWorker } from "../../adapters/node/rebuild-in-worker.ts";
import { systemClock, systemIds } from "../../adapters/node/system.ts";
import type { EventMeta, RecordedEvent } from "../../core/events.ts";
import { createHistoryReader, type HistoryReader } from "../../core/history/history.ts";
import { createPastTwins, type PastTwins } from "../../core/history/past-twins.ts";
import { HubError } from "../../core/hub-error.ts";
import { twinDocument } from "../../core/twin/document.ts";
import { createTwins } from "../../core/twin/twins.ts";
import { createProjector } from "../../projections/projector.ts";
import { createReadModel } from "../../projections/read-model.ts";
import { openStore } from "../../projections/store.ts";
import { type Fact, record, timeOf } from "../support/events.ts";
import { mixedFacts } from "../support/mixed-events.ts";
import { openBenchJournal } from "./bench-journal.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/**
 * Fills a journal with the lives of many devices, and looks into their past at random: twins as of a time, pages of their
 * histories, and all that one request or connection caused. One reader, one question after the other. Returns a line each.
 */
export async function measureTimeTravel(quick: boolean): Promise<readonly string[]> {
  await using scope = new AsyncDisposableStack();
  const { journal, folder } = await openBenchJournal(scope);

  const [count, devices] = quick ? [100_000, 1_000] : [1_000_000, 10_000];
  const correlationIds = await fill(journal, count, devices);
  const file = join(folder, "views.db");
  await rebuildInWorker({ file, journal });
  const { store } = openStore(file);
  scope.defer(() => store.close());
  const readModel = createReadModel(store, createProjector({ store, onError: () => {} }));
  const twins = createTwins({ journal, readModel, clock: systemClock(), ids: systemIds });
  const past = createPastTwins({ journal, readModel, twins });
  const history = createHistoryReader({
    journal,
    readModel,
    telemetryHistory: { find: async () => ({ messages: [] }) },
  });
  const asked = { past, history, count, devices, correlationIds, questions: quick ? 500 : 3_000 };
  return [`${count} events of ${devices} devices, one reader:`, ...(await ask(asked))];
}

type Asked = {
  readonly past: PastTwins;
  readonly history: HistoryReader;
  readonly count: number;
  readonly devices: number;
  readonly correlationIds: readonly string[];
  readonly questions: number;
};

async function ask({ past, history, count, devices, correlationIds, questions }: Asked): Promise<readonly string[]> {
  const device = (): string => `device-${String(randomBelow(devices)).padStart(6, "0")}`;
  const asOf = await timed(questions, async () => {
    const time = timeOf(randomBelow(count));
    const { view } = await past.at({ deviceId: device() }, { kind: "time", time });
    twinDocument(view);
  });
  const page = await timed(questions, async () => {
    await history.page({ deviceId: device(), from: timeOf(randomBelow(count)), limit: 100 });
  });
  const last = await timed(questions, () => history.page({ deviceId: device(), descending: true, limit: 100 }));
  const caused = await timed(questions, () =>
    history.correlated(correlationIds[randomBelow(correlationIds.length)] ?? "", { limit: 100 }),
  );
  return [
    `  twin as of a time: ${asOf}`,
    `  page of 100 events from a time on: ${page}; the last 100: ${last}`,
    `  all that one request or connection caused: ${caused}`,
  ];
}

const randomBelow = (limit: number): number => Math.floor(Math.random() * limit);

/** Asks so many questions, the first hundred for nothing, and tells how long they took. */
async function timed(questions: number, question: () => Promise<unknown>): Promise<string> {
  const latencies = new LatencyHistogram();
  for (let asked = -100; asked < questions; asked += 1) {
    const started = performance.now();
    try {
      await question();
    } catch (error) {
      // The device was not there yet, or not any more: an answer like any other.
      if (!(error instanceof HubError && error.reason === "DeviceNotFound")) throw error;
    }
    if (asked >= 0) latencies.record(performance.now() - started);
  }
  const [p50, p99] = [latencies.quantile(0.5), latencies.quantile(0.99)];
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}

/** Writes the events, with actors and correlation ids as a hub has them. Returns some of the ids. */
async function fill(journal: JetStreamJournal, count: number, devices: number): Promise<readonly string[]> {
  const connections = new Map<string, string>();
  const some: string[] = [];
  const withCause = ({ key, event, meta }: RecordedEvent) => {
    const isOwn = event.type === "TwinReportedPatched" || key.aggregate === "connection";
    if (event.type === "DeviceConnected") connections.set(key.id, crypto.randomUUID());
    const correlationId = (isOwn ? connections.get(key.id) : undefined) ?? crypto.randomUUID();
    if (some.length < 1000 || Math.random() < 0.001) some.push(correlationId);
    const actor: EventMeta["actor"] = isOwn ? { kind: "device", deviceId: key.id } : meta.actor;
    return journal.append(key, { event, meta: { ...meta, actor, correlationId } });
  };
  let [first, chunk] = [1, [] as Fact[]];
  for (const fact of mixedFacts(count, devices)) {
    chunk.push(fact);
    if (chunk.length < 1000 && first + chunk.length <= count) continue;
    await Promise.all(record(chunk, first).map(withCause));
    first += chunk.length;
    chunk = [];
  }
  return some;
}
