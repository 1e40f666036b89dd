import type { Ack, CommandEvent, CommandMessage } from "../../../../core/cloud-to-device/command-event.ts";
import { type CommandQueue, emptyQueue, evolveQueue } from "../../../../core/cloud-to-device/command-queue.ts";
import { decideQueue, type QueueCommand, type Settlement } from "../../../../core/cloud-to-device/decide.ts";
import { specFor } from "../../../support/given.ts";

const start = Date.parse("2026-03-01T12:00:00.000Z");

/** A moment so many seconds after the queue's first message. */
export const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();

type Counted = { readonly queue: CommandQueue; readonly events: number };

/** A device's queue as examples: events fold as from a journal that holds nothing else. */
export const given = specFor<QueueCommand, CommandEvent, Counted>({
  initial: () => ({ queue: emptyQueue("1"), events: 0 }),
  decide: (command, { queue }) => decideQueue(command, queue),
  evolve: ({ queue, events }, event) => ({ queue: evolveQueue(queue, event, events + 1), events: events + 1 }),
});

/** A message as it is kept; it expires after an hour unless told. */
export const message = (messageId: string, { ack = "full", expires = 3600 }: { ack?: Ack; expires?: number } = {}) =>
  ({
    messageId,
    to: "/devices/d/messages/devicebound",
    ack,
    expiresAt: at(expires),
    properties: {},
    body: "aGVsbG8=",
  }) satisfies CommandMessage;

const part = (sequenceNumber: number, seconds: number) => ({
  generationId: "1",
  sequenceNumber,
  messageId: `m${sequenceNumber}`,
  at: at(seconds),
});

export const enqueued = (sequenceNumber: number, options: { ack?: Ack; expires?: number } = {}): CommandEvent => ({
  type: "CommandEnqueued",
  data: { ...part(sequenceNumber, 0), ...message(`m${sequenceNumber}`, options) },
});

type Delivery = { readonly seconds?: number; readonly connectionId?: string | null };

export const delivered = (
  sequenceNumber: number,
  lockToken: string,
  { seconds = 0, connectionId = "c1" }: Delivery = {},
): CommandEvent => ({
  type: "CommandDelivered",
  data: { ...part(sequenceNumber, seconds), lockToken, lockedUntil: at(seconds + 60), connectionId, protocol: "amqp" },
});

export const abandoned = (sequenceNumber: number, deliveryCount: number, seconds = 0): CommandEvent => ({
  type: "CommandAbandoned",
  data: { ...part(sequenceNumber, seconds), deliveryCount },
});

/** One of the ends of a message that asked for full feedback. */
export const ended = (
  type: "CommandCompleted" | "CommandRejected" | "CommandExpired",
  sequenceNumber: number,
  seconds = 0,
): CommandEvent => ({ type, data: { ...part(sequenceNumber, seconds), ack: "full" } });

export const deadLettered = (sequenceNumber: number, deliveryCount: number, seconds = 0): CommandEvent => ({
  type: "CommandDeadLettered",
  data: { ...part(sequenceNumber, seconds), ack: "full", reason: "DeliveryCountExceeded", deliveryCount },
});

export const purged = (sequenceNumbers: readonly number[], seconds = 0): CommandEvent => {
  const messages = sequenceNumbers.map((number) => ({
    sequenceNumber: number,
    messageId: `m${number}`,
    ack: "full" as const,
  }));
  return { type: "CommandsPurged", data: { generationId: "1", messages, at: at(seconds) } };
};

export const enqueue = (messageId: string): QueueCommand => ({
  type: "Enqueue",
  now: at(0),
  message: message(messageId),
});

export const deliver = (lockToken: string, { seconds = 0, connectionId = "c1" }: Delivery = {}): QueueCommand => ({
  type: "Deliver",
  now: at(seconds),
  lockToken,
  lockedUntil: at(seconds + 60),
  connectionId,
  protocol: "amqp",
});

export const settle = (settlement: Settlement, lockToken: string, seconds = 0): QueueCommand => ({
  type: "Settle",
  now: at(seconds),
  lockToken,
  settlement,
});
