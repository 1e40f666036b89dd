import type { RequestContext } from "../identity/registry.ts";
import type { ReadModel } from "../ports.ts";
import type { Queries } from "../queries.ts";
import { sameJson } from "../same-json.ts";
import type { ConfigureTwin } from "../twin/configure.ts";
import { combineDeployments, combineForTwin } from "./combine.ts";
import type { Configuration } from "./configuration.ts";
import { type DeployDeps, deployModules, deploymentOrders, isDeploymentDue } from "./deploy-modules.ts";
import { accountModule, type TargetedTwin, targetedTwins } from "./targeted-twins.ts";
import { changesTwin, orderTwin, type TwinOrder } from "./write-twin.ts";
import { WriteWindow } from "./write-window.ts";

/** What a pass needs. */
export type PassDeps = DeployDeps & {
  readonly readModel: Pick<ReadModel, "configurations" | "configuredTwins">;
  readonly queries: Pick<Queries, "targets">;
  readonly nodeId: string;
};

/**
 * Goes once through all twins that configurations target or targeted, and writes those that are not as they should be. It
 * may be run by two nodes at once, or ended half way: each write is decided by the twin as it is then. Ends early, without
 * an error, after `signal`. Throws what the queries throw, and HubError `ServiceUnavailable`.
 */
export type Pass = (signal: AbortSignal) => Promise<void>;

/**
 * Makes the passes of one node. They remember how the configurations were at the last pass that went through: a twin whose
 * account agrees with them, and whose desired properties nobody else wrote since, need not be looked at.
 */
export function createPass(deps: PassDeps): Pass {
  const { readModel, ids, nodeId } = deps;
  let passed: ReadonlyMap<string, string> = new Map();
  return async (signal) => {
    const configurations = readModel.configurations();
    const versions = new Map(configurations.map((each) => [each.id, `${each.createdTime} ${each.etag}`]));
    const isChanged = (id: string): boolean => versions.get(id) !== passed.get(id);
    const combine = rememberingCombine();
    const context: RequestContext = { actor: { kind: "hub", nodeId }, correlationId: ids.uuid() };
    const writes = new WriteWindow();
    for await (const twins of targetedTwins(deps, configurations)) {
      if (signal.aborted) return writes.end();
      for (const twin of twins) {
        const write = writeFor(deps, twin, { combine, isChanged });
        if (write !== undefined) await writes.begin(() => write(context));
      }
    }
    await writes.end();
    passed = versions;
  };
}

type Combine = (configurations: readonly Configuration[]) => ConfigureTwin;
type Known = { readonly combine: Combine; readonly isChanged: (id: string) => boolean };
type Write = (context: RequestContext) => Promise<void>;

/** What is to be written for a twin; undefined when it is as it should be. */
function writeFor(deps: PassDeps, { key, targetedBy, configured }: TargetedTwin, known: Known): Write | undefined {
  if (key.moduleId === accountModule) {
    const orders = deploymentOrders(key.deviceId, combineDeployments(targetedBy));
    return isDeploymentDue(deps, key.deviceId, orders) ? (context) => deployModules(deps, orders, context) : undefined;
  }
  const data = known.combine(targetedBy);
  if (configured !== undefined && isSettled(configured, data, known)) return undefined;
  const order: TwinOrder = { type: "ConfigureTwin", data };
  return changesTwin(deps, key, order) ? (context) => orderTwin(deps, key, order, context) : undefined;
}

/** Whether the last write of the desired properties was by these same configurations. */
function isSettled(
  { configurations, desiredAuthor }: NonNullable<TargetedTwin["configured"]>,
  wanted: ConfigureTwin,
  { isChanged }: Known,
): boolean {
  if (desiredAuthor === undefined || !Object.hasOwn(configurations, desiredAuthor)) return false;
  return sameJson(configurations, wanted.configurations) && !Object.keys(configurations).some(isChanged);
}

/** Sets of configurations that are kept: most fleets have few, and a set can be as large as all content. */
const mostCombined = 32;

/** Combines each set of configurations once. */
function rememberingCombine(): Combine {
  const known = new Map<string, ConfigureTwin>();
  return (configurations) => {
    // No id holds a line feed.
    const set = configurations.map(({ id }) => id).join("\n");
    const found = known.get(set);
    if (found !== undefined) return found;
    if (known.size >= mostCombined) known.clear();
    const combined = combineForTwin(configurations);
    known.set(set, combined);
    return combined;
  };
}
