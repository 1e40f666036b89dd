import type { Json, JsonObject } from "../core/json.ts";
import type { Versioned } from "../core/ports.ts";
import type { TwinState } from "../core/twin/twin.ts";
import { upsertSql } from "./columns.ts";
import type { RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** A twin as the views hold it. `sequence` is 0 until the twin's first event of its own. */
export type TwinRow = Versioned<TwinState>;

const columns = [
  "generationId",
  "version",
  "etag",
  "tags",
  "desired",
  "desiredMetadata",
  "desiredVersion",
  "reported",
  "reportedMetadata",
  "reportedVersion",
  "sequence",
];
const jsonb = ["tags", "desired", "desiredMetadata", "reported", "reportedMetadata"];
const save = upsertSql("twins", { key: ["deviceId", "moduleId"], columns, jsonb });
const saveReported = `UPDATE twins SET version = ?, reported = jsonb(?), reportedMetadata = jsonb(?), reportedVersion = ?,
  sequence = ? WHERE deviceId = ? AND moduleId = ?`;
const remove = "DELETE FROM twins WHERE deviceId = ? AND moduleId = ?";
const load = `SELECT generationId, version, etag, desiredVersion, reportedVersion, sequence,
  ${jsonb.map((column) => `json(${column}) AS ${column}`).join(", ")} FROM twins WHERE deviceId = ? AND moduleId = ?`;

/** How the rows of `twins` are read and written. */
export function twinAccess(store: Store): RowAccess<TwinRow> {
  return {
    load(deviceId, moduleId) {
      const row = store.prepare(load).get(deviceId, moduleId);
      return row && twinOf(row as StoredTwin);
    },
    save(deviceId, moduleId, row, stored) {
      if (stored && onlyReportedDiffers(row, stored)) writeReported(store, { deviceId, moduleId }, row);
      else writeAll(store, { deviceId, moduleId }, row);
    },
    remove(deviceId, moduleId) {
      store.prepare(remove).run(deviceId, moduleId);
    },
    weigh: ({ value: { tags, desired, reported } }) =>
      identityWeight + weighContent(tags) + weighContent(desired.values) + weighContent(reported.values),
  };
}

/**
 * About the memory that some content of a twin takes with its metadata, which notes a time for every value however short.
 * The depth is bounded by what core lets into a twin.
 */
function weighContent(content: Json): number {
  if (typeof content === "string") return nodeWeight + content.length;
  if (typeof content !== "object" || content === null) return nodeWeight;
  let weight = nodeWeight;
  for (const value of Object.values(content)) weight += weighContent(value);
  return weight;
}

const nodeWeight = 100;
const identityWeight = 500;

// Events leave the sections that they don't touch as the objects they were; the etag may change without any of them.
const onlyReportedDiffers = ({ value: now }: TwinRow, { value: before }: TwinRow): boolean =>
  now.generationId === before.generationId &&
  now.etag === before.etag &&
  now.tags === before.tags &&
  now.desired === before.desired;

type RowKey = { readonly deviceId: string; readonly moduleId: string };

function writeReported(store: Store, { deviceId, moduleId }: RowKey, { value, sequence }: TwinRow): void {
  const { version, reported } = value;
  const documents = [JSON.stringify(reported.values), JSON.stringify(reported.metadata)];
  store.prepare(saveReported).run(version, ...documents, reported.version, sequence, deviceId, moduleId);
}

function writeAll(store: Store, { deviceId, moduleId }: RowKey, { value, sequence }: TwinRow): void {
  const { generationId, version, etag, tags, desired, reported } = value;
  store
    .prepare(save)
    .run(
      deviceId,
      moduleId,
      generationId,
      version,
      etag,
      JSON.stringify(tags),
      JSON.stringify(desired.values),
      JSON.stringify(desired.metadata),
      desired.version,
      JSON.stringify(reported.values),
      JSON.stringify(reported.metadata),
      reported.version,
      sequence,
    );
}

type StoredTwin = {
  readonly generationId: string;
  readonly version: number;
  readonly etag: string;
  readonly tags: string;
  readonly desired: string;
  readonly desiredMetadata: string;
  readonly desiredVersion: number;
  readonly reported: string;
  readonly reportedMetadata: string;
  readonly reportedVersion: number;
  readonly sequence: number;
};

function twinOf(row: StoredTwin): TwinRow {
  const { generationId, version, etag, sequence, desiredVersion, reportedVersion } = row;
  const tags = objectOf(row.tags);
  const desired = {
    values: objectOf(row.desired),
    metadata: objectOf(row.desiredMetadata),
    version: desiredVersion,
  };
  const reported = {
    values: objectOf(row.reported),
    metadata: objectOf(row.reportedMetadata),
    version: reportedVersion,
  };
  return { value: { generationId, version, etag, tags, desired, reported }, sequence };
}

// The view wrote these columns from objects.
const objectOf = (text: string): JsonObject => JSON.parse(text) as JsonObject;
