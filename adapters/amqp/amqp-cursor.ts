import { fixedWidths, kind, kindOfCode, noFixedWidth } from "./amqp-kinds.ts";
import { undecodable } from "./frame-violation.ts";

/** Elements of an array that have no bytes of their own: the only values whose number the bytes do not bound. */
const maxZeroWidthElements = 64;

/** Above it an eight-byte ulong is no exact number, and rhea makes a Buffer of it. */
const maxUpperHalf = 0x1f_ffff;

const prototypeKey = Buffer.from("__proto__");

/** Every symbolic descriptor is `<domain>:<name>` (AMQP 1.0 part 1, 1.5). */
const colon = 0x3a;

/**
 * Walks over encoded values without making any (AMQP 1.0 part 1, 1.2). It is for what a peer sent: every length is
 * checked before it is used, and every method throws FrameViolation `amqp:decode-error`.
 */
export class AmqpCursor {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  end = 0;
  /** Where the items end that `items` has begun. */
  itemsEnd = 0;

  /** Sets out for the bytes from `start` to `end`. */
  reset(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** The typecode of the next value, which stays where it is. */
  peek(): number {
    if (this.position >= this.end) throw undecodable("A value ends too early");
    return this.bytes[this.position] ?? 0;
  }

  /** Passes a value of any type, `depth` levels deep at most. */
  skip(depth: number): void {
    const code = this.byte();
    if (code === 0) {
      this.#enter(depth);
      this.descriptor();
      this.skip(depth - 1);
    } else this.#skipBody(code, depth);
  }

  /**
   * Passes a descriptor and returns its code, or -1 for a symbol. A descriptor that rhea would look up among the names
   * that every JavaScript object has is refused, and so are the types that AMQP reserves.
   */
  descriptor(): number {
    const code = this.byte();
    if (code === 0x53) return this.byte();
    if (code === 0x44) return 0;
    if (code === 0x80) {
      const upper = this.uint32();
      if (upper > maxUpperHalf) throw undecodable("A descriptor is out of range");
      return upper * 0x1_0000_0000 + this.uint32();
    }
    if (kindOfCode[code] !== kind.symbol) throw undecodable("A descriptor is neither ulong nor symbol");
    const length = code === 0xa3 ? this.byte() : this.uint32();
    const start = this.position;
    this.advance(length);
    const at = this.bytes.indexOf(colon, start);
    if (at === -1 || at >= this.position) throw undecodable("A symbolic descriptor has no domain");
    return -1;
  }

  /** Passes one byte and returns it. */
  byte(): number {
    const code = this.peek();
    this.position += 1;
    return code;
  }

  /** Passes an unsigned number of four bytes and returns it. */
  uint32(): number {
    const { position } = this;
    this.advance(4);
    return this.bytes.readUInt32BE(position);
  }

  /** Passes so many bytes. */
  advance(count: number): void {
    if (count > this.end - this.position) throw undecodable("A value is longer than its place");
    this.position += count;
  }

  /**
   * Passes the size and count of a list, map or array whose typecode has been read, and returns its count. The items
   * end at `itemsEnd`.
   */
  items(code: number): number {
    const narrow = code < 0xd0 || (code >= 0xe0 && code < 0xf0);
    const size = narrow ? this.byte() : this.uint32();
    const end = this.position + size;
    if (end > this.end) throw undecodable("A list, map or array is longer than its place");
    const count = narrow ? this.byte() : this.uint32();
    this.itemsEnd = end;
    return count;
  }

  #skipBody(code: number, depth: number): void {
    const type = kindOfCode[code] ?? 0;
    if (type === 0) throw undecodable("A typecode is unknown");
    const width = fixedWidths[code >> 4] ?? noFixedWidth;
    if (width !== noFixedWidth) {
      if (code === 0x56 && this.peek() > 1) throw undecodable("A boolean is neither 0 nor 1");
      this.advance(width);
    } else if (code < 0xb0) this.advance(this.byte());
    else if (code < 0xc0) this.advance(this.uint32());
    else this.#skipItems(code, depth);
  }

  #skipItems(code: number, depth: number): void {
    this.#enter(depth);
    const count = this.items(code);
    const outer = this.end;
    this.end = this.itemsEnd;
    const { end } = this;
    if (code >= 0xe0) this.#skipElements(count, depth - 1);
    else if ((code & 0x0f) === 1) this.#skipPairs(count, depth - 1);
    else for (let index = 0; index < count; index += 1) this.skip(depth - 1);
    if (this.position !== end) throw undecodable("A list, map or array is shorter than its place");
    this.end = outer;
  }

  #skipPairs(count: number, depth: number): void {
    if (count % 2 !== 0) throw undecodable("A map has a key without a value");
    for (let index = 0; index < count; index += 2) {
      // rhea makes texts of keys; of a compound one a peer could make it fail.
      const code = this.peek();
      if (code === 0 || code >= 0xc0) throw undecodable("A map has a compound key");
      const start = this.position + (code < 0xb0 ? 2 : 5);
      this.skip(depth);
      if (code >= 0xa0 && this.#isPrototypeKey(start)) throw undecodable("A map has a key that is none");
      this.skip(depth);
    }
  }

  /**
   * Whether the bytes from `start` to the position are `__proto__`. rhea makes plain objects of maps: their prototype
   * would be what the peer says, a Buffer for one, and nobody could trust what they seem to be. Of a symbol it drops the
   * highest bit of each byte.
   */
  #isPrototypeKey(start: number): boolean {
    if (this.position - start !== prototypeKey.length) return false;
    for (let index = 0; index < prototypeKey.length; index += 1) {
      if (((this.bytes[start + index] ?? 0) & 0x7f) !== prototypeKey[index]) return false;
    }
    return true;
  }

  #skipElements(count: number, depth: number): void {
    let code = this.byte();
    for (let left = depth; code === 0; left -= 1) {
      this.#enter(left);
      this.descriptor();
      code = this.byte();
    }
    if (kindOfCode[code] === 0) throw undecodable("A typecode is unknown");
    if (fixedWidths[code >> 4] === 0 && count > maxZeroWidthElements) {
      throw undecodable("An array has too many elements without bytes");
    }
    for (let index = 0; index < count; index += 1) this.#skipBody(code, depth);
  }

  #enter(depth: number): void {
    if (depth <= 0) throw undecodable("Values are nested too deeply");
  }
}
