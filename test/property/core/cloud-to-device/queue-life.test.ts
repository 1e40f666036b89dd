import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CommandEvent } from "../../../../core/cloud-to-device/command-event.ts";
import { type CommandQueue, emptyQueue, evolveQueue } from "../../../../core/cloud-to-device/command-queue.ts";
import { decideQueue, type QueueCommand, type Settlement } from "../../../../core/cloud-to-device/decide.ts";
import { lockTimeoutMs, maxDeliveryCount, maxPendingCommands } from "../../../../core/cloud-to-device/limits.ts";
import { HubError } from "../../../../core/hub-error.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

/** What the queue should be, told as simply as can be. */
type Modelled = {
  readonly messages: Map<number, { readonly expiresAt: number; abandons: number; token?: string; lockedUntil: number }>;
  readonly ended: Set<number>;
  sent: number;
};

type Real = { now: number; queue: CommandQueue; events: number; tokens: number };

/** Decides and applies; undefined when the queue refuses. */
function run(real: Real, command: QueueCommand): readonly CommandEvent[] | undefined {
  try {
    const events = decideQueue(command, real.queue);
    for (const event of events) {
      real.events += 1;
      real.queue = evolveQueue(real.queue, event, real.events);
    }
    return events;
  } catch (error) {
    if (error instanceof HubError) return undefined;
    throw error;
  }
}

function assertSame({ messages, sent, ended }: Modelled, { queue }: Real): void {
  assert.ok(queue.pending.length <= maxPendingCommands);
  assert.equal(queue.lastSequenceNumber, sent);
  assert.deepEqual(
    queue.pending.map(({ sequenceNumber, deliveryCount }) => [sequenceNumber, deliveryCount]),
    [...messages].map(([number, { abandons }]) => [number, abandons]),
  );
  assert.equal(messages.size + ended.size, sent);
}

function end({ messages, ended }: Modelled, sequenceNumber: number): void {
  assert.ok(messages.delete(sequenceNumber), "ended while it waits");
  assert.ok(!ended.has(sequenceNumber), "ended once");
  ended.add(sequenceNumber);
}

type Step = fc.Command<Modelled, Real>;

const step = (name: string, act: (model: Modelled, real: Real) => void): Step => ({
  check: () => true,
  run(model, real) {
    act(model, real);
    assertSame(model, real);
  },
  toString: () => name,
});

const enqueue = (ttlMs: number): Step =>
  step(`enqueue for ${ttlMs} ms`, (model, real) => {
    const messageId = `m${model.sent + 1}`;
    const message = {
      messageId,
      to: "",
      ack: "full",
      expiresAt: iso(real.now + ttlMs),
      properties: {},
      body: "",
    } as const;
    const events = run(real, { type: "Enqueue", now: iso(real.now), message });
    assert.equal(events !== undefined, model.messages.size < maxPendingCommands);
    if (events === undefined) return;
    model.sent += 1;
    model.messages.set(model.sent, { expiresAt: real.now + ttlMs, abandons: 0, lockedUntil: 0 });
  });

const deliver = step("deliver", (model, real) => {
  const { now } = real;
  real.tokens += 1;
  const lockToken = `t${real.tokens}`;
  const lockedUntil = now + lockTimeoutMs;
  const of = { lockToken, lockedUntil: iso(lockedUntil), connectionId: "c", protocol: "mqtt" } as const;
  const [event] = run(real, { type: "Deliver", now: iso(now), ...of }) ?? [];
  const expected = [...model.messages].find(([, one]) => one.expiresAt > now && one.lockedUntil <= now);
  const delivered = event?.type === "CommandDelivered" ? event.data.sequenceNumber : undefined;
  assert.equal(delivered, expected?.[0]);
  if (expected !== undefined) Object.assign(expected[1], { token: lockToken, lockedUntil });
});

const settle = (settlement: Settlement, token: number): Step =>
  step(`${settlement} ${token}`, (model, real) => {
    const lockToken = `t${(token % Math.max(1, real.tokens)) + 1}`;
    const events = run(real, { type: "Settle", now: iso(real.now), lockToken, settlement });
    const held = [...model.messages].find(([, one]) => one.token === lockToken && one.lockedUntil > real.now);
    assert.equal(events !== undefined, held !== undefined);
    if (held === undefined) return;
    const [sequenceNumber, message] = held;
    if (settlement === "abandon" && message.abandons + 1 < maxDeliveryCount) {
      message.abandons += 1;
      message.lockedUntil = 0;
    } else {
      const [event] = events ?? [];
      assert.equal(event?.type === "CommandDeadLettered", settlement === "abandon");
      end(model, sequenceNumber);
    }
  });

const expire = step("expire", (model, real) => {
  const due = [...model.messages].filter(([, one]) => Math.max(one.expiresAt, one.lockedUntil) <= real.now);
  const [event] = run(real, { type: "Expire", now: iso(real.now) }) ?? [];
  assert.equal(event?.type === "CommandExpired", due.length > 0);
  if (event?.type === "CommandExpired") end(model, event.data.sequenceNumber);
});

const purge = step("purge", (model, real) => {
  const [event] = run(real, { type: "Purge", now: iso(real.now) }) ?? [];
  const purged = event?.type === "CommandsPurged" ? event.data.messages : [];
  assert.equal(purged.length, model.messages.size);
  for (const { sequenceNumber } of purged) end(model, sequenceNumber);
});

const pass = (ms: number): Step =>
  step(`${ms} ms pass`, (_model, real) => {
    real.now += ms;
  });

const settlement = fc.constantFrom<Settlement>("complete", "reject", "abandon", "abandon", "abandon");

// spec/messaging 6.1, 6.3
test("whatever happens in whatever order, a queue is bounded, counts its abandons and ends each message once", () => {
  const steps = [
    fc.integer({ min: 1, max: 200_000 }).map(enqueue),
    fc.integer({ min: 1, max: 200_000 }).map(enqueue),
    fc.constant(deliver),
    fc.constant(deliver),
    fc.tuple(settlement, fc.nat(200)).map(([how, token]) => settle(how, token)),
    fc.constant(expire),
    fc.integer({ min: 1, max: 50_000 }).map(pass),
    fc.constantFrom(...Array.from({ length: 9 }, () => deliver), purge),
  ];
  const start = Date.parse("2026-01-01T00:00:00.000Z");
  const setup = () => ({
    model: { messages: new Map(), ended: new Set<number>(), sent: 0 } as Modelled,
    real: { now: start, queue: emptyQueue("1"), events: 0, tokens: 0 },
  });
  const property = fc.property(fc.commands(steps, { size: "max", maxCommands: 300 }), (commands) =>
    fc.modelRun(setup, commands),
  );
  fc.assert(property, { numRuns: 200 });
});
