import type { IdentityKey } from "../actor.ts";
import type { JsonObject } from "../json.ts";
import type { TargetStatus } from "./chunk.ts";
import type { JobType } from "./job-event.ts";
import type { MethodResponse, TargetError } from "./target-outcome.ts";

/** What a job does on one target. Times are ISO 8601, UTC, milliseconds. */
export type DeviceJob = {
  readonly key: IdentityKey;
  readonly jobId: string;
  readonly jobType: JobType;
  readonly status: TargetStatus;
  readonly createdTime: string;
  readonly startTime: string | null;
  readonly endTime: string | null;
  readonly lastUpdatedTime: string;
  readonly response: MethodResponse | null;
  readonly error: TargetError | null;
};

/** A row of `devices.jobs` (spec/http-api 5). That modules have their id in it is unconfirmed. */
export function deviceJobDocument(row: DeviceJob): JsonObject {
  const { key, jobId, jobType, status, createdTime, startTime, endTime, lastUpdatedTime, response, error } = row;
  return {
    deviceId: key.deviceId,
    ...(key.moduleId !== undefined && { moduleId: key.moduleId }),
    jobId,
    jobType,
    status,
    ...(startTime !== null && { startTimeUtc: startTime }),
    ...(endTime !== null && { endTimeUtc: endTime }),
    createdDateTimeUtc: createdTime,
    lastUpdatedDateTimeUtc: lastUpdatedTime,
    ...(status === "completed" && { outcome: { deviceMethodResponse: response && { ...response } } }),
    ...(error !== null && { error: { ...error } }),
  };
}
