import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { RecordedEvent } from "../../core/events.ts";
import type { ReadModel } from "../../core/ports.ts";
import { createProjector, type Projector } from "../../projections/projector.ts";
import { createReadModel } from "../../projections/read-model.ts";
import { openStore, type Store } from "../../projections/store.ts";
import { type Fact, record } from "./events.ts";

/** A folder of its own that goes with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "twinstream-views-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Views that are open for a test. */
export type OpenViews = { readonly store: Store; readonly projector: Projector; readonly read: ReadModel };

/** Opens the views in a file; a feed listener that throws fails the test unless `onError` takes it. */
export function openViews(file: string, onError: (error: unknown) => void = rethrow): OpenViews {
  const { store } = openStore(file);
  const projector = createProjector({ store, onError });
  return { store, projector, read: createReadModel(store, projector) };
}

function rethrow(error: unknown): never {
  throw error;
}

/**
 * Applies facts, as events 1, 2 and so on, to new views. `check` looks at the result twice: as the projector has it in
 * memory, and as it comes back from the file.
 */
export function given(t: TestContext, ...facts: readonly Fact[]) {
  const file = join(temporaryFolder(t), "views.db");
  return {
    check(look: (read: ReadModel) => void): void {
      const views = openViews(file);
      views.projector.apply(record(facts));
      look(views.read);
      views.store.close();
      const reopened = openViews(file);
      look(reopened.read);
      reopened.store.close();
    },
  };
}

/** Events in batches, as the journal is followed. */
export async function* inBatches(events: readonly RecordedEvent[], size: number) {
  for (let start = 0; start < events.length; start += size) {
    yield await Promise.resolve(events.slice(start, start + size));
  }
}
