import assert from "node:assert/strict";
import { test } from "node:test";
import {
  amqpHeader,
  attach,
  begin,
  binary,
  close,
  described,
  detach,
  end,
  frameOf,
  heartbeat,
  list,
  no,
  open,
  performative,
  saslHeader,
  saslInit,
  saslOutcome,
  symbol,
  text,
  transfer,
  u32,
  uint,
  yes,
} from "./amqp-bytes.ts";
import { begun, decode, framing, illegal, invalid, passed, refuses, unopened } from "./guards.ts";

// AMQP 1.0 part 2, 2.2; spec/amqp 2
test("Only the protocol headers of AMQP 1.0 and its SASL are taken", () => {
  assert.deepEqual(passed(unopened(), amqpHeader), amqpHeader);
  assert.deepEqual(passed(unopened(), saslHeader), saslHeader);
  const others = [
    "AMQP\x02\x01\0\0",
    "AMQP\0\0\x09\x01",
    "AMQP\0\x01\0\x01",
    "HTTP\0\x01\0\0",
    "\x16\x03\x01\0\xf4\x01\0\0",
  ];
  for (const other of others) refuses(unopened(), Buffer.from(other, "latin1"), framing);
});

// AMQP 1.0 part 5, 5.3
test("SASL is one sasl-init, and the AMQP header follows its good outcome", () => {
  const guard = unopened();
  assert.deepEqual(passed(guard, saslHeader, saslInit()), Buffer.concat([saslHeader, saslInit()]));
  guard.sent(saslHeader);
  guard.sent(frameOf(described(0x40, list(symbol("PLAIN"))), { type: 1 }));
  guard.sent(saslOutcome());
  assert.deepEqual(passed(guard, amqpHeader, open()), Buffer.concat([amqpHeader, open()]));
});

test("What comes before the outcome of SASL, or after a bad one, is refused", () => {
  refuses(unopened(), Buffer.concat([saslHeader, saslInit(), amqpHeader]), framing, "in the same chunk");
  refuses(unopened(), Buffer.concat([saslHeader, saslInit(), saslInit()]), framing, "a second init");
  const guard = unopened();
  passed(guard, saslHeader, saslInit());
  guard.sent(saslOutcome(1));
  refuses(guard, amqpHeader, framing, "after a refusal");
});

test("SASL frames that are not an init, too long, or name what no mechanism is called are refused", () => {
  const after = (frame: Buffer) => Buffer.concat([saslHeader, frame]);
  for (const code of [0x40, 0x42, 0x43, 0x44]) {
    refuses(unopened(), after(frameOf(described(code, list(symbol("PLAIN"))), { type: 1 })), framing);
  }
  refuses(
    unopened(),
    after(frameOf(described(0x41, list(symbol("PLAIN"), binary(Buffer.alloc(4_096)))), { type: 1 })),
    framing,
  );
  refuses(unopened(), after(heartbeat), framing);
  refuses(unopened(), after(frameOf(Buffer.alloc(0), { type: 1 })), decode);
  refuses(unopened(), after(open()), framing);
  for (const mechanism of ["toString", "constructor", "__proto__", "", "P".repeat(21)]) {
    refuses(unopened(), after(saslInit(mechanism)), invalid, mechanism);
  }
});

// AMQP 1.0 part 2, 2.3
test("Frames with a wrong size, data offset or type are refused", () => {
  for (const size of [0, 1, 4, 7, 65_537, 0xffff_ffff]) {
    refuses(begun(), Buffer.concat([u32(size), Buffer.of(2, 0, 0, 0)]), framing, `size ${size}`);
  }
  for (const doff of [0, 1, 3, 255]) refuses(begun(), frameOf(Buffer.alloc(0), { doff }), framing, `doff ${doff}`);
  for (const type of [1, 2, 255]) refuses(begun(), frameOf(Buffer.alloc(0), { type }), framing, `type ${type}`);
});

test("A size is refused before its frame has come", () => {
  const guard = begun();
  assert.deepEqual(guard.push(Buffer.of(0x7f, 0xff)), []);
  assert.throws(() => guard.push(Buffer.of(0xff, 0xff)), framing);
});

test("An extended header is passed over", () => {
  const body = performative(0x10, [text("client")]).subarray(8);
  const frame = frameOf(Buffer.concat([Buffer.alloc(4), body]), { doff: 3 });
  assert.deepEqual(passed(unopened(), amqpHeader, frame), Buffer.concat([amqpHeader, frame]));
});

test("Frames come out whole, in one piece where they came in one, wherever the stream is split", () => {
  const frames = [
    open(),
    begin(),
    attach(),
    heartbeat,
    performative(0x15, [no, uint(1), uint(2), yes]),
    detach(),
    end(),
    close(),
  ];
  const bytes = Buffer.concat([amqpHeader, ...frames]);
  assert.equal(unopened().push(Buffer.from(bytes)).length, 1);
  for (let at = 0; at <= bytes.length; at += 1) {
    const guard = unopened();
    assert.deepEqual(passed(guard, bytes.subarray(0, at), bytes.subarray(at)), bytes, `split at ${at}`);
  }
  const guard = unopened();
  const bytewise = Array.from(bytes, (byte) => Buffer.of(byte));
  assert.deepEqual(passed(guard, ...bytewise), bytes);
});

// AMQP 1.0 part 2, 2.4
test("Nothing comes before the open, and one open only", () => {
  for (const frame of [begin(), heartbeat, close(), transfer()]) {
    const expected = frame === heartbeat ? framing : illegal;
    refuses(unopened(), Buffer.concat([amqpHeader, frame]), expected);
  }
  refuses(begun(), open(), illegal);
});

test("What follows a close is dropped", () => {
  const guard = begun();
  assert.deepEqual(passed(guard, Buffer.concat([close(), open(), Buffer.from("junk")]), close()), close());
});
