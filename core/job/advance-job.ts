import { isOver, openCount } from "./job.ts";
import { hubOrigin, type JobAggregateDeps, runJobCommand } from "./job-aggregate.ts";
import { type PlanningDeps, planJob } from "./plan-job.ts";

/** Jobs that one sweep looks at. */
const jobsPerSweep = 100;

/** What sweeps are made with. `onError` hears of jobs that could not be helped on this time. */
export type AdvanceDeps = PlanningDeps & {
  readonly readModel: PlanningDeps["readModel"] & { dueJobs(now: string, limit: number): readonly string[] };
  readonly onError: (error: unknown) => void;
};

/**
 * Makes the sweep over the jobs that something is due for: begins those whose time has come, plans them and plans on what
 * another node left unplanned, ends those that are done or out of time, and drops those whose retention is over. Any number
 * of nodes may sweep: what two begin at once, the journal takes from one. A sweep leaves alone what an earlier one of this
 * node still has in hands, so planning a large job holds up no other. After `signal` it ends soon; never rejects.
 */
export function createAdvance(deps: AdvanceDeps): (signal: AbortSignal) => Promise<void> {
  const inHands = new Set<string>();
  return async (signal) => {
    const { readModel, clock, onError } = deps;
    const now = clock.isoTime(clock.now());
    const due = readModel.dueJobs(now, jobsPerSweep).filter((jobId) => !inHands.has(jobId));
    await Promise.all(
      due.map(async (jobId) => {
        inHands.add(jobId);
        await advance(deps, jobId, signal).catch(onError);
        inHands.delete(jobId);
      }),
    );
  };
}

async function advance(deps: AdvanceDeps, jobId: string, signal: AbortSignal): Promise<void> {
  const job = deps.readModel.job(jobId)?.value;
  if (job === undefined) return;
  if (isOver(job)) return await forget(deps, jobId);
  if (job.run === null) {
    if (await start(deps, jobId, job.maxExecutionTimeInSeconds)) await planAll(deps, jobId, signal);
    return;
  }
  const { deadline, isPlanned } = job.run;
  if (deadline <= deps.clock.isoTime(deps.clock.now())) return await failLate(deps, jobId);
  if (!isPlanned) return await planAll(deps, jobId, signal);
  await completeIfDone(deps, jobId);
}

/** Whether it was this node that began it: then it is the one to plan it. */
async function start(deps: AdvanceDeps, jobId: string, maxExecutionSeconds: number): Promise<boolean> {
  const { clock, nodeId } = deps;
  const deadline = clock.isoTime(clock.now() + maxExecutionSeconds * 1_000);
  const command = { type: "Start", nodeId, deadline } as const;
  return (await runJobCommand(deps, { jobId, ...hubOrigin(deps, jobId) }, command)).events.length > 0;
}

async function planAll(deps: AdvanceDeps, jobId: string, signal: AbortSignal): Promise<void> {
  await planJob(deps, jobId, signal);
  await completeIfDone(deps, jobId);
}

/** Ends a job whose targets all have an outcome. That such a job is `completed` whatever the outcomes is unconfirmed. */
export async function completeIfDone(deps: JobAggregateDeps, jobId: string): Promise<void> {
  const run = deps.readModel.job(jobId)?.value.run;
  if (run?.isPlanned !== true || openCount(run) > 0) return;
  await runJobCommand(deps, { jobId, ...hubOrigin(deps, jobId) }, { type: "Complete" });
}

/** What IoT Hub says of a job that is out of time is unconfirmed. */
async function failLate(deps: AdvanceDeps, jobId: string): Promise<void> {
  const reason = "The job did not end within its maximum execution time";
  await runJobCommand(deps, { jobId, ...hubOrigin(deps, jobId) }, { type: "Fail", reason });
}

async function forget(deps: AdvanceDeps, jobId: string): Promise<void> {
  const origin = { jobId, ...hubOrigin(deps, jobId) };
  // By the events, not by what is left: the id may be another job's as soon as it is free.
  while ((await runJobCommand(deps, origin, { type: "Forget" })).events.length > 0);
}
