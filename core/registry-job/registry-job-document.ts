import type { JsonObject } from "../json.ts";
import type { RegistryJobInput } from "./parse-registry-job.ts";
import type { RegistryJob } from "./registry-job.ts";

/**
 * A job as back ends see it (spec/http-api 2.6). Containers are shown without their signatures. When IoT Hub takes
 * `startTimeUtc` from is unconfirmed: here it is the creation.
 */
export function registryJobDocument(job: RegistryJob): JsonObject {
  const { jobId, createdTime, endTime, status, progress, failureReason, work } = job;
  return {
    jobId,
    startTimeUtc: createdTime,
    ...(endTime !== null && { endTimeUtc: endTime }),
    type: work.type,
    status,
    progress,
    outputBlobContainerUri: work.outputContainer,
    excludeKeysInExport: work.type === "export" && work.excludeKeys,
    includeConfigurations: work.configurationsBlobName !== null,
    storageAuthenticationType: "keyBased",
    useSecondaryStorageAsSource: false,
    ...(failureReason !== null && { failureReason }),
  };
}

/** The answer to a job's creation, the only one that has the container URIs, as its creator sent them. */
export const createdRegistryJobDocument = (job: RegistryJob, input: RegistryJobInput): JsonObject => ({
  ...registryJobDocument(job),
  ...(input.type === "import" && { inputBlobContainerUri: input.inputUri }),
  outputBlobContainerUri: input.outputUri,
});
