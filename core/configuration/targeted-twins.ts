import type { IdentityKey } from "../events.ts";
import { isSystemModule } from "../identity/system-module.ts";
import type { ConfiguredTwin, ReadModel } from "../ports.ts";
import type { Queries } from "../queries.ts";
import type { Configuration } from "./configuration.ts";
import { effectiveTarget } from "./system-metrics.ts";
import { compareTwins, TwinCursor } from "./twin-cursor.ts";

/** A twin that configurations target, or did so before. */
export type TargetedTwin = {
  readonly key: IdentityKey;
  /** Those that target it now, in no order. */
  readonly targetedBy: readonly Configuration[];
  /** What the twin has of configurations; undefined when it has nothing. */
  readonly configured: ConfiguredTwin | undefined;
};

/** What the list is read from. */
export type TargetedTwinsDeps = {
  readonly readModel: Pick<ReadModel, "configuredTwins">;
  readonly queries: Pick<Queries, "targets">;
};

/** The module of an IoT Edge device whose twin keeps the account of deployments (spec/query-language 3). */
export const accountModule = "$edgeAgent";

/**
 * Goes through all twins that are targeted, or were, in order and each once: the list of each configuration, and that of the
 * twins that have any, are all in this order, so that a page of each is all that is in memory. A deployment's devices stand
 * in it as their `$edgeAgent`. Throws what the queries throw.
 */
export async function* targetedTwins(
  { readModel, queries }: TargetedTwinsDeps,
  configurations: readonly Configuration[],
): AsyncGenerator<readonly TargetedTwin[], void, void> {
  const configured = new TwinCursor<ConfiguredTwin>((window) => readModel.configuredTwins(window));
  const targets = configurations.flatMap((configuration) => {
    const condition = effectiveTarget(configuration);
    return condition === undefined ? [] : [new Targets(configuration, condition, queries)];
  });
  const cursors = [configured, ...targets.map(({ cursor }) => cursor)];
  for (;;) {
    // One after the other: a hundred lists at once would keep everybody else's queries waiting.
    for (const cursor of cursors) if (cursor.isThrough) await cursor.turn();
    const twins: TargetedTwin[] = [];
    let twin: TargetedTwin | undefined;
    do {
      twin = nextTwin(configured, targets);
      if (twin !== undefined) twins.push(twin);
    } while (twin !== undefined && !cursors.some((cursor) => cursor.isThrough));
    if (twins.length > 0) yield twins;
    if (twin === undefined) return;
  }
}

/** The twins that one configuration targets. */
class Targets {
  readonly configuration: Configuration;
  readonly cursor: TwinCursor;

  constructor(configuration: Configuration, condition: string, queries: TargetedTwinsDeps["queries"]) {
    this.configuration = configuration;
    this.cursor = new TwinCursor((window) => queries.targets(condition, window));
  }

  /** The present twin, as far as the page goes. */
  get present(): IdentityKey | undefined {
    const key = this.cursor.present;
    return key && this.configuration.content.kind === "modulesContent"
      ? { deviceId: key.deviceId, moduleId: accountModule }
      : key;
  }
}

/** Takes the first twin off all lists that it heads. */
function nextTwin(configured: TwinCursor<ConfiguredTwin>, targets: readonly Targets[]): TargetedTwin | undefined {
  let first: IdentityKey | undefined = configured.present;
  for (const { present } of targets) {
    if (present !== undefined && (first === undefined || compareTwins(present, first) < 0)) first = present;
  }
  if (first === undefined) return undefined;
  const { deviceId, moduleId } = first;
  const key = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
  const isFirst = (each: IdentityKey | undefined) => each !== undefined && compareTwins(each, key) === 0;
  const own = isFirst(configured.present) ? configured.present : undefined;
  if (own !== undefined) configured.advance();
  const targetedBy: Configuration[] = [];
  for (const target of targets) {
    if (!isFirst(target.present)) continue;
    target.cursor.advance();
    if (counts(target.configuration, moduleId)) targetedBy.push(target.configuration);
  }
  return { key, targetedBy, configured: own };
}

/** What IoT Edge deployments configure is not for others: the content of plain modules leaves the system modules alone. */
const counts = ({ content }: Configuration, moduleId: string | undefined): boolean =>
  content.kind !== "moduleContent" || moduleId === undefined || !isSystemModule(moduleId);
