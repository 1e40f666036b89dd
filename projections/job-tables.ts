import { jsonPlace, nowhere, objectOf, type SqlPlace, type SqlSource, textColumn } from "../query/sql/source.ts";

/** The members of a row, in the order of `deviceJobDocument`. */
const jobMembers: readonly string[] = [
  ["deviceId", "moduleId", "jobId", "jobType", "status", "startTimeUtc", "endTimeUtc", "createdDateTimeUtc"],
  ["lastUpdatedDateTimeUtc", "outcome", "error"],
].flat();

/** The rows of `devices.jobs` (`deviceJobDocument` of core): what jobs do on each device or module. */
export const jobTables: SqlSource = {
  members: jobMembers,
  tables: () => ({
    place: placeAt,
    from: "jobTargets",
    where: [],
    key: ["jobTargets.deviceId", "jobTargets.moduleId", "jobTargets.jobId"],
  }),
};

function placeAt(steps: readonly string[]): SqlPlace {
  const [root = "", ...below] = steps;
  if (root === "outcome") return outcomePlace(below);
  if (root === "error") return errorPlace(below);
  return (below.length === 0 ? fields.get(root) : undefined) ?? nowhere;
}

const timeColumn = (column: string, whenNull?: "undefined"): SqlPlace => ({
  ...textColumn(column, whenNull),
  time: column,
});

const fields: ReadonlyMap<string, SqlPlace> = new Map([
  ["deviceId", textColumn("jobTargets.deviceId")],
  ["moduleId", textColumn("nullif(jobTargets.moduleId, '')", "undefined")],
  ["jobId", textColumn("jobTargets.jobId")],
  ["jobType", textColumn("jobTargets.jobType")],
  ["status", textColumn("jobTargets.status")],
  ["startTimeUtc", timeColumn("jobTargets.startTimeUtc", "undefined")],
  ["endTimeUtc", timeColumn("jobTargets.endTimeUtc", "undefined")],
  ["createdDateTimeUtc", timeColumn("jobTargets.createdDateTimeUtc")],
  ["lastUpdatedDateTimeUtc", timeColumn("jobTargets.lastUpdatedDateTimeUtc")],
]);

const isCompleted = "jobTargets.status = 'completed'";

/** Only what was completed has an outcome; that of a twin's update is null. */
function outcomePlace([member, ...below]: readonly string[]): SqlPlace {
  if (member === undefined) {
    return objectOf("json_object('deviceMethodResponse', json(jobTargets.response))", isCompleted);
  }
  if (member !== "deviceMethodResponse") return nowhere;
  return jsonPlace(`CASE WHEN ${isCompleted} THEN coalesce(jobTargets.response, jsonb('null')) END`, below);
}

function errorPlace([member, ...below]: readonly string[]): SqlPlace {
  const code = textColumn("jobTargets.errorCode", "undefined");
  const isThere = "jobTargets.errorCode IS NOT NULL";
  const description = textColumn(
    `CASE WHEN ${isThere} THEN coalesce(jobTargets.errorDescription, '') END`,
    "undefined",
  );
  if (member === undefined) {
    return objectOf(`json_object('code', ${code.value}, 'description', ${description.value})`, isThere);
  }
  if (below.length > 0) return nowhere;
  return member === "code" ? code : member === "description" ? description : nowhere;
}
