import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attach,
  begin,
  binary,
  data,
  described,
  end,
  flow,
  map,
  no,
  nothing,
  performative,
  transfer,
  uint,
  yes,
} from "./amqp-bytes.ts";
import { answeringBegin, begun, condition, decode, invalid, passed, refuses, sending, unsupported } from "./guards.ts";

test("Transfers beyond the credit that the hub has sent are refused", () => {
  const beyond = condition("amqp:link:transfer-limit-exceeded");
  const unflowed = begun();
  passed(unflowed, attach());
  refuses(unflowed, transfer(), beyond);
  const guard = sending(2);
  passed(guard, transfer({ id: 0 }), transfer({ id: 1 }));
  guard.sent(flow({ deliveryCount: 2, credit: 1 }));
  passed(guard, transfer({ id: 2 }));
  refuses(guard, transfer({ id: 3 }), beyond);
});

// AMQP 1.0 part 2, 2.7.5
test("Transfers on a link of the hub's, resumed, aborted, or without id, tag, format or payload are refused", () => {
  const receiving = begun();
  passed(receiving, attach({ sends: false }));
  refuses(receiving, transfer(), condition("amqp:not-allowed"));
  refuses(sending(), transfer({ rest: [nothing, nothing, yes] }), unsupported, "resumed");
  refuses(sending(), transfer({ rest: [nothing, nothing, no, yes] }), unsupported, "aborted");
  refuses(sending(), transfer({ id: null }), invalid);
  refuses(sending(), transfer({ payload: Buffer.alloc(0) }), invalid);
  const tagged = performative(0x14, [uint(0), uint(0), binary("t".repeat(33)), uint(0)], { payload: data("x") });
  refuses(sending(), tagged, invalid);
});

test("A message in several frames is checked when it is whole", () => {
  const message = Buffer.concat([data("x".repeat(300)), described(0x79, map())]);
  const first = transfer({ more: true, payload: message.subarray(0, 100) });
  const last = transfer({ id: null, payload: message.subarray(100) });
  const guard = sending();
  assert.deepEqual(passed(guard, first), first);
  refuses(guard, last, decode);
  const good = sending();
  const goodLast = transfer({ id: null, payload: data("x".repeat(300)).subarray(100) });
  assert.deepEqual(
    passed(good, first, goodLast, transfer({ id: 1 })).length,
    first.length + goodLast.length + transfer().length,
  );
});

test("A new delivery, or another format, before the last one is complete is refused", () => {
  const first = transfer({ more: true, payload: data("xx").subarray(0, 5) });
  refuses(sending(), Buffer.concat([first, transfer({ id: 1 })]), invalid);
  refuses(sending(), Buffer.concat([first, transfer({ id: 0, format: 1 })]), invalid);
});

test("Messages that do not end are bounded: each in bytes and frames, and all of a connection together", () => {
  const part = (id: number | null, payload: Buffer, handle = 0) => transfer({ id, more: true, payload, handle });
  const long = sending();
  const chunk = Buffer.alloc(60_000);
  passed(long, part(0, chunk), ...Array.from({ length: 4 }, () => part(null, chunk)));
  refuses(long, part(null, chunk), condition("amqp:link:message-size-exceeded"));

  const exceeded = condition("amqp:resource-limit-exceeded");
  const tiny = sending(1, { maxDeliveryFrames: 3 });
  passed(tiny, part(0, Buffer.alloc(1)), part(null, Buffer.alloc(1)), part(null, Buffer.alloc(0)));
  refuses(tiny, part(null, Buffer.alloc(1)), exceeded);

  const many = sending(10, { maxIncompleteBytes: 150_000 });
  passed(many, attach({ name: "second", handle: 1 }), attach({ name: "third", handle: 2 }));
  for (const handle of [1, 2]) {
    many.sent(attach({ name: handle === 1 ? "second" : "third", handle, sends: false }));
    many.sent(flow({ handle }));
  }
  passed(many, part(0, chunk), part(1, chunk, 1));
  refuses(many, part(2, chunk, 2), exceeded);
});

test("What a message held counts no longer once it is complete, or its link or session gone", () => {
  const message = data(Buffer.alloc(100_000));
  const whole = [
    transfer({ more: true, payload: message.subarray(0, 60_000) }),
    transfer({ id: null, payload: message.subarray(60_000) }),
  ];
  const guard = sending(100, { maxIncompleteBytes: 110_000 });
  for (let count = 0; count < 5; count += 1) passed(guard, ...whole);
  passed(guard, transfer({ more: true, payload: message.subarray(0, 60_000) }), end(), begin(), attach());
  guard.sent(answeringBegin);
  guard.sent(attach({ sends: false }));
  guard.sent(flow());
  assert.doesNotThrow(() => passed(guard, ...whole));
});
