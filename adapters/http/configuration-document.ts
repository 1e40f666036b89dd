import type { Configuration } from "../../core/configuration/configuration.ts";
import { systemQueries } from "../../core/configuration/system-metrics.ts";
import type { JsonObject } from "../../core/json.ts";

/** A configuration as the service shows it, its members in the service's order (spec/http-api 7). */
export function configurationDocument(configuration: Configuration): JsonObject {
  const { content, contentType, measured, metrics } = configuration;
  return {
    id: configuration.id,
    schemaVersion: configuration.schemaVersion,
    labels: configuration.labels,
    content: { [content.kind]: content.members },
    ...(contentType !== null && { contentType }),
    targetCondition: configuration.targetCondition,
    createdTimeUtc: configuration.createdTime,
    lastUpdatedTimeUtc: configuration.lastUpdatedTime,
    priority: configuration.priority,
    systemMetrics: { results: measured.system, queries: systemQueries(configuration) },
    metrics: { results: measured.custom, queries: metrics },
    etag: configuration.etag,
  };
}
