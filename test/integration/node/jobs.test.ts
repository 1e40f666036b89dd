import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Job } from "../../../core/job/job.ts";
import type { JsonObject } from "../../../core/json.ts";
import { owner } from "../../support/domain-hub.ts";
import { startHub, type TestHub } from "../../support/hub.ts";
import { startNats } from "../../support/nats.ts";
import { type Scope, stackScope } from "../../support/suite-scope.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Two nodes of one hub with devices. */
async function startNodes(scope: Scope, deviceCount: number): Promise<readonly [TestHub, TestHub]> {
  const nats = await startNats(scope);
  const shared = { natsUrl: nats.url, masterKey: randomBytes(32).toString("base64") };
  const nodes = [await startHub(scope, shared), await startHub(scope, shared)] as const;
  const ids = Array.from({ length: deviceCount }, (_, index) => `d${index}`);
  await Promise.all(ids.map((deviceId) => nodes[0].node.hub.registry.putDevice({ deviceId, body: {}, ...owner })));
  return nodes;
}

const create = ({ node }: TestHub, jobId: string, body: JsonObject): Promise<Job> =>
  node.hub.jobs.create({ jobId, body: { queryCondition: "*", ...body }, startMs: undefined, ...owner });

/** A chunk that was on its way to a node which stopped comes again after its lock, of ten seconds. */
const longestWaitMs = 30_000;

function ended({ node }: TestHub, jobId: string, status: Job["status"]): Promise<Job> {
  const hasEnded = (): Job | false => {
    const job = node.hub.jobs.get(jobId);
    return job.status === status && job.run?.counts.running === 0 && job;
  };
  return waitFor(`the end of ${jobId}`, hasEnded, longestWaitMs);
}

const update: JsonObject = { type: "scheduleUpdateTwin", updateTwin: { etag: "*", tags: { x: 1 } } };

/** How many of the only job's targets stand there; the other node may not have heard of the job yet. */
const countOf = ({ node }: TestHub, status: "running" | "completed"): number =>
  node.hub.jobs.list({ limit: 1 })[0]?.run?.counts[status] ?? 0;

/** The nodes that took chunks of a job. */
async function takersOf({ node }: TestHub, deviceCount: number, jobId: string): Promise<ReadonlySet<string>> {
  const takers = new Set<string>();
  for (let index = 0; index < deviceCount; index += 1) {
    const page = await node.hub.history.page({ deviceId: `d${index}`, types: ["JobTargetsEnded"], limit: 10 });
    for (const { event, meta } of page.events) {
      assert.equal(page.events.filter(({ meta: { correlationId } }) => correlationId === `job:${jobId}`).length, 1);
      if (event.type === "JobTargetsEnded" && meta.actor.kind === "hub") takers.add(meta.actor.nodeId);
    }
  }
  return takers;
}

// spec/twins-methods-jobs 11
test("the nodes of a hub share a job, and tell the same of it", async () => {
  await using stack = new AsyncDisposableStack();
  const count = 600;
  const [here, there] = await startNodes(stackScope(stack), count + 1);
  await create(here, "j", update);
  const job = await ended(here, "j", "completed");
  assert.deepEqual(job.run?.counts, { pending: 0, running: 0, completed: count + 2, failed: 0, canceled: 0 });
  assert.deepEqual(await ended(there, "j", "completed"), job);
  assert.equal((await takersOf(there, count, "j")).size, 2);
});

test("a job that runs is cancelled on either node: what waits for its device does so no more", async () => {
  await using stack = new AsyncDisposableStack();
  const [here, there] = await startNodes(stackScope(stack), 120);
  const cloudToDeviceMethod = { methodName: "m", connectTimeoutInSeconds: 300 };
  await create(here, "j", { type: "scheduleDeviceMethod", cloudToDeviceMethod });
  await waitFor("work", () => countOf(there, "running") > 0);
  await there.node.hub.jobs.cancel({ jobId: "j", ...owner });
  const job = await ended(here, "j", "cancelled");
  assert.deepEqual(job.run?.counts, { pending: 0, running: 0, completed: 0, failed: 0, canceled: 121 });
});

test("a node that stops hands its part of a job to the other", async () => {
  await using stack = new AsyncDisposableStack();
  const [here, there] = await startNodes(stackScope(stack), 2_000);
  await create(here, "j", update);
  await waitFor("some progress", () => countOf(there, "completed") > 200);
  await here.node[Symbol.asyncDispose]();
  const job = await ended(there, "j", "completed");
  assert.equal(job.run?.counts.completed, 2_001);
  assert.equal(there.node.hub.twins.get({ deviceId: "d1999" }).twin.version, 3);
});
