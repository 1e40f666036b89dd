import { configurationLine, deviceLines } from "./export-lines.ts";
import { exportPage, exportProgressStep } from "./limits.ts";
import type { RegistryJobCounts, RegistryJobWork } from "./registry-job.ts";
import type { RegistryJobRun } from "./registry-job-run.ts";

type ExportWork = Extract<RegistryJobWork, { type: "export" }>;

/**
 * Writes all devices, and the configurations where asked for, each kind into one blob, which is there once it is whole.
 * Devices that come or go meanwhile may be in it or not. Throws as `CallerContainer`, and the reason of the run's signal.
 */
export async function runExport(run: RegistryJobRun, work: ExportWork): Promise<RegistryJobCounts> {
  const { deps, signal } = run;
  const output = deps.containers(deps.secrets.open(work.sealedOutput));
  const counts = { doneCount: 0 };
  await output.write(work.devicesBlobName, devicePages(run, work, counts), signal);
  if (work.configurationsBlobName !== null) {
    const lines = deps.configurations.list(Number.POSITIVE_INFINITY).map(configurationLine);
    await output.write(work.configurationsBlobName, inOnePiece(lines.join("")), signal);
  }
  return { doneCount: counts.doneCount, failedCount: 0 };
}

/** The text of all devices, some at a time. */
async function* devicePages(
  run: RegistryJobRun,
  { excludeKeys }: ExportWork,
  counts: { doneCount: number },
): AsyncGenerator<string, void, void> {
  const { readModel, secrets } = run.deps;
  let after: string | undefined;
  let notedCount = 0;
  let noted = 0;
  for (;;) {
    const page = readModel.devices(exportPage, after);
    if (page.length === 0) return;
    yield page.map((device) => deviceLines({ readModel, secrets }, device, excludeKeys)).join("");
    counts.doneCount += page.length;
    after = page.at(-1)?.deviceId;
    const progress = percentOf(counts.doneCount, readModel.statistics().totalDeviceCount);
    if (progress > noted && counts.doneCount - notedCount >= exportProgressStep) {
      await run.progress({ progress, place: null, doneCount: counts.doneCount, failedCount: 0 });
      [noted, notedCount] = [progress, counts.doneCount];
    }
  }
}

/** A job is at 100 when it is over, and no sooner. */
const percentOf = (done: number, total: number): number => Math.min(99, Math.floor((100 * done) / Math.max(1, total)));

async function* inOnePiece(text: string): AsyncGenerator<string, void, void> {
  yield text;
}
