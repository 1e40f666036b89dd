import type { Collection } from "./ast.ts";

/** The names that a document has at one level, by their lower case, and what lies below all other names. */
type Level = { readonly names: ReadonlyMap<string, Field>; readonly others?: Level };
type Field = { readonly name: string; readonly below?: Level };

const level = (fields: readonly Field[], others?: Level): Level => ({
  names: new Map(fields.map((field) => [field.name.toLowerCase(), field])),
  ...(others && { others }),
});
const leaves = (...names: readonly string[]): Field[] => names.map((name) => ({ name }));

/** `$metadata` repeats the shape of what it is about, with its own names at every level. */
const metadata: { names: Level["names"]; others?: Level } = level(leaves("$lastUpdated", "$lastUpdatedVersion"));
metadata.others = metadata;

const section = level([{ name: "$version" }, { name: "$metadata", below: metadata }]);

/** The fields of a twin (spec/query-language 3). What lies below `tags` and the sections is users' data. */
const twin = level([
  ...leaves("deviceId", "moduleId", "etag", "deviceEtag", "status", "statusReason", "statusUpdateTime"),
  ...leaves("connectionState", "lastActivityTime", "cloudToDeviceMessageCount", "authenticationType"),
  ...leaves("version", "modelId", "deviceScope", "parentScopes", "tags"),
  { name: "x509Thumbprint", below: level(leaves("primaryThumbprint", "secondaryThumbprint")) },
  { name: "capabilities", below: level(leaves("iotEdge")) },
  {
    name: "properties",
    below: level([
      { name: "desired", below: section },
      { name: "reported", below: section },
    ]),
  },
  { name: "configurations", below: level([], level(leaves("status"))) },
]);

/** The fields of a job on a device (spec/query-language 3). */
const job = level([
  ...leaves("deviceId", "jobId", "jobType", "status", "startTimeUtc", "endTimeUtc"),
  ...leaves("createdDateTimeUtc", "lastUpdatedDateTimeUtc"),
  { name: "outcome", below: level(leaves("deviceMethodResponse")) },
]);

/** Other names that clients use for a field, in lower case (spec/query-language 3; `statusUpdatedTime` is unconfirmed). */
const twinAliases: ReadonlyMap<string, string> = new Map([
  ["id", "deviceId"],
  ["statusupdatedtime", "statusUpdateTime"],
]);
const jobAliases: ReadonlyMap<string, string> = new Map([
  ["id", "deviceId"],
  ["createdtimeutc", "createdDateTimeUtc"],
]);

/**
 * Gives the fields of a document their own names whatever the case they are written in: `DeviceID` is `deviceId`. Keys of
 * users stay as they are, for those are case-sensitive (spec/query-language 7).
 */
export function canonicalSteps(steps: readonly string[], collection: Collection): string[] {
  const ofJobs = collection === "devices.jobs";
  const alias = (ofJobs ? jobAliases : twinAliases).get((steps[0] ?? "").toLowerCase());
  let names: Level | undefined = ofJobs ? job : twin;
  return steps.map((step, index) => {
    const field: Field | undefined = names?.names.get((index === 0 && alias ? alias : step).toLowerCase());
    names = field ? field.below : names?.others;
    return field?.name ?? step;
  });
}

/** Whether a name, in any case, is a field of twins that jobs lack. */
export function isTwinFieldOnly(name: string): boolean {
  const key = name.toLowerCase();
  return twin.names.has(key) && !job.names.has(key);
}
