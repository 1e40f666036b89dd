import type { AggregateKey } from "../events.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute, type Loaded } from "../journal/execute.ts";
import type { Clock, Ids, Journal, ReadModel, Secrets } from "../ports.ts";
import { type AccessEvent, defaultPolicies, type SharedAccessPolicy } from "./policies.ts";

/** What the first start needs. */
export type BootstrapDeps = {
  readonly journal: Pick<Journal, "append">;
  readonly readModel: Pick<ReadModel, "policies" | "applied">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Pick<Secrets, "generateKey" | "seal">;
  readonly nodeId: string;
};

/** The journal's stream of the hub's access rules. */
const accessStream: AggregateKey = { aggregate: "hub", id: "access" };

/**
 * Gives a new hub its five default policies with fresh keys. Of several nodes that start at once one does it, the
 * others wait until they see what it wrote. Resolves, with the policies in the local views, to whether this node was
 * the one. Throws HubError `ServiceUnavailable`.
 */
export async function ensurePolicies(deps: BootstrapDeps): Promise<boolean> {
  const { journal, readModel, clock, ids, nodeId } = deps;
  const load = (): Loaded<readonly SharedAccessPolicy[] | undefined> => {
    const policies = readModel.policies();
    return { state: policies?.value, sequence: policies?.sequence ?? 0 };
  };
  const meta = newEventMeta({ clock, ids }, { actor: { kind: "hub", nodeId }, correlationId: nodeId });
  const decide = (policies: readonly SharedAccessPolicy[] | undefined): readonly AccessEvent[] =>
    policies === undefined ? [firstPolicies(deps, meta.time)] : [];
  const { events } = await execute({ journal, readModel, key: accessStream, load, decide, meta });
  return events.length > 0;
}

function firstPolicies({ secrets }: BootstrapDeps, at: string): AccessEvent {
  const newKey = (): string => secrets.seal(secrets.generateKey());
  const policies = defaultPolicies.map((policy) => ({ ...policy, primaryKey: newKey(), secondaryKey: newKey() }));
  return { type: "SharedAccessPoliciesSet", data: { policies, at } };
}
