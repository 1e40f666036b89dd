import { HubError } from "../hub-error.ts";
import { anyMember, invalidMember, type Members, membersOf, textMember } from "../identity/members.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { ConfigurationContent, ConfigurationDefinition, MetricQueries } from "./configuration.ts";
import { parseContent } from "./content.ts";
import { maxCustomMetrics, maxLabelLength, maxLabels, maxMetricNameLength, maxQueryLength } from "./limits.ts";

/** What a caller's document says. Undefined is what it leaves open: a member that is null is said to be empty. */
export type ConfigurationInput = {
  readonly [Member in Exclude<keyof ConfigurationDefinition, "id">]: ConfigurationDefinition[Member] | undefined;
};

const maxTextLength = 128;

/**
 * Reads a configuration's document (spec/http-api 7); what the hub itself sets is ignored. Throws HubError
 * `ArgumentInvalid`, `InvalidConfigurationContent`, `InvalidConfigurationTargetCondition` and
 * `InvalidConfigurationCustomMetricsQuery`.
 */
export function parseConfiguration(body: JsonObject, id: string): ConfigurationInput {
  const members = membersOf(body);
  const idInBody = textMember(members, "id", maxTextLength) ?? id;
  if (idInBody !== id) throw new HubError("ArgumentInvalid", "The 'id' in the body is not the one in the path");
  return {
    schemaVersion: textMember(members, "schemaVersion", maxTextLength),
    labels: parseLabels(anyMember(members, "labels")),
    content: parseGivenContent(anyMember(members, "content")),
    contentType: textMember(members, "contentType", maxTextLength),
    targetCondition: parseTargetCondition(anyMember(members, "targetCondition")),
    priority: parsePriority(anyMember(members, "priority")),
    metrics: parseMetrics(anyMember(members, "metrics")),
  };
}

const idPattern = /^[a-z0-9!#$%'()*+,\-.:;=?@_`~]{1,128}$/;

/**
 * Checks the id of a configuration that is to be created. What IoT Hub enforces is unconfirmed: here all printable ASCII is
 * taken but capitals and what the documentation forbids (spec/twins-methods-jobs 12), and one name that JavaScript clients
 * trip over. Throws HubError `ArgumentInvalid`.
 */
export function checkConfigurationId(id: string): void {
  if (idPattern.test(id) && id !== "__proto__") return;
  const rule = `1 to 128 small letters, digits and punctuation are expected, no space and none of & ^ [ ] { } \\ | " < > /`;
  throw new HubError("ArgumentInvalid", `The id of the configuration is not valid, ${rule}`);
}

/** Metrics' queries by name, as a configuration or a test of them has it. An odd query is not refused: it counts nothing. */
export function parseQueries(value: Json | undefined): MetricQueries {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw invalidMetrics("queries must be a JSON object");
  const entries = Object.entries(value);
  if (entries.length > maxCustomMetrics) throw invalidMetrics(`${maxCustomMetrics} metrics at most`);
  return Object.fromEntries(entries.map(([name, query]) => [checkedName(name), checkedQuery(query)]));
}

function checkedName(name: string): string {
  if (name.length <= maxMetricNameLength) return name;
  throw invalidMetrics(`names have ${maxMetricNameLength} characters at most`);
}

function checkedQuery(query: Json): string {
  if (typeof query !== "string" || query.trim() === "") throw invalidMetrics("a query must be a text");
  if (query.length <= maxQueryLength) return query;
  throw invalidMetrics(`a query has ${maxQueryLength} characters at most`);
}

/** A condition as it was sent; null is the empty one, which targets nothing. */
export function parseTargetCondition(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "";
  if (typeof value === "string" && value.length <= maxQueryLength) return value;
  const rule = `a text of ${maxQueryLength} characters at most is expected`;
  throw new HubError("InvalidConfigurationTargetCondition", `Invalid target condition: ${rule}`);
}

const parseGivenContent = (value: Json | undefined): ConfigurationContent | undefined =>
  value === undefined || value === null ? undefined : parseContent(value);

function parseLabels(value: Json | undefined): JsonObject | null | undefined {
  if (value === undefined || value === null) return value;
  if (!isJsonObject(value)) throw invalidMember("labels", "an object is expected");
  const entries = Object.entries(value);
  if (entries.length > maxLabels) throw invalidMember("labels", `${maxLabels} labels at most`);
  for (const [name, text] of entries) {
    const isLabel = typeof text === "string" && text.length <= maxLabelLength && name.length <= maxLabelLength;
    if (!isLabel) throw invalidMember("labels", `names and texts of ${maxLabelLength} characters at most are expected`);
  }
  return value;
}

const maxPriority = 2_147_483_647;

/** Unconfirmed: any whole number of 32 bits is taken. */
function parsePriority(value: Json | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value === null) return 0;
  const isWhole = typeof value === "number" && Number.isInteger(value);
  if (isWhole && value >= -maxPriority - 1 && value <= maxPriority) return value;
  throw invalidMember("priority", "a whole number of 32 bits is expected");
}

/** Results are the hub's to give. */
function parseMetrics(value: Json | undefined): MetricQueries | undefined {
  if (value === undefined) return undefined;
  if (value === null) return {};
  if (!isJsonObject(value)) throw invalidMetrics("metrics must be a JSON object");
  const metrics: Members = membersOf(value);
  return parseQueries(anyMember(metrics, "queries"));
}

const invalidMetrics = (rule: string): HubError =>
  new HubError("InvalidConfigurationCustomMetricsQuery", `Invalid metrics: ${rule}`);
