import type { Protocol } from "../connection/connection.ts";
import type { Actor } from "../events.ts";
import { HubError } from "../hub-error.ts";
import { requireDevice } from "../identity/load-identity.ts";
import type { RequestContext } from "../identity/registry.ts";
import { newEventMeta } from "../journal/event-meta.ts";
import { type Executed, execute, type Loaded } from "../journal/execute.ts";
import { createTurns, type Turns } from "../journal/turns.ts";
import type { Clock, Ids, Journal, ReadModel } from "../ports.ts";
import type { CommandEvent, CommandMessage } from "./command-event.ts";
import { type CommandQueue, dueAt, emptyQueue, isLocked } from "./command-queue.ts";
import { type CommandState, endedState, pendingState } from "./command-state.ts";
import { decideQueue, type QueueCommand, type Settlement } from "./decide.ts";
import { lockTimeoutMs, maxPendingCommands } from "./limits.ts";
import { type CommandInput, newCommand } from "./new-command.ts";

/** A message to a device. It has a correlation id of its own, apart from that of the request. */
export type SendCommand = RequestContext & { readonly deviceId: string; readonly message: CommandInput };

/** What a back end learns of a message that it sent. Times are ISO 8601, UTC, milliseconds. */
export type SentCommand = {
  readonly messageId: string;
  readonly sequenceNumber: number;
  readonly enqueuedTime: string;
  readonly expiresAt: string;
};

/** A device that asks for its next message. */
export type ReceiveCommand = RequestContext & {
  readonly deviceId: string;
  /** The connection to push the message to; null for HTTPS. */
  readonly connectionId: string | null;
  readonly protocol: Protocol;
  /** How long the device may keep it, in milliseconds; a minute when absent. */
  readonly lockMs?: number;
};

/** A message in a device's hands. */
export type ReceivedCommand = CommandMessage & {
  readonly lockToken: string;
  readonly sequenceNumber: number;
  readonly enqueuedTime: string;
  readonly deliveryCount: number;
  /** Whether it was delivered before and never settled. */
  readonly redelivered: boolean;
};

/** How a device settles a message. */
export type SettleCommand = RequestContext & {
  readonly deviceId: string;
  readonly lockToken: string;
  readonly settlement: Settlement;
};

/**
 * Cloud-to-device messages (spec/messaging 6). All but `receive` and `settle` throw HubError `DeviceNotFound` for an unknown
 * device; whatever writes throws as `execute` does too.
 */
export type Commands = {
  /**
   * Puts a message into a device's queue. Throws `DeviceNotFound` also for a disabled device,
   * `DeviceMaximumQueueDepthExceeded`, and as `newCommand`.
   */
  send(request: SendCommand): Promise<SentCommand>;
  /** Locks the oldest free message; undefined when none is free, or the connection is not the device's present one. */
  receive(request: ReceiveCommand): Promise<ReceivedCommand | undefined>;
  /** Settles a message. Throws `DeviceMessageLockLost`. */
  settle(request: SettleCommand): Promise<void>;
  /** When the first lock of the device's messages runs out: ISO 8601; undefined when it has none in hands. */
  nextUnlock(deviceId: string): string | undefined;
  /** Drops all messages of a device; resolves to their number. */
  purge(request: RequestContext & { readonly deviceId: string }): Promise<number>;
  /** The messages that wait for a device or are in its hands, oldest first. */
  pending(deviceId: string): readonly CommandState[];
  /** Where the newest message of this id stands. Throws `GenericNotFound`. */
  state(deviceId: string, messageId: string): Promise<CommandState>;
  /** Ends the messages of all devices whose time has come. Any number of nodes may do this at once. */
  expireDue(): Promise<void>;
};

/** What the use cases are built from. */
export type CommandsDeps = {
  readonly journal: Pick<Journal, "append" | "readSequences">;
  readonly readModel: Pick<
    ReadModel,
    "device" | "connection" | "commandQueue" | "devicesWithDueCommands" | "history" | "applied"
  >;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly nodeId: string;
};

/** The dependencies, and the turns that the events of one queue take on this node. */
type Deps = CommandsDeps & { readonly inTurn: Turns };

/** Makes the use cases. */
export function createCommands(ports: CommandsDeps): Commands {
  const deps: Deps = { ...ports, inTurn: createTurns() };
  const { readModel, clock } = deps;
  const now = (): string => clock.isoTime(clock.now());
  const queueOf = (deviceId: string): CommandQueue => {
    const { generationId } = requireDevice(readModel, deviceId);
    return readModel.commandQueue(deviceId)?.value ?? emptyQueue(generationId);
  };
  return {
    send: (request) => send(deps, request),
    receive: (request) => receive(deps, request),
    async settle({ deviceId, lockToken, settlement, ...origin }) {
      await run(deps, deviceId, origin, () => ({ type: "Settle", now: now(), lockToken, settlement }));
    },
    nextUnlock(deviceId) {
      const pending = readModel.commandQueue(deviceId)?.value.pending ?? [];
      const time = now();
      return pending.flatMap((message) => (isLocked(message, time) ? (message.lock?.lockedUntil ?? []) : [])).sort()[0];
    },
    async purge({ deviceId, ...origin }) {
      requireDevice(readModel, deviceId);
      const { events } = await run(deps, deviceId, origin, () => ({ type: "Purge", now: now() }));
      return events.reduce(
        (count, { type, data }) => count + (type === "CommandsPurged" ? data.messages.length : 0),
        0,
      );
    },
    pending: (deviceId) => {
      const time = now();
      return queueOf(deviceId)
        .pending.filter((message) => dueAt(message) > time)
        .map((message) => pendingState(message, time));
    },
    async state(deviceId, messageId) {
      const { generationId, pending } = queueOf(deviceId);
      const found = pending.findLast((message) => message.messageId === messageId);
      return found === undefined
        ? await endedState(deps, { deviceId, generationId, messageId })
        : pendingState(found, now());
    },
    expireDue: () => expireDue(deps),
  };
}

async function send(deps: Deps, request: SendCommand): Promise<SentCommand> {
  const { readModel, clock, ids } = deps;
  const { deviceId, message: input, ...origin } = request;
  const nowMs = clock.now();
  const isoTime = (ms: number): string => clock.isoTime(ms);
  requireEnabled(readModel, deviceId);
  const message = newCommand(input, { deviceId, nowMs, isoTime, newMessageId: () => ids.uuid() });
  // Messages whose time has come fill no place, even if nobody has noticed their end yet.
  if (isFull(readModel, deviceId)) await expireQueue(deps, deviceId);
  const { events } = await run(deps, deviceId, origin, () => {
    requireEnabled(readModel, deviceId);
    return { type: "Enqueue", now: isoTime(clock.now()), message };
  });
  const [enqueued] = events;
  if (enqueued?.type !== "CommandEnqueued") throw new HubError("ServerError", "A message was sent and not enqueued");
  const { messageId, sequenceNumber, at: enqueuedTime, expiresAt } = enqueued.data;
  return { messageId, sequenceNumber, enqueuedTime, expiresAt };
}

const isFull = (readModel: Pick<ReadModel, "commandQueue">, deviceId: string): boolean =>
  (readModel.commandQueue(deviceId)?.value.pending.length ?? 0) >= maxPendingCommands;

/** A disabled device counts as unknown here (IoT Hub docs: troubleshoot error codes, 404001). */
function requireEnabled(readModel: Pick<ReadModel, "device">, deviceId: string): void {
  if (requireDevice(readModel, deviceId).fields.status === "disabled") {
    throw new HubError("DeviceNotFound", deviceId, { deviceId });
  }
}

async function receive(deps: Deps, request: ReceiveCommand): Promise<ReceivedCommand | undefined> {
  const { readModel, journal, clock, ids } = deps;
  const { deviceId, connectionId, protocol, lockMs = lockTimeoutMs, ...origin } = request;
  const lockToken = ids.uuid();
  let before: CommandQueue | undefined;
  const { events } = await run(deps, deviceId, origin, (queue) => {
    before = queue;
    // The device may have come back over another node meanwhile: what is free is that connection's to take.
    const isPresent = connectionId === null || readModel.connection({ deviceId }).connectionId === connectionId;
    if (!isPresent) return undefined;
    const nowMs = clock.now();
    const lockedUntil = clock.isoTime(nowMs + lockMs);
    return { type: "Deliver", now: clock.isoTime(nowMs), lockToken, lockedUntil, connectionId, protocol };
  });
  const [delivered] = events;
  if (delivered?.type !== "CommandDelivered") return undefined;
  const { sequenceNumber } = delivered.data;
  const taken = before?.pending.find((message) => message.sequenceNumber === sequenceNumber);
  if (taken === undefined) throw new HubError("ServerError", "A message was delivered that the queue does not have");
  const [enqueued] = await journal.readSequences([taken.eventSequence]);
  if (enqueued?.event.type !== "CommandEnqueued") {
    throw new HubError("ServerError", "The journal does not hold the message where the views say");
  }
  const { enqueuedTime, deliveryCount, lock } = taken;
  const { generationId: _generationId, at: _at, ...message } = enqueued.event.data;
  return { ...message, lockToken, enqueuedTime, deliveryCount, redelivered: lock !== null };
}

const devicesAtOnce = 100;

async function expireDue(deps: Deps): Promise<void> {
  const { readModel, clock } = deps;
  for (;;) {
    const due = readModel.devicesWithDueCommands(clock.isoTime(clock.now()), devicesAtOnce);
    await Promise.all(due.map((deviceId) => expireQueue(deps, deviceId)));
    if (due.length < devicesAtOnce) return;
  }
}

async function expireQueue(deps: Deps, deviceId: string): Promise<void> {
  const { clock, nodeId } = deps;
  const origin = { actor: { kind: "hub", nodeId } satisfies Actor, correlationId: nodeId };
  const expire = (): QueueCommand => ({ type: "Expire", now: clock.isoTime(clock.now()) });
  // One event a decision: each message ends by an event of its own.
  while ((await run(deps, deviceId, origin, expire)).events.length > 0);
}

/** Has a command decided against the queue; one that is undefined, or for a device that is gone, changes nothing. */
function run(
  deps: Deps,
  deviceId: string,
  origin: RequestContext,
  command: (queue: CommandQueue) => QueueCommand | undefined,
): Promise<Executed<CommandQueue, CommandEvent>> {
  const { readModel } = deps;
  const load = (): Loaded<CommandQueue> => {
    const generationId = readModel.device(deviceId)?.value.generationId ?? "";
    const found = readModel.commandQueue(deviceId);
    return found === undefined
      ? { state: emptyQueue(generationId), sequence: 0 }
      : { state: found.value, sequence: found.sequence };
  };
  const decide = (queue: CommandQueue): readonly CommandEvent[] => {
    const wanted = command(queue);
    return wanted === undefined ? [] : decideQueue(wanted, queue);
  };
  const key = { aggregate: "command", id: deviceId } as const;
  return deps.inTurn(deviceId, () => execute({ ...deps, key, load, decide, meta: newEventMeta(deps, origin) }));
}
