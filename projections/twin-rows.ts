import type { Json, JsonObject } from "../core/json.ts";
import type { Versioned } from "../core/ports.ts";
import type { TwinConfigurations, TwinState } from "../core/twin/twin.ts";
import { upsertSql } from "./columns.ts";
import type { RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** A twin as the views hold it. `sequence` is 0 until the twin's first event of its own. */
export type TwinRow = Versioned<TwinState>;

/** The columns beside the key, each with its value; `null` stands for what is absent. */
const values = {
  generationId: ({ value }) => value.generationId,
  version: ({ value }) => value.version,
  etag: ({ value }) => value.etag,
  tags: ({ value }) => JSON.stringify(value.tags),
  desired: ({ value }) => JSON.stringify(value.desired.values),
  desiredMetadata: ({ value }) => JSON.stringify(value.desired.metadata),
  desiredVersion: ({ value }) => value.desired.version,
  reported: ({ value }) => JSON.stringify(value.reported.values),
  reportedMetadata: ({ value }) => JSON.stringify(value.reported.metadata),
  reportedVersion: ({ value }) => value.reported.version,
  configurations: ({ value }) => (value.configurations ? JSON.stringify(value.configurations) : null),
  deployment: ({ value }) => value.deployment ?? null,
  sequence: ({ sequence }) => sequence,
} as const satisfies Record<string, (row: TwinRow) => string | number | null>;

type Column = keyof typeof values;

const columns = Object.keys(values) as readonly Column[];
const jsonb: readonly Column[] = [
  "tags",
  "desired",
  "desiredMetadata",
  "reported",
  "reportedMetadata",
  "configurations",
];
const save = upsertSql("twins", { key: ["deviceId", "moduleId"], columns, jsonb });
const remove = "DELETE FROM twins WHERE deviceId = ? AND moduleId = ?";
const load = `SELECT generationId, version, etag, desiredVersion, reportedVersion, deployment, sequence,
  ${jsonb.map((column) => `json(${column}) AS ${column}`).join(", ")} FROM twins WHERE deviceId = ? AND moduleId = ?`;

/** How the rows of `twins` are read and written. */
export function twinAccess(store: Store): RowAccess<TwinRow> {
  return {
    load(deviceId, moduleId) {
      const row = store.prepare(load).get(deviceId, moduleId);
      return row && twinOf(row as StoredTwin);
    },
    save(deviceId, moduleId, row, stored) {
      if (stored?.value.generationId === row.value.generationId)
        writeChanges(store, { deviceId, moduleId, row, stored });
      else store.prepare(save).run(deviceId, moduleId, ...columns.map((column) => values[column](row)));
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

type Change = {
  readonly deviceId: string;
  readonly moduleId: string;
  readonly row: TwinRow;
  readonly stored: TwinRow;
};

/** What goes up with every write, and what is written only when it changed, together with what it is made of. */
const counters = ["version", "etag", "sequence"] as const;
const sections = [
  { name: "tags", columns: ["tags"] },
  { name: "desired", columns: ["desired", "desiredMetadata", "desiredVersion"] },
  { name: "reported", columns: ["reported", "reportedMetadata", "reportedVersion"] },
  { name: "configurations", columns: ["configurations"] },
  { name: "deployment", columns: ["deployment"] },
] as const;

/** Leaves out what stays: indexes for queries on that need not be kept up then. */
function writeChanges(store: Store, { deviceId, moduleId, row, stored }: Change): void {
  // Events leave the sections that they don't touch as the objects they were.
  const changed = sections.filter(({ name }) => row.value[name] !== stored.value[name]);
  const written: readonly Column[] = [...counters, ...changed.flatMap((section) => section.columns)];
  const assignments = written.map((column) => `${column} = ${jsonb.includes(column) ? "jsonb(?)" : "?"}`);
  store
    .prepare(`UPDATE twins SET ${assignments.join(", ")} WHERE deviceId = ? AND moduleId = ?`)
    .run(...written.map((column) => values[column](row)), deviceId, moduleId);
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
  readonly configurations: string | null;
  readonly deployment: string | null;
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
  const value = {
    generationId,
    version,
    etag,
    tags,
    desired,
    reported,
    // The view wrote this column from them.
    ...(row.configurations !== null && { configurations: JSON.parse(row.configurations) as TwinConfigurations }),
    ...(row.deployment !== null && { deployment: row.deployment }),
  };
  return { value, sequence };
}

// The view wrote these columns from objects.
const objectOf = (text: string): JsonObject => JSON.parse(text) as JsonObject;
