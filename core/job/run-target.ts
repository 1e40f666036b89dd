import type { IdentityKey } from "../events.ts";
import { HubError } from "../hub-error.ts";
import type { Methods } from "../method/methods.ts";
import type { Twins } from "../twin/twins.ts";
import type { Job } from "./job.ts";
import { deedId, jobCorrelation } from "./job-aggregate.ts";
import type { JobTwinUpdate } from "./job-event.ts";
import { maxDescription } from "./limits.ts";
import { type PastDeps, pastOutcome, unknownOutcome } from "./past-outcome.ts";
import type { TargetOutcome } from "./target-outcome.ts";

/** What deeds on targets are done with. */
export type TargetDeps = PastDeps & {
  readonly twins: Pick<Twins, "update">;
  readonly methods: Pick<Methods, "invokeOnce">;
};

/**
 * Does a job's work on one target, which nobody has begun as far as is known. `over` is aborted when the job is: nobody then
 * waits for a device to connect. Throws HubError `ServiceUnavailable` when it is not known what came of it, such as while the
 * journal is out of reach.
 */
export async function runTarget(
  deps: TargetDeps,
  { job, key, over }: { readonly job: Job; readonly key: IdentityKey; readonly over: AbortSignal },
): Promise<TargetOutcome> {
  const { createdBy: actor } = job;
  const deed = { ...key, actor, correlationId: jobCorrelation(job.jobId), eventId: deedId(job, key) };
  try {
    switch (job.jobType) {
      case "scheduleUpdateTwin":
        await deps.twins.update({ ...deed, ...sectionsOf(job.updateTwin) });
        return { ...key, status: "completed" };
      case "scheduleDeviceMethod": {
        const answer = await deps.methods.invokeOnce({ ...deed, body: job.cloudToDeviceMethod, signal: over });
        if (answer !== undefined) return { ...key, status: "completed", response: answer };
        // Another node has called it since this one looked. Its answer may be there by now.
        return (await pastOutcome(deps, job, key)) ?? unknownOutcome(key);
      }
    }
  } catch (error) {
    if (!(error instanceof HubError) || error.reason === "ServiceUnavailable") throw error;
    if (error.reason === "ClientClosedRequest" && over.aborted) return { ...key, status: "canceled" };
    return {
      ...key,
      status: "failed",
      error: { code: error.reason, description: error.message.slice(0, maxDescription) },
    };
  }
}

const sectionsOf = ({ tags, properties }: JobTwinUpdate) => ({
  ...(tags !== undefined && { tags }),
  ...(properties !== undefined && { desired: properties.desired }),
});
