import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrayOf,
  binary,
  data,
  described,
  emptyList,
  list,
  listOf,
  map,
  no,
  nothing,
  performative,
  symbol,
  text,
  transfer,
  uint,
  ulong,
  yes,
} from "./amqp-bytes.ts";
import { decode, refuses, sending } from "./guards.ts";

// AMQP 1.0 part 3, 3.2
test("Payloads that are no message are refused", () => {
  const hostile: Record<string, Buffer> = {
    "no section": text("bare"),
    "unknown section": described(0x79, map()),
    "symbolic section": described(symbol("amqp:data:binary"), binary("x")),
    "data that is a text": described(0x75, text("x")),
    "application properties that are a list": described(0x74, list()),
    "properties that are a map": described(0x73, map()),
    "a content type that is a map": described(0x73, list(...Array<Buffer>(6).fill(nothing), map())),
    "fourteen properties": described(0x73, list(...Array<Buffer>(14).fill(nothing))),
    "a message id that is a boolean": described(0x73, list(yes)),
    "two values": Buffer.concat([described(0x77, nothing), described(0x77, nothing)]),
    "a value, then data": Buffer.concat([described(0x77, nothing), data("x")]),
    "data, then a sequence": Buffer.concat([data("x"), described(0x76, list())]),
    "cut off": data("xxxx").subarray(0, 8),
    "a map with half a pair": described(0x74, map(text("a"))),
    "a map with a compound key": described(0x74, map(list(), text("a"))),
    "a map with the key __proto__": described(0x74, map(text("__proto__"), binary("x"))),
    "a map with that key as a binary": described(0x74, map(binary("__proto__"), binary("x"))),
    "a map with that key as a symbol, in rhea's ASCII": described(0x72, map(symbol("\xdf_proto__"), binary("x"))),
    "a map with that key in a short text": described(0x74, map(Buffer.from("\xa1\x09__proto__", "latin1"), yes)),
    "a map with a described key": described(0x74, map(described(0x1d, text("a")), text("a"))),
  };
  for (const [what, payload] of Object.entries(hostile)) refuses(sending(), transfer({ payload }), decode, what);
  refuses(sending(), transfer({ payload: text("bare"), format: 0x8001_3700 }), decode, "a batch of no sections");
  assert.doesNotThrow(
    () => sending().push(transfer({ payload: text("bare"), format: 1 })),
    "a format that nobody reads",
  );
});

// AMQP 1.0 part 1, 1.6
test("Values that lie about their size, or have none, are refused wherever they stand", () => {
  const deep = (levels: number) => {
    let value = emptyList;
    for (let level = 0; level < levels; level += 1) value = list(value);
    return value;
  };
  const hostile: Record<string, Buffer> = {
    "an array of a billion nulls": arrayOf(1_000_000_000, Buffer.of(0x40)),
    "an array of 65 empty lists": arrayOf(65, Buffer.of(0x45)),
    "an array of described nulls": arrayOf(1_000_000, Buffer.of(0x00, 0x53, 0x01, 0x40)),
    "an array with more elements than bytes": arrayOf(0xffff_ffff, Buffer.of(0x50, 1, 2, 3)),
    "an array with fewer elements than bytes": arrayOf(1, Buffer.of(0x50, 1, 2, 3)),
    "an array of an unknown type": arrayOf(1, Buffer.of(0x3f)),
    "an empty array of an unknown type": arrayOf(0, Buffer.of(0xbd)),
    "an empty array of no type": arrayOf(0),
    "a list with more items than bytes": listOf(0xffff_ffff, yes),
    "a list with fewer items than bytes": listOf(1, yes, yes),
    "a list longer than its place": Buffer.of(0xd0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1),
    "a text longer than its place": Buffer.of(0xb1, 0xff, 0xff, 0xff, 0xff, 1),
    "a text without its length": Buffer.of(0xb1, 0),
    "lists nested 17 deep": deep(17),
    "descriptors nested 20 deep": Buffer.concat([...Array<Buffer>(20).fill(Buffer.of(0, 0x53, 1)), nothing]),
    "descriptors in descriptors": Buffer.concat([Buffer.alloc(20), nothing]),
    "an unknown typecode": Buffer.of(0x3f),
    "a boolean of 2": Buffer.of(0x56, 2),
    "a descriptor called toString": described(symbol("toString"), list()),
    "a descriptor of the bytes of toString": described(
      Buffer.concat([Buffer.of(0x80), Buffer.from("toString")]),
      list(),
    ),
    "a descriptor that is a list": described(list(symbol("constructor")), list()),
  };
  const places: Record<string, (value: Buffer) => Buffer> = {
    "an amqp-value": (value) => transfer({ payload: described(0x77, value) }),
    "an application property": (value) => transfer({ payload: described(0x74, map(text("a"), value)) }),
    "a property of the attach": (value) =>
      performative(0x12, [text("new"), uint(1), no, ...Array<Buffer>(10).fill(nothing), map(symbol("a"), value)]),
  };
  for (const [what, value] of Object.entries(hostile)) {
    for (const [where, placed] of Object.entries(places))
      refuses(sending(), placed(value), decode, `${what} in ${where}`);
  }
  for (const placed of Object.values(places)) {
    const fine = list(deep(8), arrayOf(64, Buffer.of(0x40)), described(symbol("a:b"), yes), described(ulong(9), no));
    assert.doesNotThrow(() => sending().push(placed(fine)));
  }
});
