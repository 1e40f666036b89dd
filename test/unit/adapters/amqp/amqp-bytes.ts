/** Encoded AMQP values and frames, right or wrong as a test wants them (AMQP 1.0 part 1, 1.6; part 2, 2.3). */

export const amqpHeader = Buffer.from("AMQP\0\x01\0\0", "latin1");
export const saslHeader = Buffer.from("AMQP\x03\x01\0\0", "latin1");

export const nothing: Buffer = Buffer.of(0x40);
export const yes: Buffer = Buffer.of(0x41);
export const no: Buffer = Buffer.of(0x42);
export const emptyList: Buffer = Buffer.of(0x45);

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const ubyte = (value: number): Buffer => Buffer.of(0x50, value);
export const ushort = (value: number): Buffer => Buffer.of(0x60, value >> 8, value & 0xff);
export const uint = (value: number): Buffer => Buffer.concat([Buffer.of(0x70), u32(value)]);
export const ulong = (value: number): Buffer => Buffer.concat([Buffer.of(0x80), u32(0), u32(value)]);

const variable = (code: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.of(code), u32(bytes.length), bytes]);
export const text = (value: string): Buffer => variable(0xb1, Buffer.from(value));
export const symbol = (value: string): Buffer => variable(0xb3, Buffer.from(value, "latin1"));
export const binary = (value: Uint8Array | string): Buffer => variable(0xb0, Buffer.from(value));

function compound(code: number, items: readonly Buffer[], count = items.length): Buffer {
  const bytes = Buffer.concat(items);
  return Buffer.concat([Buffer.of(code), u32(4 + bytes.length), u32(count), bytes]);
}
export const list = (...items: readonly Buffer[]): Buffer => compound(0xd0, items);
export const map = (...items: readonly Buffer[]): Buffer => compound(0xd1, items);
/** A list that says to have another count than it has. */
export const listOf = (count: number, ...items: readonly Buffer[]): Buffer => compound(0xd0, items, count);
/** An array of `count` elements; `elements` begins with their constructor. */
export const arrayOf = (count: number, ...elements: readonly Buffer[]): Buffer => compound(0xf0, elements, count);

/** A value with a descriptor: a ulong, or whatever is given as bytes. */
export const described = (descriptor: number | Buffer, value: Buffer): Buffer => {
  const code = typeof descriptor === "number" ? Buffer.of(0x53, descriptor) : descriptor;
  return Buffer.concat([Buffer.of(0), code, value]);
};

/** A frame around a body. */
export function frameOf(body: Buffer, { channel = 0, type = 0, doff = 2 } = {}): Buffer {
  const header = Buffer.of(0, 0, 0, 0, doff, type, channel >> 8, channel & 0xff);
  header.writeUInt32BE(header.length + body.length);
  return Buffer.concat([header, body]);
}

type Behind = { readonly channel?: number; readonly payload?: Buffer };

/** A frame with a performative, and a payload behind it. */
export function performative(code: number, fields: readonly Buffer[], { channel = 0, payload }: Behind = {}): Buffer {
  return frameOf(Buffer.concat([described(code, list(...fields)), payload ?? Buffer.alloc(0)]), { channel });
}

type On = { readonly channel?: number };

export const open = (...fields: readonly Buffer[]): Buffer => performative(0x10, [text("client"), ...fields]);
export const begin = ({ channel = 0 }: On = {}, remoteChannel = nothing): Buffer =>
  performative(0x11, [remoteChannel, uint(0), uint(2048), uint(2048)], { channel });

type Attach = On & {
  readonly name?: string;
  readonly handle?: number;
  /** The client sends on the link. */
  readonly sends?: boolean;
  readonly source?: Buffer;
  readonly target?: Buffer;
};

export const attach = ({ channel = 0, name = "link", handle = 0, sends = true, ...termini }: Attach = {}): Buffer => {
  const { source = described(0x28, list()), target = described(0x29, list(text("there"))) } = termini;
  const role = sends ? no : yes;
  return performative(0x12, [text(name), uint(handle), role, nothing, nothing, source, target, nothing, no, uint(0)], {
    channel,
  });
};

type Flow = On & {
  readonly handle?: number;
  readonly deliveryCount?: number;
  readonly credit?: number;
  readonly drain?: boolean;
};

export const flow = ({
  channel = 0,
  handle = 0,
  deliveryCount = 0,
  credit = 100,
  drain = false,
}: Flow = {}): Buffer => {
  const session = [uint(0), uint(2048), uint(0), uint(2048)];
  const link = [uint(handle), uint(deliveryCount), uint(credit), nothing, drain ? yes : no];
  return performative(0x13, [...session, ...link], { channel });
};

type Transfer = On & {
  readonly handle?: number;
  /** Null in a later frame of a delivery. */
  readonly id?: number | null;
  readonly format?: number;
  readonly more?: boolean;
  readonly payload?: Buffer;
  /** Fields from `rcv-settle-mode` on. */
  readonly rest?: readonly Buffer[];
};

export function transfer(given: Transfer = {}): Buffer {
  const { channel = 0, handle = 0, id = 0, format = 0, more = false, payload = data("x"), rest = [] } = given;
  const first = id === null ? [nothing, nothing, nothing] : [uint(id), binary(Buffer.of(id & 0xff)), uint(format)];
  return performative(0x14, [uint(handle), ...first, no, more ? yes : no, ...rest], { channel, payload });
}

export const disposition = (first: number, last: number, ...rest: readonly Buffer[]): Buffer =>
  performative(0x15, [yes, uint(first), uint(last), yes, ...rest]);
export const detach = ({ channel = 0 }: On = {}, handle = 0): Buffer =>
  performative(0x16, [uint(handle), yes], { channel });
export const end = ({ channel = 0 }: On = {}): Buffer => performative(0x17, [], { channel });
export const close = (): Buffer => performative(0x18, []);
export const heartbeat = frameOf(Buffer.alloc(0));

/** A message of one data section. */
export const data = (body: Uint8Array | string): Buffer => described(0x75, binary(body));

export const saslInit = (mechanism = "ANONYMOUS"): Buffer =>
  frameOf(described(0x41, list(symbol(mechanism), binary("\0me"))), { type: 1 });
export const saslOutcome = (code = 0): Buffer => frameOf(described(0x44, list(ubyte(code))), { type: 1 });
