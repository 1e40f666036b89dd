import { HubError } from "../hub-error.ts";
import { shownId } from "../identity/load-identity.ts";
import { etagOf, nextEtag } from "../identity/version.ts";
import { sameJson } from "../same-json.ts";
import type {
  Configuration,
  ConfigurationDefinition,
  ConfigurationEvent,
  ConfigurationState,
  Measurement,
} from "./configuration.ts";
import { maxConfigurations } from "./limits.ts";
import type { ConfigurationInput } from "./parse-configuration.ts";

/** `now` is ISO 8601, UTC, milliseconds. */
type Meta = { readonly now: string };

/** What may be asked of a configuration's id. */
export type ConfigurationCommand =
  /** `count` is how many configurations there are, `digest` that of the content. */
  | {
      readonly type: "CreateConfiguration";
      readonly data: {
        readonly id: string;
        readonly input: ConfigurationInput;
        readonly digest: string;
        readonly count: number;
      };
      readonly meta: Meta;
    }
  /** `ifMatch` is `*` or an etag. */
  | {
      readonly type: "UpdateConfiguration";
      readonly data: { readonly id: string; readonly input: ConfigurationInput; readonly ifMatch: string };
      readonly meta: Meta;
    }
  /** Without `ifMatch` whatever its etag. */
  | {
      readonly type: "DeleteConfiguration";
      readonly data: { readonly id: string; readonly ifMatch?: string };
      readonly meta: Meta;
    }
  /** What was counted for the configuration as it was under this etag and creation time. */
  | {
      readonly type: "RecordMeasurement";
      readonly data: Pick<Configuration, "id" | "etag" | "createdTime"> & { readonly measurement: Measurement };
      readonly meta: Meta;
    };

/**
 * Decides about a configuration (spec/http-api 7): one event, or none for counts that are known or come too late. Throws
 * HubError `ConfigurationAlreadyExists`, `ConfigurationCountLimitExceeded`, `InvalidConfigurationContent`,
 * `ConfigurationNotFound`, `PreconditionFailed` or `CannotModifyImmutableConfigurationContent`.
 */
export function decideConfiguration(
  { type, data, meta }: ConfigurationCommand,
  state: ConfigurationState,
): readonly ConfigurationEvent[] {
  const { now: at } = meta;
  switch (type) {
    case "CreateConfiguration":
      return [created(data, at, state)];
    case "UpdateConfiguration": {
      const before = existing(data.id, state);
      checkEtag(before, data.ifMatch);
      const definition = updatedDefinition(before, data.input);
      return [{ type: "ConfigurationUpdated", data: { definition, etag: nextEtag(before.etag), at } }];
    }
    case "DeleteConfiguration":
      checkEtag(existing(data.id, state), data.ifMatch ?? "*");
      return [{ type: "ConfigurationDeleted", data: { id: data.id, at } }];
    case "RecordMeasurement":
      return measured(data, at, state);
  }
}

type Command<Type extends ConfigurationCommand["type"]> = Extract<ConfigurationCommand, { type: Type }>["data"];

function created(
  { id, input, digest, count }: Command<"CreateConfiguration">,
  at: string,
  state: ConfigurationState,
): ConfigurationEvent {
  if (state.status === "live") {
    throw new HubError("ConfigurationAlreadyExists", `A configuration with ID '${id}' already exists.`);
  }
  if (count >= maxConfigurations) {
    const rule = `A hub has ${maxConfigurations} configurations at most`;
    throw new HubError("ConfigurationCountLimitExceeded", rule);
  }
  const { content } = input;
  if (content === undefined) throw new HubError("InvalidConfigurationContent", "A configuration needs a content");
  const definition: ConfigurationDefinition = {
    id,
    schemaVersion: input.schemaVersion ?? null,
    labels: input.labels === undefined ? {} : input.labels,
    content,
    contentType: input.contentType ?? null,
    targetCondition: input.targetCondition ?? "",
    priority: input.priority ?? 0,
    metrics: input.metrics ?? {},
  };
  return { type: "ConfigurationCreated", data: { definition, digest, etag: etagOf(1), at } };
}

/**
 * Id and content never change, labels, condition, priority and metrics may (spec/twins-methods-jobs 12). Unconfirmed: what a
 * document leaves out stays as it is, since a fleet should not lose its configuration by silence; the schema version and the
 * content's type stay too.
 */
function updatedDefinition(before: Configuration, input: ConfigurationInput): ConfigurationDefinition {
  const { id, schemaVersion, content, contentType } = before;
  if (input.content !== undefined && !sameContent(input.content, content)) {
    const text = "The content of a configuration can't be changed after its creation";
    throw new HubError("CannotModifyImmutableConfigurationContent", text);
  }
  return {
    id,
    schemaVersion,
    labels: input.labels === undefined ? before.labels : input.labels,
    content,
    contentType,
    targetCondition: input.targetCondition ?? before.targetCondition,
    priority: input.priority ?? before.priority,
    metrics: input.metrics ?? before.metrics,
  };
}

function measured(
  { id, etag, createdTime, measurement: { system, custom } }: Command<"RecordMeasurement">,
  at: string,
  state: ConfigurationState,
): readonly ConfigurationEvent[] {
  if (state.status === "absent") return [];
  const { configuration: present } = state;
  if (present.etag !== etag || present.createdTime !== createdTime) return [];
  if (sameJson(system, present.measured.system) && sameJson(custom, present.measured.custom)) return [];
  return [{ type: "ConfigurationMeasured", data: { id, system, custom, at } }];
}

type Content = ConfigurationDefinition["content"];

const sameContent = (a: Content, b: Content): boolean => a.kind === b.kind && sameJson(a.members, b.members);

/** The configuration that must be there. Throws HubError `ConfigurationNotFound`. */
export function existing(id: string, state: ConfigurationState): Configuration {
  if (state.status === "live") return state.configuration;
  throw new HubError("ConfigurationNotFound", `There is no configuration '${shownId(id)}'`);
}

function checkEtag({ id, etag }: Configuration, ifMatch: string): void {
  if (ifMatch === "*" || ifMatch === etag) return;
  throw new HubError("PreconditionFailed", `ETag mismatch for configuration ID '${id}'`);
}
