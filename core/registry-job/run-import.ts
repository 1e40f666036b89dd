import { errorTable, HubError } from "../hub-error.ts";
import { inParallel } from "../identity/in-parallel.ts";
import { shownIds } from "../identity/parse-bulk-entry.ts";
import type { BulkError } from "../identity/registry.ts";
import { isJsonObject } from "../json.ts";
import type { BlobLine, CallerContainer } from "./caller-containers.ts";
import { importConfiguration } from "./import-configuration.ts";
import { importBatch, importsAtOnce, maxErrorLength } from "./limits.ts";
import { isWritten, lineOrigin } from "./past-line.ts";
import type { RegistryJobCounts, RegistryJobWork } from "./registry-job.ts";
import type { RegistryJobRun } from "./registry-job-run.ts";

type ImportWork = Extract<RegistryJobWork, { type: "import" }>;

/** Where what could not be imported is told, in the output container; empty when all went well. */
const errorBlob = "importErrors.log";

/**
 * Brings in a file of devices, and of configurations where asked for, a line each, in the modes of a bulk call
 * (spec/identity-and-security 12). Lines of one device are done in their order; those of others may overtake each other. A
 * line that is refused goes to the error log, and the others go on: that such a job is `completed` is unconfirmed. Where the
 * job stands is noted every thousand lines, so a node that takes over repeats less than that, and looks first which of those
 * were written. Throws as `CallerContainer`, HubError `ServiceUnavailable`, and the reason of the run's signal.
 */
export async function runImport(run: RegistryJobRun, work: ImportWork): Promise<RegistryJobCounts> {
  const { deps, job, signal } = run;
  const { place } = job;
  const input = deps.containers(deps.secrets.open(work.sealedInput));
  const output = deps.containers(deps.secrets.open(work.sealedOutput));
  if (place === null) await output.startLog(errorBlob);
  const counts = { doneCount: job.doneCount, failedCount: job.failedCount };

  const file = await input.openLines(work.devicesBlobName, {
    from: place?.offset ?? 0,
    version: place?.version,
    signal,
  });
  let isRepeated = run.isTakenOver;
  for await (const batch of inBatches(file.lines)) {
    signal.throwIfAborted();
    const faults = await importDevices(run, batch, isRepeated);
    isRepeated = false;
    await logFaults(output, faults);
    counts.doneCount += batch.length;
    counts.failedCount += faults.length;
    const offset = batch.at(-1)?.end ?? 0;
    // The end of the file is not that of the job.
    const progress = Math.min(99, Math.floor((100 * offset) / Math.max(1, file.sizeInBytes)));
    await run.progress({ progress, place: { offset, version: file.version }, ...counts });
  }
  if (work.configurationsBlobName === null) return counts;
  const configurations = await input.openLines(work.configurationsBlobName, { from: 0, version: undefined, signal });
  for await (const batch of inBatches(configurations.lines)) {
    const faults = (await inParallel(batch, 1, (line) => faultOfConfiguration(run, line))).flat();
    await logFaults(output, faults);
    counts.doneCount += batch.length;
    counts.failedCount += faults.length;
  }
  return counts;
}

async function* inBatches(lines: AsyncIterable<BlobLine>): AsyncGenerator<readonly BlobLine[], void, void> {
  let batch: BlobLine[] = [];
  for await (const line of lines) {
    batch.push(line);
    if (batch.length < importBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** What an error log tells of a line. */
type Fault = Pick<BulkError, "errorCode" | "errorStatus"> & Partial<BulkError>;

/** The faults of the lines that could not be imported. */
async function importDevices(
  run: RegistryJobRun,
  batch: readonly BlobLine[],
  isRepeated: boolean,
): Promise<readonly Fault[]> {
  const byDevice = Map.groupBy(batch, ({ value }) => (value === undefined ? "" : shownIds(value).deviceId));
  const groups = [...byDevice.values()];
  const faults = await inParallel(groups, importsAtOnce, async (lines) => {
    const found: Fault[] = [];
    for (const line of lines) {
      run.signal.throwIfAborted();
      if (isRepeated && line.value !== undefined && (await isWritten(run, line, line.value))) continue;
      found.push(...(await faultsOfDevice(run, line)));
    }
    return found;
  });
  return faults.flat();
}

async function faultsOfDevice({ deps, job }: RegistryJobRun, line: BlobLine): Promise<readonly Fault[]> {
  const entry = line.value;
  if (!isJsonObject(entry)) return [invalidLine(line)];
  const { errors } = await deps.registry.bulk([entry], lineOrigin(job, line));
  if (errors.some(({ errorCode }) => errorCode === errorTable.ServiceUnavailable.code)) {
    throw new HubError("ServiceUnavailable", "A line could not be imported now");
  }
  return errors;
}

async function faultOfConfiguration({ deps, job, signal }: RegistryJobRun, line: BlobLine): Promise<readonly Fault[]> {
  signal.throwIfAborted();
  if (!isJsonObject(line.value)) return [invalidLine(line)];
  try {
    await importConfiguration(deps.configurations, line.value, lineOrigin(job, line));
    return [];
  } catch (error) {
    if (!(error instanceof HubError) || error.reason === "ServiceUnavailable") throw error;
    return [{ errorCode: errorTable[error.reason].code, errorStatus: error.message }];
  }
}

/** Says where the line ends, not what it holds: that may be a key. */
const invalidLine = ({ end }: BlobLine): Fault => ({
  errorCode: errorTable.DeserializationError.code,
  errorStatus: `Invalid format in the line that ends at byte ${end}`,
});

async function logFaults(output: CallerContainer, faults: readonly Fault[]): Promise<void> {
  if (faults.length === 0) return;
  const lines = faults.map(({ deviceId, moduleId, errorCode, errorStatus }) => {
    const ids = { ...(deviceId !== undefined && { deviceId }), ...(moduleId !== undefined && { moduleId }) };
    return `${JSON.stringify({ errorCode, errorStatus: errorStatus.slice(0, maxErrorLength), ...ids })}\r\n`;
  });
  await output.appendLog(errorBlob, lines.join(""));
}
