import type { AggregateKey } from "../events.ts";
import type { RequestContext } from "../identity/registry.ts";
import { etagOf, firstEtagLimit } from "../identity/version.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import {
  type ConsumerGroup,
  type ConsumerGroupCommand,
  type ConsumerGroupsState,
  decideConsumerGroups,
  defaultGroup,
  findGroup,
  groupNotFound,
} from "./consumer-group.ts";

/** A change of one group, by its name in any case. */
export type ConsumerGroupWrite = RequestContext & { readonly name: string };

/** The consumer groups of the built-in endpoint (spec/messaging 3). Names are compared in any case. */
export type ConsumerGroups = {
  /** All of them: `$Default`, then the others by name. */
  list(): readonly ConsumerGroup[];
  /** Throws HubError `GenericNotFound`. */
  get(name: string): ConsumerGroup;
  /** Whether a reader may name this group. */
  exists(name: string): boolean;
  /**
   * Creates a group, or leaves the one that is there as it is. Throws HubError `ArgumentInvalid`, `IotHubQuotaExceeded`
   * and as `execute`.
   */
  create(write: ConsumerGroupWrite): Promise<ConsumerGroup>;
  /** Throws HubError `GenericNotFound`, `InvalidOperation` for `$Default`, and as `execute`. */
  delete(write: ConsumerGroupWrite): Promise<void>;
};

/** What the use cases are built from. */
export type ConsumerGroupsDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "consumerGroups" | "applied">;
  readonly clock: Clock;
  readonly ids: Ids;
};

/** The journal's stream of all groups: one aggregate, since how many there are is one of its rules. */
const stream: AggregateKey = { aggregate: "hub", id: "consumer-groups" };

/** Makes the use cases. */
export function createConsumerGroups(deps: ConsumerGroupsDeps): ConsumerGroups {
  const { readModel, clock, ids } = deps;
  const created = (): ConsumerGroupsState => readModel.consumerGroups().value;
  const get = (name: string): ConsumerGroup => {
    const found = findGroup(created(), name);
    if (found === undefined) throw groupNotFound(name);
    return found;
  };
  return {
    list: () => [defaultGroup, ...created().toSorted((a, b) => (a.name < b.name ? -1 : 1))],
    get,
    exists: (name) => findGroup(created(), name) !== undefined,
    async create(write) {
      const meta = { now: clock.isoTime(clock.now()), etag: etagOf(ids.randomInt(firstEtagLimit)) };
      await record(deps, write, { type: "CreateConsumerGroup", data: { name: write.name }, meta });
      return get(write.name);
    },
    async delete(write) {
      const meta = { now: clock.isoTime(clock.now()) };
      await record(deps, write, { type: "DeleteConsumerGroup", data: { name: write.name }, meta });
    },
  };
}

async function record(
  deps: ConsumerGroupsDeps,
  write: ConsumerGroupWrite,
  command: ConsumerGroupCommand,
): Promise<void> {
  const { journal, readModel } = deps;
  const load = () => {
    const { value: state, sequence } = readModel.consumerGroups();
    return { state, sequence };
  };
  const decide = (groups: ConsumerGroupsState) => decideConsumerGroups(command, groups);
  await execute({ journal, readModel, key: stream, load, decide, meta: newEventMeta(deps, write) });
}
