import type { JsonObject } from "../json.ts";
import { type Job, openCount } from "./job.ts";
import type { JobWork } from "./job-event.ts";

/**
 * A job as back ends see it (spec/http-api 6.2). What there is not is left out: the Java SDK takes no null. The counts are
 * there from the start on; IoT Hub's first docs have them at the end only.
 */
export function jobDocument(job: Job): JsonObject {
  const { jobId, jobType: type, queryCondition, createdTime, startTime, endTime, failureReason, run } = job;
  return {
    jobId,
    queryCondition,
    createdTime,
    startTime,
    ...(endTime !== null && { endTime }),
    maxExecutionTimeInSeconds: job.maxExecutionTimeInSeconds,
    type,
    ...workDocument(job),
    status: job.status,
    ...(failureReason !== null && { failureReason }),
    ...(run !== null && {
      deviceJobStatistics: {
        deviceCount: openCount(run) + run.counts.completed + run.counts.failed + run.counts.canceled,
        failedCount: run.counts.failed,
        succeededCount: run.counts.completed,
        runningCount: run.counts.running,
        pendingCount: run.counts.pending,
      },
    }),
  };
}

/** The answer to a job's creation (spec/http-api 6.1): always `queued`, also when it is to begin later. */
export const createdJobDocument = ({ jobId, jobType: type }: Job): JsonObject => ({ jobId, type, status: "queued" });

function workDocument(work: JobWork): JsonObject {
  switch (work.jobType) {
    case "scheduleUpdateTwin": {
      const { etag, tags, properties } = work.updateTwin;
      return {
        updateTwin: {
          etag,
          ...(tags !== undefined && { tags }),
          ...(properties !== undefined && { properties: { desired: properties.desired } }),
        },
      };
    }
    case "scheduleDeviceMethod":
      return { cloudToDeviceMethod: { ...work.cloudToDeviceMethod } };
  }
}
