import { AmqpWriter } from "./amqp-writer.ts";
import { type EventProperties, encodeProperties } from "./event-properties.ts";

/*
 * A hub sends tens of thousands of events a second, and all but four fields of most are as in an event before from that
 * device. So what a header block begins with is turned into AMQP once: the hub's stamps for each connection, and the
 * properties of the last few kinds of its messages.
 */

/** The parts of an event that others have too. */
export type EventFrame = {
  readonly stamps: EventProperties;
  readonly properties: EventProperties;
};

/** Begins the lines that differ from message to message: the hub writes the id, and after it the time, last. */
const idLine = "\r\nce-id: ";
const lineEnd = "\r\n";
/** How far from its end a hub's header block has its id at most: a search from there costs a third of one from the end. */
const usualTail = 128;

/** Where the lines of a message's own id and time begin, -1 when no hub wrote them. */
export function tailOf(headerLines: string): number {
  const at = headerLines.indexOf(idLine, headerLines.length - usualTail);
  return at < 0 ? headerLines.lastIndexOf(idLine) : at;
}

const mostRememberedChars = 8_388_608;
const mostOfOneConnection = 4;

type Kind = { readonly lines: string; readonly frame: EventFrame };
type Connection = { readonly lines: string; readonly stamps: EventProperties; readonly kinds: Kind[]; newest: number };

/** Remembers frames by connection: 8 Mi characters of header lines, and then it begins anew. */
export class EventFrames {
  readonly #writer = new AmqpWriter();
  #connections = new Map<string, Connection>();
  #rememberedChars = 0;

  /** The frame of a message, from its header lines and what `tailOf` says of them. */
  of(headerLines: string, idAt: number): EventFrame {
    // A message that no hub wrote has no id of ours: its lines are read as they are.
    if (idAt < 0) return { stamps: encodeProperties(this.#writer, headerLines), properties: nothing };
    const connection = this.#connection(headerLines, idAt);
    const { lines, kinds, stamps } = connection;
    const start = lines.length;
    const end = idAt + lineEnd.length;
    // A slice that is compared costs a fifth of `startsWith`.
    const own = headerLines.slice(start, end);
    for (const kind of kinds) if (kind.lines === own) return kind.frame;
    const frame = { stamps, properties: encodeProperties(this.#writer, own) };
    connection.newest = (connection.newest + 1) % mostOfOneConnection;
    kinds[connection.newest] = { lines: own, frame };
    this.#rememberedChars += own.length;
    return frame;
  }

  #connection(headerLines: string, idAt: number): Connection {
    const idStart = idAt + idLine.length;
    const id = headerLines.slice(idStart, headerLines.indexOf(lineEnd, idStart));
    const name = id.slice(0, Math.max(0, id.lastIndexOf("-")));
    const found = this.#connections.get(name);
    if (found !== undefined && headerLines.slice(0, found.lines.length) === found.lines) return found;
    const lines = headerLines.slice(0, endOfStamps(headerLines, idAt + lineEnd.length));
    const connection = { lines, stamps: encodeProperties(this.#writer, lines), kinds: [], newest: -1 };
    if (this.#rememberedChars + lines.length > mostRememberedChars) {
      this.#connections = new Map();
      this.#rememberedChars = 0;
    }
    this.#connections.set(name, connection);
    this.#rememberedChars += lines.length;
    return connection;
  }
}

const nothing = encodeProperties(new AmqpWriter(), "");

/** The names of lines that are the same for every message of a connection. */
const stamp = /(?:ce-|iothub-connection-|iothub-message-source:|dt-dataschema:)/y;

function endOfStamps(headerLines: string, end: number): number {
  let at = 0;
  while (at < end) {
    stamp.lastIndex = at;
    if (!stamp.test(headerLines)) return at;
    at = headerLines.indexOf(lineEnd, at) + lineEnd.length;
  }
  return end;
}
