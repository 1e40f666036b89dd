import { resolve } from "node:path";
import type { Logger } from "pino";
import type { RebuildProgress } from "../../projections/rebuild.ts";
import { lockDataFolder } from "../nats/data-folder-lock.ts";
import type { Settings } from "../settings/schema.ts";
import { openDataFolder } from "./node-folder.ts";
import { openJournal } from "./open-journal.ts";
import { type RebuildResult, rebuildInWorker } from "./rebuild-in-worker.ts";

/** Builds the views of a stopped hub anew from its journal. Throws when a hub runs on the data folder. */
export async function rebuildViews(
  settings: Settings,
  log: Logger,
  onProgress: (progress: RebuildProgress) => void,
): Promise<RebuildResult> {
  await using scope = new AsyncDisposableStack();
  const dataFolder = resolve(settings.data);
  const folders = openDataFolder(dataFolder);
  scope.use(await lockDataFolder(dataFolder));
  const { journal } = scope.use(await openJournal({ settings, folder: folders.nats, log }));
  return await rebuildInWorker({ file: folders.views, journal, onProgress });
}
