import { HubError } from "../hub-error.ts";
import type { RequestContext } from "../identity/registry.ts";
import { type AttemptCommand, isAttemptAt } from "./decide.ts";
import { openJob, type RegistryJob } from "./registry-job.ts";
import { runRegistryJobCommand } from "./registry-job-aggregate.ts";
import type { RegistryJobRun, RegistryJobRunDeps } from "./registry-job-run.ts";
import { runExport } from "./run-export.ts";
import { runImport } from "./run-import.ts";

/**
 * Works on the job that is under way, until it is over or `stop`; resolves at once when there is none. One node of the hub
 * does so at a time: what was begun elsewhere is taken over. An export begins anew, an import goes on where it stood. Throws
 * HubError `ServiceUnavailable` while the journal is out of reach: then the job is to be tried again.
 */
export async function runOpenJob(deps: RegistryJobRunDeps, stop: AbortSignal): Promise<void> {
  const { journal, readModel, ids, nodeId } = deps;
  // What another node wrote last may not have come here yet.
  await readModel.applied(await journal.lastSequence());
  const before = openJob(readModel.registryJobs().value);
  if (before === undefined || stop.aborted) return;
  const { jobId } = before;
  const attemptId = ids.uuid();
  const tell = teller(deps, jobId);
  await tell({ type: "Start", attemptId, nodeId });
  using over = watchEnd(deps, jobId, attemptId);
  const signal = AbortSignal.any([stop, over.signal]);
  const job = currentJob(deps, jobId);
  if (job === undefined || signal.aborted) return;
  const run: RegistryJobRun = {
    deps,
    job,
    isTakenOver: before.attemptId !== null,
    signal,
    async progress(at) {
      signal.throwIfAborted();
      await tell({ type: "Progress", attemptId, ...at });
      signal.throwIfAborted();
    },
  };
  try {
    const counts = await (job.work.type === "export" ? runExport(run, job.work) : runImport(run, job.work));
    if (!signal.aborted) await tell({ type: "Complete", attemptId, ...counts });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof HubError && error.reason === "ServiceUnavailable") throw error;
    await tell({ type: "Fail", attemptId, reason: failureReason(deps, error) });
  }
}

type Told = { readonly type: "Start"; readonly attemptId: string; readonly nodeId: string } | AttemptCommand;

const teller =
  (deps: RegistryJobRunDeps, jobId: string) =>
  async (command: Told): Promise<void> => {
    const origin: RequestContext = {
      actor: { kind: "hub", nodeId: deps.nodeId },
      correlationId: `registry-job:${jobId}`,
    };
    await runRegistryJobCommand(deps, origin, { ...command, jobId });
  };

const currentJob = ({ readModel }: RegistryJobRunDeps, jobId: string): RegistryJob | undefined =>
  readModel.registryJobs().value.find((job) => job.jobId === jobId);

/** `signal` is aborted once the job is not this attempt's any more: cancelled, over, or taken over by another node. */
function watchEnd(
  deps: RegistryJobRunDeps,
  jobId: string,
  attemptId: string,
): { readonly signal: AbortSignal } & Disposable {
  const ending = new AbortController();
  const look = (): void => {
    if (!isAttemptAt(currentJob(deps, jobId), attemptId)) ending.abort();
  };
  const unwatch = deps.feed(({ event: { type } }) => {
    if (ends.has(type)) look();
  });
  look();
  return { signal: ending.signal, [Symbol.dispose]: unwatch };
}

const ends: ReadonlySet<string> = new Set(["RegistryJobStarted", "RegistryJobCancelled", "RegistryJobFailed"]);

function failureReason({ onError }: RegistryJobRunDeps, error: unknown): string {
  if (error instanceof HubError) return error.message;
  onError(error);
  return "A fault of the hub";
}
