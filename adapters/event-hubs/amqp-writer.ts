const shortest = 0xff;
/** UTF-8 has at most three bytes for each UTF-16 unit. */
const bytesPerUnit = 3;
const compoundStart = 9;

/** Where a list or map began that is being written. */
export type OpenCompound = number;

/**
 * Writes AMQP 1.0 values one after the other (part 1, section 1.6). Values of events are too many to make a Buffer of each:
 * they go into one, which grows, and `take` copies what was written out of it.
 */
export class AmqpWriter {
  #bytes = Buffer.allocUnsafeSlow(4_096);
  #length = 0;

  /** The bytes written since the last time, as a copy. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  /** Begins a section of a message, by its descriptor (part 3, section 3.2). */
  section(descriptor: number): void {
    this.#reserve(3);
    this.#bytes[this.#length] = 0x00;
    this.#bytes[this.#length + 1] = 0x53;
    this.#bytes[this.#length + 2] = descriptor;
    this.#length += 3;
  }

  string(text: string): void {
    this.#text(text, 0xa1, 0xb1);
  }

  /** A symbol is ASCII: other characters become question marks. */
  symbol(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with control characters
    this.#text(/^[\u0000-\u007f]*$/.test(text) ? text : text.replace(/[^\u0000-\u007f]/gu, "?"), 0xa3, 0xb3);
  }

  /** A text as binary, its UTF-8. */
  binary(text: string): void {
    this.#text(text, 0xa0, 0xb0);
  }

  nothing(): void {
    this.#reserve(1);
    this.#bytes[this.#length] = 0x40;
    this.#length += 1;
  }

  /** A long of 53 bits at most, always in its full width. */
  long(value: number): void {
    this.#number(0x81, value);
  }

  /** Milliseconds since 1970. */
  timestamp(timeMs: number): void {
    this.#number(0x83, timeMs);
  }

  /** Begins a list. What is written until `close` is in it. */
  openList(): OpenCompound {
    return this.#open(0xd0);
  }

  /** Begins a map: keys and values in turn. */
  openMap(): OpenCompound {
    return this.#open(0xd1);
  }

  /** Ends a list or map with so many items, keys and values counted each. */
  close(start: OpenCompound, count: number): void {
    // The size counts what follows it, and so the count too.
    this.#bytes.writeUInt32BE(this.#length - start - 5, start + 1);
    this.#bytes.writeUInt32BE(count, start + 5);
  }

  #open(code: number): OpenCompound {
    const start = this.#length;
    this.#reserve(compoundStart);
    this.#bytes[start] = code;
    this.#length += compoundStart;
    return start;
  }

  #text(text: string, short: number, long: number): void {
    const mostBytes = text.length * bytesPerUnit;
    this.#reserve(5 + mostBytes);
    const at = this.#length;
    if (mostBytes <= shortest) {
      const size = this.#bytes.write(text, at + 2, "utf8");
      this.#bytes[at] = short;
      this.#bytes[at + 1] = size;
      this.#length = at + 2 + size;
      return;
    }
    const size = this.#bytes.write(text, at + 5, "utf8");
    this.#bytes[at] = long;
    this.#bytes.writeUInt32BE(size, at + 1);
    this.#length = at + 5 + size;
  }

  #number(code: number, value: number): void {
    this.#reserve(9);
    this.#bytes[this.#length] = code;
    writeInt64(this.#bytes, value, this.#length + 1);
    this.#length += 9;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Writes a whole number of 53 bits at most as eight bytes. */
export function writeInt64(bytes: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  bytes.writeUInt32BE(high >>> 0, at);
  bytes.writeUInt32BE((value - high * 0x1_0000_0000) >>> 0, at + 4);
}
