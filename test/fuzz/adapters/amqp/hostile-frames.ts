import fc from "fast-check";
import {
  arrayOf,
  attach,
  begin,
  binary,
  close,
  data,
  described,
  detach,
  disposition,
  emptyList,
  end,
  flow,
  frameOf,
  heartbeat,
  list,
  listOf,
  map,
  no,
  nothing,
  open,
  performative,
  symbol,
  text,
  transfer,
  ubyte,
  uint,
  ulong,
  ushort,
  yes,
} from "../../../unit/adapters/amqp/amqp-bytes.ts";

export const small = fc.oneof(fc.nat(3), fc.constantFrom(255, 2_048, 65_535, 0x7fff_ffff, 0xffff_ffff));
export const words = fc.constantFrom(
  "",
  "a",
  "there",
  "__proto__",
  "constructor",
  "toString",
  "GET",
  "PATCH",
  "/properties/reported",
  "put-token",
  "{}",
  "apache.org:selector-filter:string",
);
/** Descriptors of performatives, outcomes, termini and sections, and some beside them. */
const codes = fc.oneof(
  fc.integer({ min: 0x10, max: 0x18 }),
  fc.integer({ min: 0x1c, max: 0x34 }),
  fc.integer({ min: 0x70, max: 0x79 }),
);
/** Values without others in them, and bytes that are none. */
export const leaf = fc.oneof(
  fc.constantFrom(nothing, yes, no, emptyList, Buffer.of(0x43), Buffer.of(0x44), Buffer.of(0x56, 1)),
  small.map(uint),
  small.map(ulong),
  fc.integer({ min: 0, max: 255 }).map(ubyte),
  fc.integer({ min: 0, max: 65_535 }).map(ushort),
  words.map(text),
  words.map(symbol),
  words.map(binary),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.concat([Buffer.of(0x83), bytes])),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.concat([Buffer.of(0x98), bytes])),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
);
const { value } = fc.letrec<{ value: Buffer }>((tie) => ({
  value: fc.oneof(
    { weight: 5, arbitrary: leaf },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }).map((items) => list(...items)) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }).map((items) => map(...items)) },
    { weight: 1, arbitrary: fc.tuple(codes, tie("value")).map(([code, inner]) => described(code, inner)) },
    { weight: 1, arbitrary: fc.tuple(leaf, tie("value")).map(([descriptor, inner]) => described(descriptor, inner)) },
    { weight: 1, arbitrary: fc.tuple(small, leaf).map(([count, element]) => arrayOf(count, element)) },
    { weight: 1, arbitrary: fc.tuple(small, leaf).map(([count, item]) => listOf(count, item)) },
  ),
}));

const channel = fc.constantFrom(0, 0, 0, 1, 65_535);
const handle = fc.constantFrom(0, 0, 1, 2, 0xffff_ffff);
const sections = fc
  .array(
    fc.oneof(
      fc.tuple(codes, value).map(([code, inner]) => described(code, inner)),
      fc.string().map(data),
    ),
    { maxLength: 4 },
  )
  .map((parts) => Buffer.concat(parts));
const payload = fc.oneof(
  { weight: 3, arbitrary: sections },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
);

/** Frames that a peer may send, in places and with values that it may not. */
const likely = fc.oneof(
  fc.constant(heartbeat),
  fc.constant(open()),
  channel.map((on) => begin({ channel: on })),
  fc
    .record({
      channel,
      handle,
      name: words,
      sends: fc.boolean(),
      source: fc.oneof(fc.constant(nothing), value),
      target: fc.oneof(fc.constant(described(0x29, list())), value),
    })
    .map(attach),
  fc.record({ channel, handle, deliveryCount: small, credit: small, drain: fc.boolean() }).map(flow),
  fc
    .record({
      channel,
      handle,
      id: fc.oneof(fc.nat(4), fc.constant(null)),
      format: fc.constantFrom(0, 0, 1, 0x8001_3700),
      more: fc.boolean(),
      payload,
    })
    .map(transfer),
  fc.tuple(small, small, value).map(([first, last, state]) => disposition(first, last, state)),
  fc.tuple(channel, handle).map(([on, of]) => detach({ channel: on }, of)),
  channel.map((on) => end({ channel: on })),
  fc.constant(close()),
);
const unlikely = fc
  .tuple(codes, fc.array(value, { maxLength: 14 }), channel, payload)
  .map(([code, fields, on, behind]) => performative(code, fields, { channel: on, payload: behind }));
const junk = fc
  .tuple(fc.uint8Array({ maxLength: 60 }), fc.nat(4), fc.nat(2))
  .map(([bytes, doff, type]) => frameOf(Buffer.from(bytes), { doff, type }));
/** Frames in any order. */
export const frames = fc
  .array(
    fc.oneof({ weight: 12, arbitrary: likely }, { weight: 2, arbitrary: unlikely }, { weight: 1, arbitrary: junk }),
    { maxLength: 20 },
  )
  .map((all) => Buffer.concat(all));
