import { systemClock } from "../../../../adapters/node/system.ts";
import type { Hub } from "../../../../core/hub/hub.ts";
import type { JsonObject } from "../../../../core/json.ts";
import type { Clock } from "../../../../core/ports.ts";
import { parseRegistryJob } from "../../../../core/registry-job/parse-registry-job.ts";
import type { RegistryJob } from "../../../../core/registry-job/registry-job.ts";
import { domainHub, owner, SharedJournal } from "../../../support/domain-hub.ts";
import { MemoryContainers } from "../../../support/memory-containers.ts";
import { memoryLive } from "../../../support/memory-live.ts";
import type { Scope } from "../../../support/suite-scope.ts";

/** Where the tests' containers are; the signatures are secrets that must not be found anywhere. */
export const signature = "sig=top-secret";
export const inputUri = `https://account.blob.test/in?${signature}`;
export const outputUri = `https://account.blob.test/out?${signature}`;

/** A hub with containers in memory. */
export type JobBench = {
  readonly hub: Hub;
  readonly journal: SharedJournal;
  readonly containers: MemoryContainers;
  readonly clock: Clock & { nowMs: number };
  /** Another node of the same hub. */
  readonly openNode: (nodeId: string) => Promise<Hub>;
  readonly input: (name: string, text: string) => void;
  /** Text of a blob in the output container. */
  readonly output: (name: string) => string | undefined;
  readonly create: (body: JsonObject) => Promise<RegistryJob>;
  /** Creates a job and works on it until it is over. */
  readonly run: (body: JsonObject) => Promise<RegistryJob>;
};

/** Opens the bench. */
export async function jobBench(scope: Scope): Promise<JobBench> {
  const journal = new SharedJournal();
  const containers = new MemoryContainers();
  const clock = { ...systemClock(), nowMs: Date.parse("2026-03-01T12:00:00.000Z"), now: () => clock.nowMs };
  const openNode = (nodeId: string) => domainHub(scope, journal, nodeId, clock, memoryLive(), containers.port);
  const hub = await openNode("node-1");
  const create = (body: JsonObject) => hub.registryJobs.create({ ...owner, input: parseRegistryJob(body) });
  return {
    hub,
    journal,
    containers,
    clock,
    openNode,
    input: (name, text) => void containers.blobs.set(`https://account.blob.test/in/${name}`, text),
    output: (name) => containers.blobs.get(`https://account.blob.test/out/${name}`),
    create,
    async run(body) {
      const { jobId } = await create(body);
      await hub.registryJobs.runOpen(new AbortController().signal);
      return hub.registryJobs.get(jobId);
    },
  };
}

/** Lines of a file. */
export const lines = (...documents: readonly unknown[]): string =>
  documents.map((document) => `${JSON.stringify(document)}\r\n`).join("");

/** The documents of a file's lines. */
export const documents = (text: string | undefined): readonly JsonObject[] =>
  (text ?? "").split("\r\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as JsonObject]));

export const exporting: JsonObject = { type: "export", outputBlobContainerUri: outputUri };
export const importing: JsonObject = {
  type: "import",
  inputBlobContainerUri: inputUri,
  outputBlobContainerUri: outputUri,
};
