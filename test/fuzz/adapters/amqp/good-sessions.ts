import fc from "fast-check";
import { AmqpCursor } from "../../../../adapters/amqp/amqp-cursor.ts";
import {
  arrayOf,
  binary,
  data,
  described,
  emptyList,
  flow,
  list,
  map,
  no,
  nothing,
  performative,
  symbol,
  text,
  transfer,
  ubyte,
  uint,
  ulong,
  yes,
} from "../../../unit/adapters/amqp/amqp-bytes.ts";
import { leaf, small, words } from "./hostile-frames.ts";

const isWhole = (bytes: Buffer): boolean => {
  const cursor = new AmqpCursor();
  cursor.reset(bytes, 0, bytes.length);
  try {
    cursor.skip(16);
    return cursor.position === bytes.length;
  } catch {
    return false;
  }
};

/** Well-formed values, and what only looks strange. */
const addresses = fc.constantFrom(
  "there",
  "$cbs",
  "/devices/dev-1/twin",
  "/devices/dev-1/messages/events",
  "/devices/dev-1/methods/devicebound",
  "/devices/dev-2/twin",
  "amqps://hub.example/messages/events/$management",
);
const names = fc.constantFrom(
  "a",
  "operation",
  "resource",
  "status-code",
  "type",
  "name",
  "constructor",
  "toString",
  "length",
  "typecode",
  "content",
  "dt-subject",
  "",
);
const { fine } = fc.letrec<{ fine: Buffer }>((tie) => ({
  fine: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    { weight: 3, arbitrary: leaf.filter((bytes) => bytes.length > 0 && isWhole(bytes)) },
    { weight: 1, arbitrary: fc.array(tie("fine"), { maxLength: 3 }).map((items) => list(...items)) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(names.map(text), tie("fine")), { maxLength: 3 })
        .map((pairs) => map(...pairs.flat())),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(0x1d, 0x24, 0x28, 0x70, 0x75, 0x99), tie("fine"))
        .map(([code, inner]) => described(code, inner)),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 64 }).map((count) => arrayOf(count, Buffer.of(0x45))) },
  ),
}));
const pairs = fc.array(fc.tuple(names.map(symbol), fine), { maxLength: 3 }).map((all) => map(...all.flat()));
const orNull = (arbitrary: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> => fc.oneof(fc.constant(nothing), arbitrary);
const ids = fc.oneof(words.map(text), words.map(binary), small.map(ulong));
const texts = orNull(words.map(text));
const message = fc
  .tuple(
    fc
      .tuple(orNull(fc.constantFrom(yes, no)), orNull(fc.constant(ubyte(9))))
      .map((fields) => described(0x70, list(...fields))),
    fc.constantFrom(0x71, 0x72, 0x74, 0x78).chain((code) => pairs.map((inner) => described(code, inner))),
    fc
      .tuple(orNull(ids), orNull(words.map(binary)), texts, texts, texts, orNull(ids), texts, texts)
      .map((fields) => described(0x73, list(...fields))),
    pairs.map((inner) => described(0x74, inner)),
    fc.oneof(
      words.map(data),
      fine.map((inner) => described(0x77, inner)),
      fine.map((inner) => described(0x76, list(inner))),
    ),
  )
  .chain((all) => fc.shuffledSubarray(all, { minLength: 1 }))
  .map((parts) => Buffer.concat(parts));
const failure = pairs.map((info) => described(0x1d, list(symbol("amqp:not-allowed"), text("why"), info)));
const outcomes = fc.oneof(
  fc.constantFrom(nothing, described(0x24, emptyList), described(0x26, list())),
  failure.map((error) => described(0x25, list(error))),
  pairs.map((annotations) => described(0x27, list(yes, no, annotations))),
);

/** Where a session stands: the next delivery, the last handle, and the links on which the client sends. */
type Place = { id: number; handle: number; readonly sendsOn: readonly number[] };
type Step = (next: Place) => Buffer;

const good: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(message, fc.boolean(), fc.nat()).map(
      ([whole, isCut, at]): Step =>
        (next) => {
          const id = next.id;
          next.id += 1;
          const place = 1 + (at % whole.length);
          const handle = next.sendsOn[at % next.sendsOn.length] ?? 0;
          if (!isCut || place === whole.length) return transfer({ handle, id, payload: whole });
          const more = transfer({ handle, id, more: true, payload: whole.subarray(0, place) });
          return Buffer.concat([more, transfer({ handle, id: null, payload: whole.subarray(place) })]);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(pairs, pairs, fc.boolean(), addresses.map(text)).map(
      ([properties, filter, sends, address]): Step =>
        (next) => {
          next.handle += 1;
          const source = described(0x28, list(address, ...Array<Buffer>(6).fill(nothing), filter));
          const fields = [text(`link-${next.handle}`), uint(next.handle), sends ? no : yes, nothing, nothing, source];
          const rest = [
            described(0x29, list(address)),
            nothing,
            nothing,
            uint(0),
            nothing,
            symbol("a"),
            nothing,
            properties,
          ];
          return performative(0x12, [...fields, ...rest]);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(no, no, no, yes), fc.nat(2), outcomes).map(
      ([isOfHub, last, state]): Step =>
        () =>
          performative(0x15, [isOfHub, uint(0), uint(last), yes, state]),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>(() => flow({ handle: 1, credit: 3 })) },
  {
    weight: 1,
    arbitrary: failure.map(
      (error): Step =>
        (next) =>
          performative(0x16, [uint(next.handle), yes, error]),
    ),
  },
);

/** The frames of a session in which all is as it should be, from this place on. */
export const goodSession = (start: Place): fc.Arbitrary<Buffer> =>
  fc.array(good, { maxLength: 12 }).map((steps) => {
    const next = { ...start };
    return Buffer.concat(steps.map((step) => step(next)));
  });
