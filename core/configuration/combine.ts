import type { ConfigureTwin } from "../twin/configure.ts";
import type { DeployedContent } from "../twin/deploy.ts";
import type { Author } from "../twin/metadata.ts";
import type { ConfigurationStatus, TwinConfigurations } from "../twin/twin.ts";
import { byStrength, type Configuration } from "./configuration.ts";
import { type Contribution, mergeParts } from "./merge-parts.ts";
import { type DesiredPart, membersFor, partsOf } from "./parts.ts";

/** What configurations of devices, or of plain modules, come to on a twin that they all target. */
export function combineForTwin(configurations: readonly Configuration[]): ConfigureTwin {
  const strongestFirst = configurations.toSorted(byStrength);
  const contributions = strongestFirst.map(({ id, digest, content }) => ({
    author: { configurationId: id, digest },
    parts: partsOf(content.members),
  }));
  const { wanted, applied } = mergeParts(contributions);
  return {
    configurations: statuses(strongestFirst, applied),
    byStrength: strongestFirst.map(({ id }) => id).toReversed(),
    wanted,
  };
}

/** What deployments come to on an IoT Edge device that they all target. */
export type CombinedDeployment = {
  readonly configurations: TwinConfigurations;
  /** What each module gets; none when nothing is to be deployed. */
  readonly modules: ReadonlyMap<string, DeployedContent>;
};

/**
 * Combines deployments: the strongest that is no layer is the base, and the layers that are stronger lie upon it; all others
 * are outranked. Without a base layers lie upon nothing and are not applied (IoT Edge docs: understand IoT Edge automatic
 * deployments). A layer is a deployment that puts parts into what `$edgeAgent` or `$edgeHub` get, and does not say all
 * that `$edgeAgent` gets.
 */
export function combineDeployments(configurations: readonly Configuration[]): CombinedDeployment {
  const strongestFirst = configurations.toSorted(byStrength);
  const base = strongestFirst.findIndex((configuration) => !isLayer(configuration));
  const chosen = strongestFirst.slice(0, base + 1);
  const applied = new Set(chosen.map(({ id }) => id));
  const digest = chosen.map((each) => each.digest).join(".");
  const moduleIds = new Set(chosen.flatMap(({ content }) => Object.keys(content.members)));
  const modules = new Map<string, DeployedContent>();
  for (const moduleId of moduleIds) modules.set(moduleId, contentFor(moduleId, chosen, digest));
  return { configurations: statuses(strongestFirst, applied), modules };
}

function contentFor(moduleId: string, chosen: readonly Configuration[], digest: string): DeployedContent {
  const contributions = chosen.flatMap(({ id, content }): readonly Contribution[] => {
    const members = membersFor(content.members, moduleId);
    const author: Author = { configurationId: id, digest };
    return members === undefined ? [] : [{ author, parts: partsOf(members), closes: true }];
  });
  return {
    wanted: mergeParts(contributions).wanted,
    replaces: contributions.some(({ parts }) => parts.some(isWhole)),
    byStrength: contributions.map(({ author }) => author.configurationId).toReversed(),
    digest,
  };
}

const isWhole = ({ path }: DesiredPart): boolean => path.length === 0;

function isLayer({ content }: Configuration): boolean {
  const [agent, hub] = ["$edgeAgent", "$edgeHub"].map((id) => partsOf(membersFor(content.members, id) ?? {}));
  const hasPart = [agent, hub].some((parts) => parts?.some((part) => !isWhole(part)));
  return hasPart && agent?.some(isWhole) !== true;
}

/** How each configuration stands, in the order of their ids, so that the same configurations always look the same. */
function statuses(configurations: readonly Configuration[], applied: ReadonlySet<string>): TwinConfigurations {
  const statusOf = (id: string): ConfigurationStatus => (applied.has(id) ? "Applied" : "Targeted");
  const ids = configurations.map(({ id }) => id).sort();
  return Object.fromEntries(ids.map((id) => [id, { status: statusOf(id) }]));
}
