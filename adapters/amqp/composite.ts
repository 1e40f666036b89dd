import type { AmqpCursor } from "./amqp-cursor.ts";
import { kind, kindOfCode } from "./amqp-kinds.ts";
import { FrameViolation, invalidField, undecodable } from "./frame-violation.ts";

/** What a field of a composite type may be. */
export type Field = {
  /** The kinds it may have, as bits. */
  readonly kinds: number;
  /** The composite types that may stand there, by their descriptors; undefined for a field that is none. */
  readonly composites: ReadonlyMap<number, Composite> | undefined;
  /** A text that the hub keeps for long, and so may not be long itself. */
  readonly isName: boolean;
};

/** A described list (AMQP 1.0 part 1, 1.4): its fields in their order. */
export type Composite = { readonly name: string; readonly fields: readonly Field[] };

/** The place of a field that is absent or null. */
export const absent = -1;

const maxNameBytes = 1_024;
const longestConstructor = 5;
const nullCode = 0x40;

/**
 * Passes the list of a composite type whose descriptor has been read, `depth` levels deep at most. `places` takes where
 * the value of each field begins, or `absent`; it must have room for all of them. Throws FrameViolation.
 */
export function passComposite(
  cursor: AmqpCursor,
  { name, fields }: Composite,
  { depth, places }: { readonly depth: number; readonly places?: Int32Array },
): void {
  const code = cursor.byte();
  if (kindOfCode[code] !== kind.list) throw undecodable(`The ${name} is no list`);
  const isEmpty = code === 0x45;
  const count = isEmpty ? 0 : cursor.items(code);
  if (count > fields.length) throw undecodable(`The ${name} has too many fields`);
  const outer = cursor.end;
  cursor.end = isEmpty ? cursor.position : cursor.itemsEnd;
  for (let index = 0; index < fields.length; index += 1) {
    const isThere = index < count && cursor.peek() !== nullCode;
    if (places !== undefined) places[index] = isThere ? cursor.position : absent;
    const field = fields[index];
    if (field === undefined) break;
    if (isThere) passField(cursor, field, depth);
    else if ((field.kinds & kind.null) === 0) throw invalidField(`The ${name} lacks a field`);
    else if (index < count) cursor.position += 1;
  }
  if (cursor.position !== cursor.end) throw undecodable(`The ${name} is shorter than its place`);
  cursor.end = outer;
}

function passField(cursor: AmqpCursor, field: Field, depth: number): void {
  const { kinds, composites } = field;
  const type = kindOfCode[cursor.peek()] ?? 0;
  if ((kinds & type) === 0) throw undecodable("A field has the wrong type");
  if (field.isName) passName(cursor);
  else if (composites === undefined) cursor.skip(depth - 1);
  else {
    cursor.position += 1;
    const composite = composites.get(cursor.descriptor());
    // rhea prints what it does not know.
    if (composite === undefined)
      throw new FrameViolation("amqp:not-implemented", "A field has an unknown composite type");
    passComposite(cursor, composite, { depth: depth - 1 });
  }
}

function passName(cursor: AmqpCursor): void {
  const start = cursor.position;
  cursor.skip(1);
  if (cursor.position - start > longestConstructor + maxNameBytes) throw invalidField("A name is too long");
}

/** The number in a field of kind ubyte, ushort or uint; `otherwise` when it is absent. */
export function numberAt(bytes: Buffer, place: number | undefined, otherwise: number): number {
  if (place === undefined || place === absent) return otherwise;
  switch (bytes[place] ?? 0) {
    case 0x43:
      return 0;
    case 0x50:
    case 0x52:
      return bytes[place + 1] ?? otherwise;
    case 0x60:
      return bytes.readUInt16BE(place + 1);
    case 0x70:
      return bytes.readUInt32BE(place + 1);
    default:
      return otherwise;
  }
}

/** The truth of a boolean field; false when it is absent. */
export function booleanAt(bytes: Buffer, place: number | undefined): boolean {
  if (place === undefined || place === absent) return false;
  const code = bytes[place];
  return code === 0x41 || (code === 0x56 && bytes[place + 1] === 1);
}

/** Where the bytes of a text, symbol or binary begin, and how many there are. */
export function textBounds(bytes: Buffer, place: number): { readonly start: number; readonly length: number } {
  const isNarrow = (bytes[place] ?? 0) < 0xb0;
  if (isNarrow) return { start: place + 2, length: bytes[place + 1] ?? 0 };
  return { start: place + 5, length: bytes.readUInt32BE(place + 1) };
}

/** The text in a field of kind string; empty when it is absent. */
export function textAt(bytes: Buffer, place: number | undefined): string {
  if (place === undefined || place === absent) return "";
  const { start, length } = textBounds(bytes, place);
  return bytes.toString("utf8", start, start + length);
}
