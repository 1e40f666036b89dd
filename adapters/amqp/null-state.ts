import type { AmqpCursor } from "./amqp-cursor.ts";
import { performative } from "./performatives.ts";

/** The fields of a disposition before its state: role, first, last and settled (AMQP 1.0 part 2, 2.7.6). */
const fieldsBefore = 4;
/** Frame header, descriptor, and the typecode, size and count of a long list. */
const headBytes = 8 + 3 + 1 + 4 + 4;

/**
 * The frame of a disposition whose state is null, without that null and what follows it; undefined when it was not
 * written out. `start` is where the frame begins. rhea itself writes such nulls when it settles without an outcome, and
 * prints those that it reads.
 */
export function withoutNullState(cursor: AmqpCursor, start: number): Buffer | undefined {
  const { bytes, end } = cursor;
  cursor.reset(bytes, start + 4 * (bytes[start + 4] ?? 0) + 1, end);
  cursor.descriptor();
  const count = cursor.items(cursor.byte());
  if (count <= fieldsBefore) return undefined;
  const { position } = cursor;
  for (let index = 0; index < fieldsBefore; index += 1) cursor.skip(1);
  const fields = bytes.subarray(position, cursor.position);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(headBytes + fields.length, 0);
  head.writeUInt8(2, 4);
  bytes.copy(head, 6, start + 6, start + 8);
  head.writeUInt8(0x53, 9);
  head.writeUInt8(performative.disposition, 10);
  head.writeUInt8(0xd0, 11);
  head.writeUInt32BE(4 + fields.length, 12);
  head.writeUInt32BE(fieldsBefore, 16);
  return Buffer.concat([head, fields]);
}
