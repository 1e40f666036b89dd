import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import type { TlsLog } from "./tls-log.ts";

/**
 * `check` is called when `files` may have changed, never twice at a time, and must not reject. `settleMs` is how long
 * a change is left to finish (a certificate and its key are two files), `recheckMs` how often to look without a hint.
 */
export type WatchRequest = {
  readonly files: readonly string[];
  readonly check: () => Promise<void>;
  readonly log: TlsLog;
  readonly settleMs?: number;
  readonly recheckMs?: number;
};

/**
 * Watches the folders of `files`, not the files, and takes every event there as a hint: so a file replaced by a rename
 * is seen, and so is a link above it that is turned to another folder, which is how Kubernetes updates a secret. The
 * clock covers what sends no events: network and bind mounts, a watch that failed, links that lead far away.
 * A first check catches what changed before the watch began. Disposing waits for a check that runs. It keeps no process
 * alive.
 */
export function watchFiles({ files, check, log, settleMs = 200, recheckMs = 60_000 }: WatchRequest): AsyncDisposable {
  let settling: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const run = () => {
    settling = undefined;
    running = running.then(check);
  };
  const hint = () => {
    settling ??= setTimeout(run, settleMs).unref();
  };
  const watchers = [...new Set(files.map((file) => dirname(file)))].map((folder) => watchFolder({ folder, hint, log }));
  const clock = setInterval(hint, recheckMs).unref();
  hint();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(clock);
      for (const watcher of watchers) watcher?.close();
      clearTimeout(settling);
      await running;
    },
  };
}

type FolderWatch = { readonly folder: string; readonly hint: () => void; readonly log: TlsLog };

function watchFolder({ folder, hint, log }: FolderWatch): FSWatcher | undefined {
  const failed = (err: unknown) => log.warn({ err, folder }, "folder cannot be watched, looking at intervals");
  try {
    return watch(folder, { persistent: false }, hint).on("error", failed);
  } catch (err) {
    failed(err);
    return undefined;
  }
}
