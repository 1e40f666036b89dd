import type { HubEvent } from "../events.ts";
import { shownIds } from "../identity/parse-bulk-entry.ts";
import type { RequestContext } from "../identity/registry.ts";
import type { Json } from "../json.ts";
import type { BlobLine } from "./caller-containers.ts";
import type { RegistryJob } from "./registry-job.ts";
import type { RegistryJobRun } from "./registry-job-run.ts";

/** Who writes what a line asks for: the job's creator, under a correlation that no other line has. */
export const lineOrigin = ({ jobId, createdBy }: RegistryJob, { end }: BlobLine): RequestContext => ({
  actor: createdBy,
  correlationId: `registry-job:${jobId}:${end}`,
});

/** What a line's write begins or consists of. */
const writes: readonly HubEvent["type"][] = [
  "DeviceCreated",
  "DeviceUpdated",
  "DeviceDeleted",
  "ModuleCreated",
  "ModuleUpdated",
  "ModuleDeleted",
  "TwinReplaced",
];

const pageSize = 200;

/** Whether a node that is gone has written this line already, as the journal tells. The local views must have what it wrote. */
export async function isWritten({ deps, job }: RegistryJobRun, line: BlobLine, entry: Json): Promise<boolean> {
  const { deviceId, moduleId } = shownIds(entry);
  const { correlationId } = lineOrigin(job, line);
  let afterSequence = job.createdSequence;
  for (;;) {
    const sequences = deps.readModel.history({ deviceId, types: writes, afterSequence, limit: pageSize });
    for (const { meta, key } of await deps.journal.readSequences(sequences)) {
      if (meta.correlationId === correlationId && key.moduleId === moduleId) return true;
    }
    const last = sequences.at(-1);
    if (last === undefined || sequences.length < pageSize) return false;
    afterSequence = last;
  }
}
