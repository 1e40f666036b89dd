import type { CommandEvent } from "../core/cloud-to-device/command-event.ts";
import {
  type CommandQueue,
  dueAt,
  emptyQueue,
  evolveQueue,
  type PendingCommand,
} from "../core/cloud-to-device/command-queue.ts";
import type { Versioned } from "../core/ports.ts";
import { upsertSql } from "./columns.ts";
import type { Identities, IdentityChange } from "./identities.ts";
import { createRowCache, type RowAccess } from "./row-cache.ts";
import type { Store } from "./store.ts";

/** A queue as the views hold it. */
export type QueueRow = Versioned<CommandQueue>;

/** The view of cloud-to-device messages: a row for each device that was sent one in its present generation. */
export type CommandQueues = {
  identityChanged(change: IdentityChange): void;
  command(deviceId: string, event: CommandEvent, sequence: number): void;
  readonly read: (deviceId: string) => QueueRow | undefined;
  readonly flush: () => void;
  readonly clear: () => void;
};

/** What the view is made with. */
export type CommandQueuesOptions = {
  /** How much may be kept in memory, see `createRowCache`. */
  readonly cacheBudget: number;
  readonly generationOf: Identities["generationOf"];
};

/** Makes the view over the table `commandQueues`. */
export function createCommandQueues(store: Store, { cacheBudget, generationOf }: CommandQueuesOptions): CommandQueues {
  const rows = createRowCache<QueueRow>(queueAccess(store), cacheBudget);
  return {
    identityChanged({ kind, deviceId, moduleId }) {
      // A birth comes after an end that cleared the place.
      if (kind === "ended" && moduleId === "") rows.set(deviceId, "", undefined);
    },
    command(deviceId, event, sequence) {
      const { generationId } = event.data;
      const before = rows.get(deviceId, "")?.value;
      // A node may write the end of a message after its device is gone or made anew.
      if (before?.generationId !== generationId && generationOf({ deviceId }) !== generationId) return;
      const value = evolveQueue(before ?? emptyQueue(generationId), event, sequence);
      rows.set(deviceId, "", { value, sequence });
    },
    read: (deviceId) => rows.get(deviceId, ""),
    flush: rows.flush,
    clear: rows.clear,
  };
}

const columns = ["generationId", "lastSequenceNumber", "pending", "dueAt", "sequence"];
const save = upsertSql("commandQueues", { key: ["deviceId"], columns, jsonb: ["pending"] });
const remove = "DELETE FROM commandQueues WHERE deviceId = ?";
const load =
  "SELECT generationId, lastSequenceNumber, json(pending) AS pending, sequence FROM commandQueues WHERE deviceId = ?";
const due = "SELECT deviceId FROM commandQueues WHERE dueAt <= ? ORDER BY dueAt, deviceId LIMIT ?";

/** About what a row and each of its messages take in memory. */
const rowBytes = 300;
const messageBytes = 600;

/** How the rows of `commandQueues` are read and written. */
export function queueAccess(store: Store): RowAccess<QueueRow> {
  return {
    load(deviceId) {
      const row = store.prepare(load).get(deviceId);
      return row && queueOf(row as StoredQueue);
    },
    save(deviceId, _moduleId, { value, sequence }) {
      const { generationId, lastSequenceNumber, pending } = value;
      const firstDue = pending.map(dueAt).sort()[0] ?? null;
      store.prepare(save).run(deviceId, generationId, lastSequenceNumber, JSON.stringify(pending), firstDue, sequence);
    },
    remove(deviceId) {
      store.prepare(remove).run(deviceId);
    },
    weigh: ({ value }) => rowBytes + messageBytes * value.pending.length,
  };
}

type StoredQueue = {
  readonly generationId: string;
  readonly lastSequenceNumber: number;
  readonly pending: string;
  readonly sequence: number;
};

function queueOf({ generationId, lastSequenceNumber, pending: text, sequence }: StoredQueue): QueueRow {
  // The view wrote this column from messages.
  const pending = JSON.parse(text) as readonly PendingCommand[];
  return { value: { generationId, lastSequenceNumber, pending }, sequence };
}

/** Devices with messages that are due to expire at `now`, those that are due the longest first. */
export const readDueQueues = (store: Store, now: string, limit: number): readonly string[] =>
  store
    .prepare(due)
    .all(now, limit)
    .map(({ deviceId }) => String(deviceId));
