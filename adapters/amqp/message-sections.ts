import type { AmqpCursor } from "./amqp-cursor.ts";
import { kind, kindOfCode } from "./amqp-kinds.ts";
import { passComposite } from "./composite.ts";
import { undecodable } from "./frame-violation.ts";
import { sectionComposites } from "./performatives.ts";

/** The descriptor of a data section. */
export const dataSection = 0x75;
const sequenceSection = 0x76;
const valueSection = 0x77;

/** What the sections without fields hold (AMQP 1.0 part 3, 3.2). An amqp-value may be anything. */
const kindOfSection: ReadonlyMap<number, number> = new Map([
  [0x71, kind.map],
  [0x72, kind.map],
  [0x74, kind.map],
  [dataSection, kind.binary],
  [sequenceSection, kind.list],
  [0x78, kind.map],
]);

/**
 * Passes the sections of an encoded message up to the cursor's end. Their order is not checked, since rhea as a client
 * puts the footer before the body; but there is one kind of body, and one amqp-value at most (AMQP 1.0 part 3, 3.2).
 * Throws FrameViolation for what is no message, and for sections that rhea would print as unknown.
 */
export function passMessage(cursor: AmqpCursor, depth: number): void {
  let body = 0;
  while (cursor.position < cursor.end) {
    const section = sectionAt(cursor);
    if (section >= dataSection && section <= valueSection) {
      if (body !== 0 && (body !== section || section === valueSection)) throw undecodable("A message has two bodies");
      body = section;
    }
    passSection(cursor, section, depth);
  }
}

/** Passes the descriptor of a section and returns it. No client is known to write one as a symbol. */
export function sectionAt(cursor: AmqpCursor): number {
  if (cursor.byte() !== 0) throw undecodable("A section of a message has no descriptor");
  return cursor.descriptor();
}

function passSection(cursor: AmqpCursor, section: number, depth: number): void {
  const composite = sectionComposites.get(section);
  if (composite !== undefined) passComposite(cursor, composite, { depth });
  else {
    checkKind(cursor, section);
    cursor.skip(depth);
  }
}

function checkKind(cursor: AmqpCursor, section: number): void {
  if (section === valueSection) return;
  const expected = kindOfSection.get(section);
  if (expected === undefined) throw undecodable("A section of a message is unknown");
  if (kindOfCode[cursor.peek()] !== expected) throw undecodable("A section of a message has the wrong type");
}
