import type { AggregateKey } from "../events.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import {
  decideQueryIndexes,
  type IndexedPath,
  type NodeIndex,
  type QueryIndexCommand,
  type QueryIndexesState,
} from "./query-index.ts";

/** A change of one index. */
export type QueryIndexWrite = RequestContext & IndexedPath;

/** The indexes for queries. Every node makes those that operators ask for in its own views, soon after. */
export type QueryIndexes = {
  /** Those of this node: first what operators asked for, oldest first, then what queries were slow without. */
  list(): readonly NodeIndex[];
  /** Throws HubError `ArgumentInvalid`, `IotHubQuotaExceeded` and as `execute`. One that is there stays as it is. */
  create(write: QueryIndexWrite): Promise<void>;
  /** Throws HubError `GenericNotFound` and as `execute`. */
  delete(write: QueryIndexWrite): Promise<void>;
};

/** What the use cases are built from. */
export type QueryIndexesDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "queryIndexes" | "applied">;
  readonly nodeIndexes: () => readonly NodeIndex[];
  readonly clock: Clock;
  readonly ids: Ids;
};

/** The journal's stream of all indexes: one aggregate, since how many there are is one of its rules. */
const stream: AggregateKey = { aggregate: "hub", id: "query-indexes" };

/** Makes the use cases. */
export function createQueryIndexes(deps: QueryIndexesDeps): QueryIndexes {
  const { journal, readModel, clock } = deps;
  const record = async (type: QueryIndexCommand["type"], write: QueryIndexWrite): Promise<void> => {
    const { collection, path } = write;
    const meta = { now: clock.isoTime(clock.now()) };
    const decide = (indexes: QueryIndexesState) =>
      decideQueryIndexes({ type, data: { collection, path }, meta }, indexes);
    const load = () => {
      const { value: state, sequence } = readModel.queryIndexes();
      return { state, sequence };
    };
    await execute({ journal, readModel, key: stream, load, decide, meta: newEventMeta(deps, write) });
  };
  return {
    list: deps.nodeIndexes,
    create: (write) => record("CreateQueryIndex", write),
    delete: (write) => record("DeleteQueryIndex", write),
  };
}
