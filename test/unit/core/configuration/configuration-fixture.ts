import type {
  Configuration,
  ConfigurationDefinition,
  ConfigurationEvent,
  ConfigurationState,
} from "../../../../core/configuration/configuration.ts";
import { evolveConfiguration } from "../../../../core/configuration/configuration.ts";
import { type ConfigurationCommand, decideConfiguration } from "../../../../core/configuration/decide.ts";
import type { ConfigurationInput } from "../../../../core/configuration/parse-configuration.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { specFor } from "../../../support/given.ts";

export const at1 = "2026-03-01T12:00:00.000Z";
export const at2 = "2026-03-02T12:00:00.000Z";

/** What a device configuration is made of, with what differs. */
export const definition = (changes: Partial<ConfigurationDefinition> = {}): ConfigurationDefinition => ({
  id: "c",
  schemaVersion: "1.0",
  labels: {},
  content: { kind: "deviceContent", members: { "properties.desired.x": 1 } },
  contentType: null,
  targetCondition: "*",
  priority: 0,
  metrics: {},
  ...changes,
});

/** A configuration that exists; its digest is that of its id. */
export const configuration = (changes: Partial<Configuration> = {}): Configuration => ({
  ...definition(changes),
  digest: `digest-${changes.id ?? "c"}`,
  etag: "MQ==",
  createdTime: at1,
  lastUpdatedTime: at1,
  measured: { system: {}, custom: {} },
  ...changes,
});

/** A device configuration that sets these properties. */
export const setting = (id: string, desired: JsonObject, changes: Partial<Configuration> = {}): Configuration =>
  configuration({ id, content: { kind: "deviceContent", members: { "properties.desired": desired } }, ...changes });

/** Runs a configuration's decider. */
export const given = specFor<ConfigurationCommand, ConfigurationEvent, ConfigurationState>({
  initial: () => ({ status: "absent" }),
  decide: decideConfiguration,
  evolve: evolveConfiguration,
});

/** A document that leaves everything open but what is given. */
export const input = (given: Partial<ConfigurationInput> = {}): ConfigurationInput => ({
  schemaVersion: undefined,
  labels: undefined,
  content: undefined,
  contentType: undefined,
  targetCondition: undefined,
  priority: undefined,
  metrics: undefined,
  ...given,
});

export const created = (changes: Partial<ConfigurationDefinition> = {}): ConfigurationEvent => ({
  type: "ConfigurationCreated",
  data: { definition: definition(changes), digest: "digest", etag: "MQ==", at: at1 },
});
