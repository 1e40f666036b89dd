import type { ConfigurationDefinition, ConfigurationEvent } from "../../core/configuration/configuration.ts";
import type { IdentityKey } from "../../core/events.ts";
import type { JsonObject } from "../../core/json.ts";
import type { TwinConfigurations, TwinVersions, WrittenByConfiguration } from "../../core/twin/twin.ts";
import { bornVersions, dawn, type Fact } from "./events.ts";

type Configured = {
  readonly generationId?: string;
  readonly before?: TwinVersions;
  readonly desired?: JsonObject;
  readonly written?: readonly WrittenByConfiguration[];
  readonly deployment?: string;
};

/** What configurations did to a twin; by default it was just born. */
export function twinConfigured(
  { deviceId, moduleId }: IdentityKey,
  configurations: TwinConfigurations,
  { generationId = "1", before = bornVersions, ...content }: Configured = {},
): Fact {
  const desiredVersion = before.desiredVersion + (content.desired ? 1 : 0);
  const after = { ...before, version: before.version + 1, desiredVersion };
  return {
    key: { aggregate: "twin", id: deviceId, ...(moduleId !== undefined && { moduleId }) },
    event: { type: "TwinConfigured", data: { generationId, before, after, at: dawn, configurations, ...content } },
  };
}

const configurationFact = (id: string, event: ConfigurationEvent): Fact => ({
  key: { aggregate: "configuration", id },
  event,
});

const definitionOf = (id: string, changes: Partial<ConfigurationDefinition>): ConfigurationDefinition => ({
  id,
  schemaVersion: "1.0",
  labels: {},
  content: { kind: "deviceContent", members: { "properties.desired.x": 1 } },
  contentType: null,
  targetCondition: "*",
  priority: 0,
  metrics: {},
  ...changes,
});

export const configurationCreated = (id: string, changes: Partial<ConfigurationDefinition> = {}): Fact => {
  const definition = definitionOf(id, changes);
  return configurationFact(id, {
    type: "ConfigurationCreated",
    data: { definition, digest: "digest", etag: "MQ==", at: dawn },
  });
};

export const configurationUpdated = (id: string, changes: Partial<ConfigurationDefinition> = {}): Fact =>
  configurationFact(id, {
    type: "ConfigurationUpdated",
    data: { definition: definitionOf(id, changes), etag: "Mg==", at: dawn },
  });

export const configurationMeasured = (id: string, system: Readonly<Record<string, number>>): Fact =>
  configurationFact(id, { type: "ConfigurationMeasured", data: { id, system, custom: {}, at: dawn } });

export const configurationDeleted = (id: string): Fact =>
  configurationFact(id, { type: "ConfigurationDeleted", data: { id, at: dawn } });
