import { HubError } from "../hub-error.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import type { Queries } from "../queries.ts";
import type { Configuration, Counts } from "./configuration.ts";
import { decideConfiguration } from "./decide.ts";
import { configurationStream, loadConfiguration } from "./load-configuration.ts";
import { systemQueries } from "./system-metrics.ts";

/** What counting needs. */
export type MeasureDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "configurations" | "configuration" | "applied">;
  readonly queries: Pick<Queries, "count">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
};

/**
 * Counts the metrics of all configurations and records those that changed (spec/twins-methods-jobs 12). Ends early, without
 * an error, after `signal`. Throws as `execute`.
 */
export async function measureAll(deps: MeasureDeps, signal: AbortSignal): Promise<void> {
  const context: RequestContext = { actor: { kind: "hub", nodeId: deps.nodeId }, correlationId: deps.ids.uuid() };
  for (const configuration of deps.readModel.configurations()) {
    if (signal.aborted) return;
    await measure(deps, configuration, context);
  }
}

async function measure(deps: MeasureDeps, configuration: Configuration, context: RequestContext): Promise<void> {
  const { id, etag, createdTime, measured, metrics } = configuration;
  const measurement = {
    system: await countAll(deps, Object.entries(systemQueries(configuration)), measured.system),
    custom: await countAll(deps, Object.entries(metrics), measured.custom),
  };
  const meta = newEventMeta(deps, context);
  const data = { id, etag, createdTime, measurement };
  await execute({
    ...deps,
    key: configurationStream(id),
    load: () => loadConfiguration(deps.readModel, id),
    decide: (state) => decideConfiguration({ type: "RecordMeasurement", data, meta: { now: meta.time } }, state),
    meta,
  });
}

/** One after the other, since a count may go through all twins. A query that is none has no count. */
async function countAll(
  { queries }: MeasureDeps,
  texts: readonly (readonly [name: string, query: string])[],
  before: Counts,
): Promise<Counts> {
  const counts = new Map<string, number>();
  for (const [name, text] of texts) {
    const count = text === "" ? 0 : await countOf(queries, text, before[name]);
    if (count !== undefined) counts.set(name, count);
  }
  return Object.fromEntries(counts);
}

/** Where the views are too busy to count, the last count stays. */
async function countOf(
  queries: MeasureDeps["queries"],
  text: string,
  before: number | undefined,
): Promise<number | undefined> {
  try {
    return await queries.count(text);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return error.reason === "ServiceUnavailable" ? before : undefined;
  }
}
