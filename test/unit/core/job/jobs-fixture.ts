import type { HubEvent } from "../../../../core/events.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import type { Job } from "../../../../core/job/job.ts";
import type { ChunkEnd, ChunkWork } from "../../../../core/job/run-chunk.ts";
import type { JsonObject } from "../../../../core/json.ts";
import { domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { memoryLive } from "../../../support/memory-live.ts";
import type { Scope } from "../../../support/suite-scope.ts";

const never = new AbortController().signal;

/** A clock that stands still until it is moved. */
export function stoppedClock() {
  const clock = {
    ms: Date.parse("2026-03-01T12:00:00.000Z"),
    now: () => clock.ms,
    isoTime: (ms: number) => new Date(ms).toISOString(),
  };
  return clock;
}

/** A hub with devices, and what its jobs come to. */
export async function jobsBench(t: Scope, deviceIds: readonly string[]) {
  const journal = new SharedJournal();
  const clock = stoppedClock();
  const live = memoryLive();
  const hub = await domainHub(t, journal, "node-1", clock, live);
  for (const deviceId of deviceIds) await hub.registry.putDevice({ deviceId, body: {}, ...owner });
  return { journal, clock, live, hub };
}

type Bench = Awaited<ReturnType<typeof jobsBench>>;

/** Asks for a job to begin at once. */
export const createJob = (hub: Hub, jobId: string, body: JsonObject, startMs?: number): Promise<Job> =>
  hub.jobs.create({ jobId, body: { queryCondition: "*", ...body }, startMs, ...owner });

export const tagUpdate = (tags: JsonObject): JsonObject => ({
  type: "scheduleUpdateTwin",
  updateTwin: { etag: "*", tags },
});

export const methodCall = (methodName: string): JsonObject => ({
  type: "scheduleDeviceMethod",
  cloudToDeviceMethod: { methodName, payload: 1 },
});

export const advance = (hub: Hub): Promise<void> => hub.jobs.advanceDue(never);

/** All chunks that were ever planned, as the work queue would give them. */
export const chunksIn = ({ events }: SharedJournal): readonly ChunkWork[] =>
  events.flatMap(({ event, key, sequence }) =>
    event.type === "JobChunkPlanned" ? [{ jobId: key.id, chunk: Number(key.moduleId), sequence }] : [],
  );

/** Does what is due, and works on all chunks. */
export async function runAll({ journal, hub }: Pick<Bench, "journal" | "hub">): Promise<readonly ChunkEnd[]> {
  await advance(hub);
  return await Promise.all(chunksIn(journal).map((work) => hub.jobs.runChunk(work, never)));
}

/** The outcomes of a job's targets, by target. */
export const outcomesIn = (journal: SharedJournal) =>
  journal.ofType("JobTargetsEnded").flatMap(({ outcomes }) => outcomes);

/** The types of all events of jobs, in order. */
export const jobTypesIn = ({ events }: SharedJournal): readonly HubEvent["type"][] =>
  events.flatMap(({ event, key }) => (key.aggregate === "job" ? [event.type] : []));
