/**
 * The primitive types of AMQP 1.0 (part 1, 1.6) as bits, so that a field can allow several. `described` stands for
 * any value with a descriptor.
 */
export const kind = {
  null: 1 << 0,
  boolean: 1 << 1,
  ubyte: 1 << 2,
  ushort: 1 << 3,
  uint: 1 << 4,
  ulong: 1 << 5,
  signed: 1 << 6,
  float: 1 << 7,
  decimal: 1 << 8,
  char: 1 << 9,
  timestamp: 1 << 10,
  uuid: 1 << 11,
  binary: 1 << 12,
  string: 1 << 13,
  symbol: 1 << 14,
  list: 1 << 15,
  map: 1 << 16,
  array: 1 << 17,
  described: 1 << 18,
} as const;

/** The codes before a value that tell its type (AMQP 1.0 part 1, 1.6). All that are not here are undefined. */
const typecodes: readonly (readonly [kind: number, codes: readonly number[]])[] = [
  [kind.null, [0x40]],
  [kind.boolean, [0x41, 0x42, 0x56]],
  [kind.ubyte, [0x50]],
  [kind.ushort, [0x60]],
  [kind.uint, [0x43, 0x52, 0x70]],
  [kind.ulong, [0x44, 0x53, 0x80]],
  [kind.signed, [0x51, 0x61, 0x54, 0x71, 0x55, 0x81]],
  [kind.float, [0x72, 0x82]],
  [kind.decimal, [0x74, 0x84, 0x94]],
  [kind.char, [0x73]],
  [kind.timestamp, [0x83]],
  [kind.uuid, [0x98]],
  [kind.binary, [0xa0, 0xb0]],
  [kind.string, [0xa1, 0xb1]],
  [kind.symbol, [0xa3, 0xb3]],
  [kind.list, [0x45, 0xc0, 0xd0]],
  [kind.map, [0xc1, 0xd1]],
  [kind.array, [0xe0, 0xf0]],
  [kind.described, [0x00]],
];

/** The kind of each typecode; 0 for one that AMQP does not define. */
export const kindOfCode = new Uint32Array(256);
for (const [bits, codes] of typecodes) for (const code of codes) kindOfCode[code] = bits;

/** What `fixedWidths` has for a type whose values differ in width. */
export const noFixedWidth = -1;

/**
 * Bytes of a value of fixed width after its typecode (AMQP 1.0 part 1, 1.2), by the typecode's upper half. The widths of
 * the undefined ones below 4 do not count.
 */
export const fixedWidths = new Int8Array(16).fill(noFixedWidth);
fixedWidths.set([0, 1, 2, 4, 8, 16], 4);
