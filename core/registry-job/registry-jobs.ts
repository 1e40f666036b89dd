import { HubError } from "../hub-error.ts";
import type { RequestContext } from "../identity/registry.ts";
import type { Secrets } from "../ports.ts";
import { checkJobQuota, registryJobNotFound } from "./decide.ts";
import { jobRetentionMs } from "./limits.ts";
import type { RegistryJobInput } from "./parse-registry-job.ts";
import { isOpen, type RegistryJob, type RegistryJobWork } from "./registry-job.ts";
import { runRegistryJobCommand } from "./registry-job-aggregate.ts";
import type { RegistryJobRunDeps } from "./registry-job-run.ts";
import { runOpenJob } from "./run-open-job.ts";

/** Import and export of devices to blob storage (spec/http-api 2.6): one at a time, worked on by one node of the hub. */
export type RegistryJobs = {
  /**
   * Throws HubError `JobQuotaExceeded` while another one is under way, `BlobContainerValidationError` for containers that
   * can't be read or written, `ArgumentInvalid` for what is no address of a container, and as `execute`.
   */
  create(request: RequestContext & { readonly input: RegistryJobInput }): Promise<RegistryJob>;
  /** Throws `JobNotFound`. */
  get(jobId: string): RegistryJob;
  /** The newest first. */
  list(): readonly RegistryJob[];
  /** Nothing more is begun; a job that is over stays as it is. Throws `JobNotFound`. */
  cancel(request: RequestContext & { readonly jobId: string }): Promise<RegistryJob>;
  /** Works on the job that is under way, if one is; see `runOpenJob`. */
  runOpen(stop: AbortSignal): Promise<void>;
};

/** What the use cases are built from. */
export type RegistryJobsDeps = RegistryJobRunDeps & { readonly secrets: Pick<Secrets, "seal" | "open"> };

/** Makes the use cases. */
export function createRegistryJobs(deps: RegistryJobsDeps): RegistryJobs {
  const { readModel, clock } = deps;
  const list = (): readonly RegistryJob[] => {
    const since = clock.isoTime(clock.now() - jobRetentionMs);
    return readModel.registryJobs().value.filter((job) => isOpen(job) || job.createdTime >= since);
  };
  const found = (jobId: string): RegistryJob => {
    const job = list().find((each) => each.jobId === jobId);
    if (job === undefined) throw registryJobNotFound(jobId);
    return job;
  };
  return {
    create: (request) => create(deps, request),
    get: found,
    list,
    async cancel({ jobId, ...origin }) {
      found(jobId);
      await runRegistryJobCommand(deps, origin, { type: "Cancel", jobId });
      return found(jobId);
    },
    runOpen: (stop) => runOpenJob(deps, stop),
  };
}

async function create(
  deps: RegistryJobsDeps,
  { input, ...origin }: RequestContext & { readonly input: RegistryJobInput },
): Promise<RegistryJob> {
  const { readModel, ids } = deps;
  // Before anybody's containers are looked at; the journal has the last word.
  checkJobQuota(readModel.registryJobs().value);
  const work = await checkedWork(deps, input);
  const jobId = ids.uuid();
  const command = { type: "Create", jobId, createdBy: origin.actor, work } as const;
  const { state } = await runRegistryJobCommand(deps, origin, command);
  const job = state.find((each) => each.jobId === jobId);
  if (job === undefined) throw new HubError("ServerError", "A job was not there after its creation", { jobId });
  return job;
}

/** Looks whether the containers let the hub do what the job needs. */
async function checkedWork(
  { containers, secrets }: RegistryJobsDeps,
  input: RegistryJobInput,
): Promise<RegistryJobWork> {
  const { devicesBlobName, configurationsBlobName, outputUri } = input;
  const output = containers(outputUri);
  const shared = { devicesBlobName, configurationsBlobName };
  const written = { outputContainer: output.address, sealedOutput: secrets.seal(outputUri) };
  switch (input.type) {
    case "export":
      await output.checkWritable();
      return { ...shared, ...written, type: "export", excludeKeys: input.excludeKeys };
    case "import": {
      const source = containers(input.inputUri);
      for (const name of [devicesBlobName, configurationsBlobName]) if (name !== null) await source.checkReadable(name);
      await output.checkWritable();
      const read = { inputContainer: source.address, sealedInput: secrets.seal(input.inputUri) };
      return { ...shared, ...written, type: "import", ...read };
    }
  }
}
