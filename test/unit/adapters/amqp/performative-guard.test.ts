import assert from "node:assert/strict";
import { test } from "node:test";
import {
  amqpHeader,
  attach,
  begin,
  described,
  detach,
  disposition,
  emptyList,
  end,
  flow,
  frameOf,
  heartbeat,
  list,
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
  ushort,
  yes,
} from "./amqp-bytes.ts";
import {
  begun,
  condition,
  decode,
  framing,
  illegal,
  invalid,
  passed,
  refuses,
  sending,
  unopened,
  unsupported,
} from "./guards.ts";

// AMQP 1.0 part 2, 2.7.1
test("An open with a frame size below 512, or a long name, is refused", () => {
  const opened = (...fields: readonly Buffer[]) => Buffer.concat([amqpHeader, open(...fields)]);
  for (const size of [0, 1, 60, 511]) refuses(unopened(), opened(nothing, uint(size)), invalid, `${size}`);
  assert.doesNotThrow(() => unopened().push(opened(nothing, uint(512))));
  refuses(unopened(), opened(text("h".repeat(1_025))), invalid);
  const named = performative(0x10, [text("n".repeat(1_025))]);
  refuses(unopened(), Buffer.concat([amqpHeader, named]), invalid);
});

test("An idle time-out that no timer of Node's can hold becomes the longest that one can", () => {
  const given = (ms: number) => Buffer.concat([amqpHeader, open(nothing, uint(65_536), nothing, uint(ms))]);
  assert.deepEqual(passed(unopened(), given(0xffff_ffff)), given(0xffff_fffe));
  assert.deepEqual(passed(unopened(), given(0xffff_fffe)), given(0xffff_fffe));
});

// AMQP 1.0 part 2, 2.5
test("Channels and sessions: too high, begun twice, never begun, answering none", () => {
  refuses(begun({ channelMax: 3 }), begin({ channel: 4 }), framing);
  refuses(begun(), begin(), illegal);
  refuses(begun(), begin({ channel: 1 }, ushort(0)), invalid);
  for (const frame of [attach({ channel: 1 }), flow({ channel: 1 }), transfer({ channel: 1 }), end({ channel: 1 })]) {
    refuses(begun(), frame, illegal);
  }
  const guard = begun();
  assert.doesNotThrow(() => passed(guard, end(), begin(), attach()));
  refuses(begun(), Buffer.concat([end(), attach()]), illegal);
});

// AMQP 1.0 part 2, 2.6
test("Handles and links: too high, in use, never attached, detached", () => {
  refuses(begun({ handleMax: 3 }), attach({ handle: 4 }), framing);
  const twice = Buffer.concat([attach(), attach({ name: "other" })]);
  refuses(begun(), twice, condition("amqp:session:handle-in-use"));
  refuses(begun(), Buffer.concat([attach(), attach({ handle: 1, sends: false })]), condition("amqp:not-allowed"));
  const unattached = condition("amqp:session:unattached-handle");
  for (const frame of [flow({ handle: 7 }), transfer({ handle: 7 }), detach({}, 7)])
    refuses(begun(), frame, unattached);
  refuses(sending(), Buffer.concat([detach(), transfer()]), unattached);
});

test("Names of links that JavaScript's objects have, or that are long, are refused", () => {
  for (const name of ["__proto__", "constructor", "toString", "n".repeat(1_025)]) {
    refuses(begun(), attach({ name }), invalid, name.slice(0, 20));
  }
  assert.doesNotThrow(() => begun().push(attach({ name: "n".repeat(1_024) })));
});

test("A name is free again once rhea has forgotten the link that had it", async () => {
  const guard = begun();
  passed(guard, attach(), detach());
  await new Promise(setImmediate);
  assert.doesNotThrow(() => guard.push(attach()));
  refuses(begun(), Buffer.concat([attach(), detach(), attach()]), condition("amqp:not-allowed"));
});

test("Termini and settle modes that do not exist are refused", () => {
  refuses(begun(), attach({ target: described(0x30, list()) }), unsupported, "a coordinator");
  refuses(begun(), attach({ source: described(0x29, list()) }), unsupported);
  refuses(begun(), attach({ source: described(symbol("amqp:source:list"), list()) }), unsupported);
  refuses(begun(), attach({ source: text("there") }), decode);
  const modes = (send: number, receive: number) =>
    performative(0x12, [text("link"), uint(0), no, ubyte(send), ubyte(receive)]);
  refuses(begun(), modes(3, 0), invalid);
  refuses(begun(), modes(0, 2), invalid);
  assert.doesNotThrow(() => begun().push(modes(2, 1)));
});

// AMQP 1.0 part 2, 2.6.7
test("A flow that drains a link of the client's has no credit and tells its count", () => {
  refuses(sending(), flow({ drain: true, credit: 1 }), invalid);
  const uncounted = [uint(0), uint(1), uint(0), uint(1), uint(0), nothing, uint(0), nothing, yes];
  refuses(sending(), performative(0x13, uncounted), invalid);
  const guard = sending();
  assert.doesNotThrow(() => guard.push(flow({ drain: true, credit: 0, deliveryCount: 1_000 })));
  refuses(guard, transfer(), condition("amqp:link:transfer-limit-exceeded"));
});

test("A flow that drains a link of the hub's passes with its credit", () => {
  const guard = begun();
  passed(guard, attach({ sends: false }));
  const bytes = flow({ drain: true, credit: 5 });
  assert.deepEqual(passed(guard, bytes), bytes);
});

// AMQP 1.0 part 2, 2.7
test("Performatives that are unsupported, no list, lack a field, have too many, or have something behind them are refused", () => {
  refuses(begun(), frameOf(described(0x19, list())), decode);
  refuses(begun(), frameOf(described(symbol("amqp:end:list"), list())), decode);
  refuses(begun(), frameOf(described(symbol("constructor"), list())), decode);
  refuses(begun(), frameOf(list()), decode);
  refuses(begun(), frameOf(described(0x17, map())), decode);
  refuses(begun(), frameOf(described(0x12, emptyList)), invalid, "rhea shares one empty list among all connections");
  refuses(begun(), performative(0x12, [text("link"), uint(0)]), invalid);
  refuses(begun(), performative(0x12, [nothing, uint(0), no]), invalid);
  refuses(begun(), performative(0x12, [text("link"), text("__proto__"), no]), decode);
  refuses(begun(), performative(0x17, [nothing, nothing]), decode);
  refuses(begun(), performative(0x17, [], { payload: nothing }), decode);
});

// AMQP 1.0 part 2, 2.7.6
test("A disposition covers deliveries that the hub has sent", () => {
  refuses(begun(), disposition(0, 0), invalid);
  const guard = begun();
  for (const id of [0, 1, 300]) guard.sent(transfer({ id }));
  guard.sent(transfer({ id: 301, more: true }));
  assert.doesNotThrow(() => guard.push(disposition(299, 300)));
  refuses(guard, disposition(300, 301), invalid, "all of a delivery must have been sent");
  const ofClient = performative(0x15, [no, uint(0), uint(5), yes]);
  assert.doesNotThrow(() => begun().push(ofClient));
});

test("A disposition covers as many deliveries as a session can have, in order", () => {
  refuses(begun(), disposition(0, 0xffff_ffff), invalid);
  refuses(begun(), disposition(0, 2_048), invalid);
  refuses(begun(), disposition(2, 1), invalid);
  const guard = begun();
  guard.sent(transfer({ id: 2_048 }));
  assert.doesNotThrow(() => guard.push(disposition(1, 2_048, described(0x24, emptyList))));
});

test("Outcomes that rhea would print are refused", () => {
  refuses(begun(), disposition(0, 0, described(0x34, list())), unsupported);
  refuses(begun(), disposition(0, 0, described(symbol("amqp:accepted:list"), list())), unsupported);
  refuses(begun(), disposition(0, 0, text("accepted")), decode);
  refuses(begun(), disposition(0, 0, described(0x25, list(described(0x1e, list())))), unsupported);
  refuses(begun(), disposition(0, 0, described(0x25, list(described(0x1d, list(yes))))), decode);
  refuses(sending(), transfer({ rest: [nothing, described(0x34, list())] }), unsupported);
});

test("A state that is written out as null is taken out of a disposition", () => {
  const answered = () => {
    const guard = begun();
    guard.sent(transfer({ id: 9 }));
    return guard;
  };
  const written = disposition(3, 4, nothing, yes);
  assert.deepEqual(
    passed(answered(), Buffer.concat([heartbeat, written, heartbeat])),
    Buffer.concat([heartbeat, disposition(3, 4), heartbeat]),
  );
  assert.deepEqual(passed(answered(), disposition(3, 4)), disposition(3, 4));
  const short = frameOf(described(0x15, Buffer.of(0xc0, 6, 5, 0x41, 0x43, 0x40, 0x41, 0x40)));
  assert.deepEqual(passed(answered(), short), performative(0x15, [yes, Buffer.of(0x43), nothing, yes]));
});
