import { HubError } from "../hub-error.ts";
import { anyMember, membersOf } from "../identity/members.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { execute } from "../journal/execute.ts";
import { createTurns } from "../journal/turns.ts";
import type { JsonObject } from "../json.ts";
import type { Secrets } from "../ports.ts";
import type { Queries } from "../queries.ts";
import { type ApplyContent, type ApplyDeps, createApplyContent } from "./apply-content.ts";
import type { Configuration, ContentKind } from "./configuration.ts";
import { type ConfigurationCommand, decideConfiguration, existing } from "./decide.ts";
import { maxConfigurations } from "./limits.ts";
import { configurationStream, loadConfiguration } from "./load-configuration.ts";
import { type MeasureDeps, measureAll } from "./measure.ts";
import {
  type ConfigurationInput,
  checkConfigurationId,
  parseConfiguration,
  parseQueries,
  parseTargetCondition,
} from "./parse-configuration.ts";
import { createPass, type PassDeps } from "./pass.ts";
import { targetsModules } from "./system-metrics.ts";

/** `body` is the document as it came; without `ifMatch`, which is `*` or an etag, the configuration is created. */
export type PutConfiguration = RequestContext & {
  readonly id: string;
  readonly body: JsonObject;
  readonly ifMatch?: string;
};
export type DeleteConfiguration = RequestContext & { readonly id: string; readonly ifMatch?: string };

/** What is wrong with a condition and with queries. The empty text, and the absence of a name, mean nothing is. */
export type QueriesTest = {
  readonly targetConditionError: string;
  readonly customMetricQueryErrors: Readonly<Record<string, string>>;
};

/** Automatic configurations (spec/twins-methods-jobs 12, spec/http-api 7). */
export type Configurations = {
  /** In the order of their ids. A `top` outside 1 to 100 counts as 100. */
  list(top: number): readonly Configuration[];
  /** Throws HubError `ConfigurationNotFound`. */
  get(id: string): Configuration;
  /**
   * Creates or updates. Throws as `parseConfiguration`, `checkConfigurationId`, `decideConfiguration` and `execute`, and
   * `InvalidConfigurationTargetCondition` for a condition that is none for the kind of content.
   */
  put(write: PutConfiguration): Promise<Configuration>;
  /** What the configuration set goes with the next pass. Throws as `decideConfiguration` and `execute`. */
  delete(removal: DeleteConfiguration): Promise<void>;
  /** Checks a condition and queries without a configuration. Throws as they are parsed. */
  testQueries(body: JsonObject): QueriesTest;
  readonly applyContent: ApplyContent;
  /** Applies all configurations to their twins, and counts their metrics. One node of the hub does so at a time. */
  pass(signal: AbortSignal): Promise<void>;
};

/** What the use cases are built from. */
export type ConfigurationsDeps = PassDeps &
  MeasureDeps &
  ApplyDeps & { readonly queries: Queries; readonly secrets: Pick<Secrets, "digest"> };

/** Makes the use cases. */
export function createConfigurations(deps: ConfigurationsDeps): Configurations {
  const { readModel } = deps;
  const turns = createTurns();
  const applyToTwins = createPass(deps);
  const get = (id: string): Configuration => existing(id, loadConfiguration(readModel, id).state);
  return {
    list: (top) => readModel.configurations().slice(0, top >= 1 && top <= maxConfigurations ? top : maxConfigurations),
    get,
    // In turns, so that what comes through one node never makes more than the hub may have.
    put: (write) => turns("put", () => put(deps, write)),
    async delete({ id, ifMatch, ...context }) {
      const data = { id, ...(ifMatch !== undefined && { ifMatch }) };
      await record(deps, context, id, (now) => ({ type: "DeleteConfiguration", data, meta: { now } }));
    },
    testQueries: (body) => testQueries(deps.queries, body),
    applyContent: createApplyContent(deps),
    async pass(signal) {
      await applyToTwins(signal);
      await measureAll(deps, signal);
    },
  };
}

async function put(deps: ConfigurationsDeps, { id, body, ifMatch, ...context }: PutConfiguration) {
  const { readModel, queries, secrets } = deps;
  const input = parseConfiguration(body, id);
  const before = readModel.configuration(id)?.value;
  const kind = (input.content ?? before?.content)?.kind;
  if (kind !== undefined && input.targetCondition !== before?.targetCondition) checkTarget(queries, kind, input);
  if (ifMatch === undefined) {
    checkConfigurationId(id);
    const digest = secrets.digest(JSON.stringify(input.content ?? null)).slice(0, digestLength);
    await record(deps, context, id, (now) => {
      const data = { id, input, digest, count: readModel.configurations().length };
      return { type: "CreateConfiguration", data, meta: { now } };
    });
  } else {
    await record(deps, context, id, (now) => ({
      type: "UpdateConfiguration",
      data: { id, input, ifMatch },
      meta: { now },
    }));
  }
  return existing(id, loadConfiguration(readModel, id).state);
}

/** Half of a digest is enough to tell contents apart, and every property that they write bears it. */
const digestLength = 32;

/** Has the configuration decide a command, and records it. */
async function record(
  deps: ConfigurationsDeps,
  context: RequestContext,
  id: string,
  command: (now: string) => ConfigurationCommand,
): Promise<void> {
  const meta = newEventMeta(deps, context);
  await execute({
    ...deps,
    key: configurationStream(id),
    load: () => loadConfiguration(deps.readModel, id),
    decide: (state) => decideConfiguration(command(meta.time), state),
    meta,
  });
}

/** An empty condition targets nothing, and is one of any kind (spec/twins-methods-jobs 12). */
function checkTarget(queries: Queries, kind: ContentKind, { targetCondition = "" }: ConfigurationInput): void {
  const fault = targetFault(queries, targetCondition, kind === "moduleContent");
  if (fault !== undefined) throw new HubError("InvalidConfigurationTargetCondition", fault);
}

function targetFault(queries: Queries, condition: string, isForModules: boolean): string | undefined {
  if (condition.trim() === "") return undefined;
  if (!isForModules) return faultOf(() => queries.check("deviceTarget", condition));
  if (!targetsModules(condition)) return "The condition for modules begins with: from devices.modules where";
  return faultOf(() => queries.check("moduleTarget", condition));
}

function testQueries(queries: Queries, body: JsonObject): QueriesTest {
  const members = membersOf(body);
  const condition = parseTargetCondition(anyMember(members, "targetCondition")) ?? "";
  const texts = Object.entries(parseQueries(anyMember(members, "customMetricQueries")));
  const faults = texts.flatMap(([name, text]) => {
    const fault = faultOf(() => queries.check("query", text));
    return fault === undefined ? [] : [[name, fault] as const];
  });
  return {
    targetConditionError: targetFault(queries, condition, targetsModules(condition)) ?? "",
    customMetricQueryErrors: Object.fromEntries(faults),
  };
}

/** The text of a refusal. */
function faultOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof HubError) return error.message;
    throw error;
  }
}
