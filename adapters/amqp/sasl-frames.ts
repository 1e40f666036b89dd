import type { AmqpCursor } from "./amqp-cursor.ts";
import { numberAt, passComposite, textBounds } from "./composite.ts";
import { invalidField, misframed, undecodable } from "./frame-violation.ts";
import { maxFields, sasl, saslInit, saslOutcome } from "./performatives.ts";

const frameHeaderBytes = 8;

/** RFC 4422 §3.1: 1 to 20 upper-case letters, digits, hyphens or underscores. */
const mechanismGrammar = /^[A-Z0-9_-]{1,20}$/;

/**
 * Passes the body of a SASL frame, which must be a sasl-init: the hub's mechanisms never challenge. rhea looks the
 * mechanism up in a plain object, so only what can be one goes there. Throws FrameViolation.
 */
export function passSaslInit(cursor: AmqpCursor, depth: number): void {
  if (cursor.byte() !== 0 || cursor.descriptor() !== sasl.init) throw misframed("SASL does not begin with an init");
  const places = new Int32Array(maxFields);
  passComposite(cursor, saslInit, { depth, places });
  if (cursor.position !== cursor.end) throw undecodable("Something follows a sasl-init in its frame");
  const { start, length } = textBounds(cursor.bytes, places[0] ?? 0);
  const mechanism = cursor.bytes.toString("latin1", start, start + length);
  if (!mechanismGrammar.test(mechanism)) throw invalidField("A name is none of a SASL mechanism");
}

/** Whether a frame of rhea's is the outcome that lets a client in. */
export function wasAccepted(frame: Buffer, cursor: AmqpCursor): boolean {
  if (frame.length <= frameHeaderBytes) return false;
  cursor.reset(frame, frameHeaderBytes, frame.length);
  if (cursor.byte() !== 0 || cursor.descriptor() !== sasl.outcome) return false;
  const places = new Int32Array(maxFields);
  passComposite(cursor, saslOutcome, { depth: 2, places });
  return numberAt(frame, places[0], 1) === 0;
}
