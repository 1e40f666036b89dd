import type { Ack, CommandEvent } from "./command-event.ts";

/** That a device has a message in hands. Times are ISO 8601, UTC, milliseconds. */
export type CommandLock = {
  readonly lockToken: string;
  readonly lockedUntil: string;
  /** The connection that it was pushed to, or null. */
  readonly connectionId: string | null;
};

/** A message that has not come to its end. Its content stays in the journal. */
export type PendingCommand = {
  readonly sequenceNumber: number;
  readonly messageId: string;
  readonly ack: Ack;
  readonly enqueuedTime: string;
  readonly expiresAt: string;
  /** How often a device gave it back. */
  readonly deliveryCount: number;
  /** The last delivery, even one whose lock has run out; null before the first and after an abandon. */
  readonly lock: CommandLock | null;
  /** The journal sequence of its `CommandEnqueued`. */
  readonly eventSequence: number;
};

/** The cloud-to-device messages of one generation of a device, oldest first. */
export type CommandQueue = {
  readonly generationId: string;
  /** The number of the newest message ever, 0 before the first. */
  readonly lastSequenceNumber: number;
  readonly pending: readonly PendingCommand[];
};

/** The queue of a device that was never sent anything. */
export const emptyQueue = (generationId: string): CommandQueue => ({
  generationId,
  lastSequenceNumber: 0,
  pending: [],
});

/** Applies one event of the queue's own generation; `sequence` is its place in the journal. */
export function evolveQueue(queue: CommandQueue, { type, data }: CommandEvent, sequence: number): CommandQueue {
  switch (type) {
    case "CommandEnqueued": {
      const { sequenceNumber, messageId, ack, at: enqueuedTime, expiresAt } = data;
      const message = { sequenceNumber, messageId, ack, enqueuedTime, expiresAt };
      const added: PendingCommand = { ...message, deliveryCount: 0, lock: null, eventSequence: sequence };
      return { ...queue, lastSequenceNumber: sequenceNumber, pending: [...queue.pending, added] };
    }
    case "CommandDelivered": {
      const { lockToken, lockedUntil, connectionId } = data;
      return change(queue, data.sequenceNumber, { lock: { lockToken, lockedUntil, connectionId } });
    }
    case "CommandAbandoned":
      return change(queue, data.sequenceNumber, { lock: null, deliveryCount: data.deliveryCount });
    case "CommandCompleted":
    case "CommandRejected":
    case "CommandExpired":
    case "CommandDeadLettered":
      return without(queue, [data.sequenceNumber]);
    case "CommandsPurged":
      return without(
        queue,
        data.messages.map(({ sequenceNumber }) => sequenceNumber),
      );
  }
}

function change(queue: CommandQueue, sequenceNumber: number, changes: Partial<PendingCommand>): CommandQueue {
  const pending = queue.pending.map((message) =>
    message.sequenceNumber === sequenceNumber ? { ...message, ...changes } : message,
  );
  return { ...queue, pending };
}

const without = (queue: CommandQueue, ended: readonly number[]): CommandQueue => ({
  ...queue,
  pending: queue.pending.filter(({ sequenceNumber }) => !ended.includes(sequenceNumber)),
});

/** Whether a device has the message in hands now. Times of one format compare as texts. */
export const isLocked = ({ lock }: PendingCommand, now: string): boolean => lock !== null && lock.lockedUntil > now;

/**
 * When the message expires unless it comes to another end before. A message that a device has in hands may still be
 * completed, so it expires no sooner than its lock.
 */
export const dueAt = ({ expiresAt, lock }: PendingCommand): string =>
  lock !== null && lock.lockedUntil > expiresAt ? lock.lockedUntil : expiresAt;
