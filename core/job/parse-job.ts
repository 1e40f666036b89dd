import { utf8Length } from "../device-to-cloud/size.ts";
import { HubError } from "../hub-error.ts";
import { anyMember, choiceMember, invalidMember, type Members, membersOf } from "../identity/members.ts";
import { isId } from "../identity/parse-identity.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import { parseCall } from "../method/parse-call.ts";
import { checkSectionInput } from "../twin/limits.ts";
import type { JobTwinUpdate, JobWork } from "./job-event.ts";
import { defaultExecutionSeconds, maxConditionLength, maxExecutionSeconds, maxUpdateBytes } from "./limits.ts";

/** What the body of a job's creation says, its start time aside. */
export type JobInput = {
  readonly work: JobWork;
  readonly queryCondition: string;
  readonly maxExecutionTimeInSeconds: number;
};

const jobTypes = ["scheduleUpdateTwin", "scheduleDeviceMethod"] as const;

/** Where jobs are listed: a job of this id could not be asked for. */
const reservedId = "query";

/**
 * Checks the id of a job that is to be created. Throws HubError `ArgumentInvalid`. Which ids IoT Hub takes is unconfirmed:
 * here those that devices may have.
 */
export function checkJobId(jobId: string): void {
  if (isId(jobId) && jobId.toLowerCase() !== reservedId) return;
  const rule =
    "1 to 128 ASCII letters, digits and some punctuation are expected, no space and no slash, and not 'query'";
  throw new HubError("ArgumentInvalid", `The job id is not valid: ${rule}`);
}

/**
 * Reads the body of a job's creation (spec/http-api 6.2). Names of members count in any case. Throws HubError
 * `GenericBadRequest` for another type of job, `ArgumentNull` for what is missing or may not be null, `ArgumentInvalid` for
 * what can't be, `PreconditionFailed` for a condition that is too long, and as `parseCall`. Whether the condition is one is
 * found when the job begins, as in IoT Hub.
 */
export function parseJob(body: JsonObject, jobId: string): JobInput {
  const members = membersOf(body);
  const bodyId = anyMember(members, "jobId") ?? jobId;
  if (bodyId !== jobId) throw invalidMember("jobId", "it is not that of the path");
  return {
    work: workIn(members),
    queryCondition: conditionIn(members),
    maxExecutionTimeInSeconds: secondsIn(members),
  };
}

function workIn(members: Members): JobWork {
  const jobType = typeIn(members);
  switch (jobType) {
    case "scheduleUpdateTwin":
      return { jobType, updateTwin: updateIn(objectIn(members, "updateTwin")) };
    case "scheduleDeviceMethod":
      return { jobType, cloudToDeviceMethod: parseCall(objectIn(members, "cloudToDeviceMethod")) };
  }
}

/** The real service answers GenericBadRequest for types of the docs' older pages (spec/twins-methods-jobs 11). */
function typeIn(members: Members) {
  try {
    const type = choiceMember(members, "type", jobTypes);
    if (type !== undefined) return type;
  } catch (cause) {
    throw new HubError("GenericBadRequest", `The type of a job must be one of ${jobTypes.join(", ")}`, {}, { cause });
  }
  throw missing("type");
}

function objectIn(members: Members, name: string): JsonObject {
  const value = anyMember(members, name) ?? null;
  if (value === null) throw missing(name);
  if (!isJsonObject(value)) throw invalidMember(name, "an object is expected");
  return value;
}

/**
 * Jobs are forced updates, which the etag has to say (spec/twins-methods-jobs 11). Of a whole twin that is sent along, tags
 * and desired properties count.
 */
function updateIn(update: JsonObject): JobTwinUpdate {
  const members = membersOf(update);
  if (anyMember(members, "etag") !== "*") throw invalidMember("updateTwin.etag", '"*" is expected');
  const properties = anyMember(members, "properties") ?? {};
  if (!isJsonObject(properties)) throw invalidMember("updateTwin.properties", "an object is expected");
  const tags = sectionIn(members, "tags");
  const desired = sectionIn(membersOf(properties), "desired");
  const patch = {
    etag: "*",
    ...(tags !== undefined && { tags }),
    ...(desired !== undefined && { properties: { desired } }),
  } as const;
  if (utf8Length(JSON.stringify(patch)) <= maxUpdateBytes) return patch;
  throw invalidMember("updateTwin", `${maxUpdateBytes} bytes at most`);
}

function sectionIn(members: Members, name: string): JsonObject | null | undefined {
  const value = anyMember(members, name);
  if (value === undefined || value === null) return value;
  if (!isJsonObject(value)) throw invalidMember(`updateTwin: ${name}`, "an object is expected");
  return checkSectionInput(value, "remove");
}

function conditionIn(members: Members): string {
  const condition = anyMember(members, "queryCondition") ?? "";
  if (typeof condition !== "string") throw invalidMember("queryCondition", "a string is expected");
  if (condition.trim() === "") throw missing("queryCondition");
  if (condition.length <= maxConditionLength) return condition;
  // An odd error, but IoT Hub's own (azure-iot-sdk-csharp#1680).
  throw new HubError("PreconditionFailed", `A condition may have ${maxConditionLength} characters at most`);
}

/** Null is refused (azure-iot-sdk-node#847). The bounds are unconfirmed. */
function secondsIn(members: Members): number {
  const name = "maxExecutionTimeInSeconds";
  const value = anyMember(members, name);
  if (value === undefined) return defaultExecutionSeconds;
  if (value === null) throw missing(name);
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxExecutionSeconds) return value;
  throw invalidMember(name, `a whole number of seconds from 1 to ${maxExecutionSeconds} is expected`);
}

const missing = (name: string): HubError => new HubError("ArgumentNull", `'${name}' is missing`, { member: name });
