import type { IdentityKey, RecordedEvent } from "../events.ts";
import { failedCall } from "../method/failure.ts";
import type { Journal, ReadModel } from "../ports.ts";
import type { Job } from "./job.ts";
import { jobCorrelation } from "./job-aggregate.ts";
import type { TargetOutcome } from "./target-outcome.ts";

/** Where the past of a device is read. */
export type PastDeps = {
  readonly journal: Pick<Journal, "readSequences">;
  readonly readModel: Pick<ReadModel, "history">;
};

const pageSize = 200;

/**
 * What a node that is gone, or was too slow, has done on a target already, as the journal tells: the outcome; undefined when
 * nothing was begun. The local views must have what that node wrote.
 *
 * A call that was begun and never ended is a failure, though its device may have done it: a device is called once at most,
 * since nobody knows what a second call would do to it.
 */
export async function pastOutcome(deps: PastDeps, job: Job, key: IdentityKey): Promise<TargetOutcome | undefined> {
  switch (job.jobType) {
    case "scheduleUpdateTwin":
      for await (const _written of eventsOf(deps, job, { key, types: ["TwinUpdated"] })) {
        return { ...key, status: "completed" };
      }
      return undefined;
    case "scheduleDeviceMethod":
      return await pastCall(
        eventsOf(deps, job, { key, types: ["MethodCalled", "MethodAnswered", "MethodFailed"] }),
        key,
      );
  }
}

async function pastCall(events: AsyncIterable<RecordedEvent>, key: IdentityKey): Promise<TargetOutcome | undefined> {
  let isBegun = false;
  for await (const { event } of events) {
    if (event.type === "MethodAnswered") {
      const { status, payload } = event.data;
      return { ...key, status: "completed", response: { status, payload } };
    }
    if (event.type === "MethodFailed") {
      const { reason } = event.data;
      return {
        ...key,
        status: "failed",
        error: { code: reason, description: failedCall(reason, key.deviceId).message },
      };
    }
    isBegun = true;
  }
  return isBegun ? unknownOutcome(key) : undefined;
}

/** The outcome of a call that was begun by somebody who did not tell its end. Not an error of IoT Hub. */
export const unknownOutcome = (key: IdentityKey): TargetOutcome => ({
  ...key,
  status: "failed",
  error: {
    code: "OutcomeUnknown",
    description: "The device was called, but the hub's node ended before the answer; it is not called again.",
  },
});

/** What was done on a target for this job, oldest first. */
async function* eventsOf(
  { journal, readModel }: PastDeps,
  { jobId, run }: Job,
  { key, types }: { readonly key: IdentityKey; readonly types: readonly string[] },
): AsyncGenerator<RecordedEvent, void, void> {
  const { deviceId, moduleId } = key;
  const correlationId = jobCorrelation(jobId);
  let afterSequence = run?.startedSequence ?? 0;
  for (;;) {
    const sequences = readModel.history({ deviceId, types, afterSequence, limit: pageSize });
    for (const event of await journal.readSequences(sequences)) {
      if (event.meta.correlationId === correlationId && event.key.moduleId === moduleId) yield event;
    }
    const last = sequences.at(-1);
    if (last === undefined || sequences.length < pageSize) return;
    afterSequence = last;
  }
}
