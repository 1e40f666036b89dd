import { evolveUploads, noUploads } from "../core/file-upload/evolve.ts";
import type { DeviceUploads, EndedUpload, FileUploadEvent, UploadInFlight } from "../core/file-upload/file-upload.ts";
import type { Versioned } from "../core/ports.ts";
import { upsertSql } from "./columns.ts";
import type { Identities, IdentityChange } from "./identities.ts";
import { createRowCache, type RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

type UploadsRow = Versioned<DeviceUploads>;

/** The view of file uploads: a row for each device that asked for one in its present generation. */
export type FileUploadsView = {
  identityChanged(change: IdentityChange): void;
  fileUpload(deviceId: string, event: FileUploadEvent, sequence: number): void;
  readonly read: (deviceId: string) => UploadsRow | undefined;
  readonly flush: () => void;
  readonly clear: () => void;
};

/** What the view is made with. */
export type FileUploadsOptions = {
  /** How much may be kept in memory, see `createRowCache`. */
  readonly cacheBudget: number;
  readonly generationOf: Identities["generationOf"];
};

/** Makes the view over the table `fileUploads`. */
export function createFileUploadsView(
  store: Store,
  { cacheBudget, generationOf }: FileUploadsOptions,
): FileUploadsView {
  const rows = createRowCache<UploadsRow>(uploadsAccess(store), cacheBudget);
  return {
    identityChanged({ kind, deviceId, moduleId }) {
      // A birth comes after an end that cleared the place.
      if (kind === "ended" && moduleId === "") rows.set(deviceId, "", undefined);
    },
    fileUpload(deviceId, event, sequence) {
      const { generationId } = event.data;
      const before = rows.get(deviceId, "")?.value;
      // A node may write the end of an upload after its device is gone or made anew.
      if (before?.generationId !== generationId && generationOf({ deviceId }) !== generationId) return;
      const value = evolveUploads(before ?? noUploads(generationId), event);
      rows.set(deviceId, "", { value, sequence });
    },
    read: (deviceId) => rows.get(deviceId, ""),
    flush: rows.flush,
    clear: rows.clear,
  };
}

const columns = ["generationId", "inFlight", "ended", "dueAt", "sequence"];
const save = upsertSql("fileUploads", { key: ["deviceId"], columns, jsonb: ["inFlight", "ended"] });
const remove = "DELETE FROM fileUploads WHERE deviceId = ?";
const load = `SELECT generationId, json(inFlight) AS inFlight, json(ended) AS ended, sequence
  FROM fileUploads WHERE deviceId = ?`;
const due = "SELECT deviceId FROM fileUploads WHERE dueAt <= ? ORDER BY dueAt, deviceId LIMIT ?";

/** About what a row and each of its uploads take in memory. */
const rowBytes = 300;
const uploadBytes = 1_500;

function uploadsAccess(store: Store): RowAccess<UploadsRow> {
  return {
    load(deviceId) {
      const row = store.prepare(load).get(deviceId);
      return row && uploadsOf(row as StoredUploads);
    },
    save(deviceId, _moduleId, { value, sequence }) {
      const { generationId, inFlight, ended } = value;
      const firstDue = inFlight.map(({ expiresAt }) => expiresAt).sort()[0] ?? null;
      const [open, over] = [JSON.stringify(inFlight), JSON.stringify(ended)];
      store.prepare(save).run(deviceId, generationId, open, over, firstDue, sequence);
    },
    remove(deviceId) {
      store.prepare(remove).run(deviceId);
    },
    weigh: ({ value }) => rowBytes + uploadBytes * (value.inFlight.length + value.ended.length),
  };
}

type StoredUploads = {
  readonly generationId: string;
  readonly inFlight: string;
  readonly ended: string;
  readonly sequence: number;
};

function uploadsOf({ generationId, inFlight, ended, sequence }: StoredUploads): UploadsRow {
  // The view wrote these columns from uploads.
  const open = JSON.parse(inFlight) as readonly UploadInFlight[];
  return { value: { generationId, inFlight: open, ended: JSON.parse(ended) as readonly EndedUpload[] }, sequence };
}

/** Devices with uploads that are due to expire at `now`, those that are due the longest first. */
export const readDueUploads = (store: Store, now: string, limit: number): readonly string[] =>
  store
    .prepare(due)
    .all(now, limit)
    .map(({ deviceId }) => String(deviceId));
