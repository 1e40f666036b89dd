import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { before, suite, test } from "node:test";
import type { JobClient as IotHubJobs } from "azure-iothub";
import { createLive } from "../../adapters/nats/live.ts";
import type { RecordedEvent } from "../../core/events.ts";
import { JobClient } from "../support/azure-sdk.ts";
import { openEchoDevice } from "../support/echo-device.ts";
import { routeHttpsTo } from "../support/hub.ts";
import { type DeviceKey, type HubNodes, readJournal, registerAll, spawnNodes } from "../support/hub-nodes.ts";
import { silentLog } from "../support/nats.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

const deviceCount = 10_000;
/** So many devices have a connection; the test itself answers for the others, as a node that holds them does. */
const connectedCount = 500;
/** So many devices are done when the blow falls. */
const killAt = 2_500;
/** A node has eight chunks of fifty devices in hands. */
const mostUnderWay = 400;

type Count = "deviceCount" | "succeededCount" | "failedCount" | "runningCount" | "pendingCount";
type Job = { readonly status: string; readonly deviceJobStatistics?: Readonly<Record<Count, number>> };

/** spec/twins-methods-jobs 11: azure-iothub's JobClient, and a node that is killed midway. */
suite(`a job over ${deviceCount} devices, one node of two killed with -9 midway`, () => {
  const scope = suiteScope();
  const devices: readonly DeviceKey[] = Array.from({ length: deviceCount }, (_, index) => ({
    deviceId: `meter-${String(index).padStart(5, "0")}`,
    key: randomBytes(32).toString("base64"),
  }));
  const calls = new Map<string, number>();
  let nodes: HubNodes;
  let jobs: IotHubJobs;

  before(async () => {
    nodes = await spawnNodes(scope);
    const { variables } = nodes.first;
    routeHttpsTo(scope, { node: { ports: { https: Number(variables.get("TWINSTREAM_HTTPS_PORT")) } } });
    const connectionString = variables.get("IOTHUB_CONNECTION_STRING") ?? "";
    jobs = JobClient.fromConnectionString(connectionString);
    await registerAll(connectionString, devices);
  });

  test("every twin is written once, and the progress tells", { timeout: 120_000 }, async () => {
    const patch = { etag: "*", tags: { firmware: 2 } };
    const run = await runAndKill("twins", () => jobs.scheduleTwinUpdate("twins", "*", patch, new Date()));
    assert.equal(run.job.deviceJobStatistics?.succeededCount, deviceCount + 1);
    assertOnce(deedsIn(run.events, "TwinUpdated", "job:twins"));
  });

  test("no device is called twice; those that the killed node had called without an answer are told apart", {
    timeout: 120_000,
  }, async () => {
    await connectDevices();
    const condition = "STARTSWITH(deviceId, 'meter-')";
    const params = { methodName: "echo", payload: 1 };
    const run = await runAndKill("calls", () => jobs.scheduleDeviceMethod("calls", condition, params, new Date()));
    assertOnce(deedsIn(run.events, "MethodCalled", "job:calls"));
    assert.deepEqual(
      [...calls].filter(([, count]) => count !== 1),
      [],
    );
    const failed = run.outcomes.filter(({ status }) => status === "failed");
    for (const outcome of failed) assert.equal(outcome.status === "failed" && outcome.error.code, "OutcomeUnknown");
    assert.ok(failed.length <= mostUnderWay, `${failed.length} calls were under way`);
    for (const { deviceId, status } of run.outcomes) assert.ok(status === "failed" || calls.has(deviceId), deviceId);
  });

  /** Creates a job, kills a node of two when a part is done, and resolves at the job's end. */
  async function runAndKill(jobId: string, create: () => Promise<unknown>) {
    const second = await nodes.spawn();
    await create();
    let progress = 0;
    const midway = async (): Promise<boolean> => {
      const job = await look(jobId);
      assert.ok(doneOf(job) >= progress, "progress goes forward");
      progress = doneOf(job);
      return progress >= killAt;
    };
    await waitFor("progress", midway, 60_000);
    await second.stop("SIGKILL");
    assert.ok(progress < deviceCount, "the kill must come before the end");
    const hasEnded = async (): Promise<Job | false> => {
      const now = await look(jobId);
      return now.status !== "running" && now;
    };
    const job = await waitFor("the end", hasEnded, 60_000);
    assert.equal(job.status, "completed");
    const { runningCount, pendingCount } = job.deviceJobStatistics ?? {};
    assert.deepEqual([runningCount, pendingCount], [0, 0]);

    const events = await readJournal(nodes.nats);
    const of = events.flatMap(({ event, key }) => (key.aggregate === "job" && key.id === jobId ? [event] : []));
    const takers = new Set(of.flatMap((event) => (event.type === "JobChunkStarted" ? event.data.nodeId : [])));
    assert.equal(takers.size, 2, "both nodes have worked");
    const outcomes = of.flatMap((event) => (event.type === "JobTargetsEnded" ? event.data.outcomes : []));
    assertOnce(outcomes.map(({ deviceId }) => deviceId));
    return { job, events, outcomes };
  }

  /** The job, whose counts add up. */
  async function look(jobId: string): Promise<Job> {
    const job = (await jobs.getJob(jobId)).jobStatus as Job;
    const { deviceCount: all = 0, ...parts } = job.deviceJobStatistics ?? ({} as Partial<Record<Count, number>>);
    assert.equal(
      Object.values(parts).reduce((sum, part) => sum + part, 0),
      all,
    );
    return job;
  }

  /** Some on the node that stays, the others behind NATS. */
  async function connectDevices(): Promise<void> {
    const called = (deviceId: string): void => void calls.set(deviceId, (calls.get(deviceId) ?? 0) + 1);
    const port = Number(nodes.first.variables.get("TWINSTREAM_MQTT_PORT"));
    const sockets: Socket[] = [];
    scope.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    const connecting = devices.slice(0, connectedCount).values();
    const worker = async (): Promise<void> => {
      for (const device of connecting) sockets.push(await openEchoDevice(port, device, called));
    };
    await Promise.all(Array.from({ length: 64 }, worker));
    const live = createLive({ nc: await nodes.nats.connect(), hub: "twinstream", log: silentLog });
    const served = devices.slice(connectedCount).map(({ deviceId }) =>
      live.serve({ deviceId }, async ({ payload }) => {
        called(deviceId);
        return { kind: "answered", status: 200, payload };
      }),
    );
    await Promise.all(served.map(({ ready }) => ready));
  }

  /** Every device, each once; a new hub's first device is its own. */
  function assertOnce(deviceIds: readonly string[]): void {
    assert.deepEqual(
      deviceIds.filter((deviceId) => deviceId !== "device-1").toSorted(),
      devices.map(({ deviceId }) => deviceId),
    );
  }
});

/** The devices of the events of a type that belong together, as often as they come. */
const deedsIn = (
  events: readonly RecordedEvent[],
  type: RecordedEvent["event"]["type"],
  correlationId: string,
): readonly string[] =>
  events.flatMap(({ event, key, meta }) =>
    event.type === type && meta.correlationId === correlationId ? [key.id] : [],
  );

const doneOf = ({ deviceJobStatistics: counts }: Job): number =>
  (counts?.succeededCount ?? 0) + (counts?.failedCount ?? 0);
