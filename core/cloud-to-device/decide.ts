import type { Protocol } from "../connection/connection.ts";
import { HubError } from "../hub-error.ts";
import type { CommandEvent, CommandMessage } from "./command-event.ts";
import { type CommandQueue, dueAt, isLocked, type PendingCommand } from "./command-queue.ts";
import { maxDeliveryCount, maxPendingCommands } from "./limits.ts";

/** How a device settles a message that it has in hands. */
export type Settlement = "complete" | "reject" | "abandon";

/**
 * What happens to a queue. `now` is ISO 8601, UTC, milliseconds; a message goes in as it is to be kept.
 *
 * `Deliver` takes the oldest free message. `connectionId` is the device's present connection, or null over HTTPS: a lock of
 * an earlier connection counts no more, as nobody is left to settle it, so a device that comes back gets at once what it
 * left unsettled.
 */
export type QueueCommand =
  | { readonly type: "Enqueue"; readonly now: string; readonly message: CommandMessage }
  | {
      readonly type: "Deliver";
      readonly now: string;
      readonly lockToken: string;
      readonly lockedUntil: string;
      readonly connectionId: string | null;
      readonly protocol: Protocol;
    }
  | {
      readonly type: "Settle";
      readonly now: string;
      readonly lockToken: string;
      readonly settlement: Settlement;
    }
  | { readonly type: "Expire"; readonly now: string }
  | { readonly type: "Purge"; readonly now: string };

/**
 * Decides what happens to a queue: one event at most. No event means that no message is free, or due. Throws HubError
 * `DeviceMaximumQueueDepthExceeded` for a message too many, and `DeviceMessageLockLost` for a settlement of a delivery
 * whose lock has run out, was taken over, or never was.
 */
export function decideQueue(command: QueueCommand, queue: CommandQueue): readonly CommandEvent[] {
  switch (command.type) {
    case "Enqueue":
      return enqueue(command, queue);
    case "Deliver":
      return deliver(command, queue);
    case "Settle":
      return settle(command, queue);
    case "Expire": {
      const due = queue.pending.find((message) => dueAt(message) <= command.now);
      return due === undefined ? [] : [{ type: "CommandExpired", data: endOf(queue, due, command.now) }];
    }
    case "Purge":
      return purge(command, queue);
  }
}

type CommandOf<Type> = Extract<QueueCommand, { type: Type }>;

function enqueue({ message, now }: CommandOf<"Enqueue">, queue: CommandQueue): readonly CommandEvent[] {
  const { generationId, lastSequenceNumber, pending } = queue;
  if (pending.length >= maxPendingCommands) {
    const text = `The device has ${maxPendingCommands} messages waiting, which is as many as it may`;
    throw new HubError("DeviceMaximumQueueDepthExceeded", text, { count: pending.length });
  }
  const data = { generationId, sequenceNumber: lastSequenceNumber + 1, at: now, ...message };
  return [{ type: "CommandEnqueued", data }];
}

function deliver(command: CommandOf<"Deliver">, queue: CommandQueue): readonly CommandEvent[] {
  const { now, lockToken, lockedUntil, connectionId, protocol } = command;
  const free = queue.pending.find((message) => message.expiresAt > now && isFree(message, command));
  if (free === undefined) return [];
  const data = { ...partOf(queue, free, now), lockToken, lockedUntil, connectionId, protocol };
  return [{ type: "CommandDelivered", data }];
}

/** Whether a delivery may take the message. */
export function isFree(
  message: PendingCommand,
  { now, connectionId }: Pick<CommandOf<"Deliver">, "now" | "connectionId">,
): boolean {
  if (!isLocked(message, now)) return true;
  const holder = message.lock?.connectionId ?? null;
  return connectionId !== null && holder !== null && holder !== connectionId;
}

function settle(command: CommandOf<"Settle">, queue: CommandQueue): readonly CommandEvent[] {
  const { now, lockToken, settlement } = command;
  const message = queue.pending.find((one) => one.lock?.lockToken === lockToken && isLocked(one, now));
  if (message === undefined) {
    throw new HubError("DeviceMessageLockLost", "The lock of the message has run out or is unknown");
  }
  switch (settlement) {
    case "complete":
      return [{ type: "CommandCompleted", data: endOf(queue, message, now) }];
    case "reject":
      return [{ type: "CommandRejected", data: endOf(queue, message, now) }];
    case "abandon":
      return [abandon(queue, message, now)];
  }
}

/** Only an explicit abandon counts: a lock that runs out does not (spec/messaging 6.3, the docs of 2026). */
function abandon(queue: CommandQueue, message: PendingCommand, now: string): CommandEvent {
  const deliveryCount = message.deliveryCount + 1;
  if (deliveryCount < maxDeliveryCount) {
    return { type: "CommandAbandoned", data: { ...partOf(queue, message, now), deliveryCount } };
  }
  const data = { ...endOf(queue, message, now), reason: "DeliveryCountExceeded", deliveryCount } as const;
  return { type: "CommandDeadLettered", data };
}

function purge({ now }: CommandOf<"Purge">, { generationId, pending }: CommandQueue): readonly CommandEvent[] {
  if (pending.length === 0) return [];
  const messages = pending.map(({ sequenceNumber, messageId, ack }) => ({ sequenceNumber, messageId, ack }));
  return [{ type: "CommandsPurged", data: { generationId, messages, at: now } }];
}

const partOf = ({ generationId }: CommandQueue, { sequenceNumber, messageId }: PendingCommand, at: string) => ({
  generationId,
  sequenceNumber,
  messageId,
  at,
});

const endOf = (queue: CommandQueue, message: PendingCommand, at: string) => ({
  ...partOf(queue, message, at),
  ack: message.ack,
});
