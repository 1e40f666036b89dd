import assert from "node:assert/strict";
import { FrameGuard } from "../../../../adapters/amqp/frame-guard.ts";
import { defaultLimits, type GuardLimits } from "../../../../adapters/amqp/limits.ts";
import { amqpHeader, attach, begin, flow, heartbeat, open, performative, uint, ushort } from "./amqp-bytes.ts";

/** What a guard throws. */
export const condition = (symbol: string) => ({ name: "FrameViolation", condition: symbol });
export const framing = condition("amqp:connection:framing-error");
export const decode = condition("amqp:decode-error");
export const invalid = condition("amqp:invalid-field");
export const illegal = condition("amqp:illegal-state");
export const unsupported = condition("amqp:not-implemented");

/** What rhea gets of these chunks. */
export const passed = (guard: FrameGuard, ...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat(chunks.flatMap((chunk) => guard.push(chunk)));

export const unopened = (limits: Partial<GuardLimits> = {}): FrameGuard =>
  new FrameGuard({ ...defaultLimits, ...limits });

/** The begin with which the hub answers one on channel 0. */
export const answeringBegin = performative(0x11, [ushort(0), uint(0), uint(2048), uint(2048)]);

/** A guard behind an open and a begin. */
export function begun(limits: Partial<GuardLimits> = {}): FrameGuard {
  const guard = unopened(limits);
  passed(guard, amqpHeader, open(), begin());
  guard.sent(answeringBegin);
  return guard;
}

/** A guard behind the attach of a link on which the client sends, with credit. */
export function sending(credit = 1_000, limits: Partial<GuardLimits> = {}): FrameGuard {
  const guard = begun(limits);
  passed(guard, attach());
  guard.sent(attach({ sends: false }));
  guard.sent(flow({ credit }));
  return guard;
}

/** Asserts that the bytes are refused, and that nothing passes after them. */
export function refuses(guard: FrameGuard, bytes: Buffer, expected: object, message?: string): void {
  assert.throws(() => guard.push(bytes), expected, message);
  assert.deepEqual(guard.push(heartbeat), []);
}
