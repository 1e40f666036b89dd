import assert from "node:assert/strict";
import { test } from "node:test";
import { PendingCalls } from "../../../../adapters/device-method/pending-calls.ts";
import { maxMethodPayloadBytes } from "../../../../core/method/method.ts";

const never = new AbortController().signal;

async function replyTo(payload: string | Uint8Array, status: number | undefined = 200) {
  const calls = new PendingCalls();
  const reply = calls.reply("1", never);
  calls.answer({ id: "1", status, payload: Buffer.from(payload) });
  return await reply;
}

// spec/twins-methods-jobs 10
test("An answer is any JSON; an empty one is null", async () => {
  for (const payload of [null, "", "foo", {}, { a: [1, { b: null }] }, 7, false]) {
    assert.deepEqual(await replyTo(JSON.stringify(payload)), { kind: "answered", status: 200, payload });
  }
  assert.deepEqual(await replyTo("", -3), { kind: "answered", status: -3, payload: null });
});

// spec/twins-methods-jobs 10
test("What is no JSON, too deep, too large or without a status is malformed", async () => {
  const largest = `"${"x".repeat(maxMethodPayloadBytes - 2)}"`;
  assert.equal((await replyTo(largest)).kind, "answered");
  const bad = ["{", "not json", Buffer.from([0x22, 0xff, 0x22]), "[".repeat(10_000), `${largest} `];
  for (const payload of [...bad, '{"__proto__":1}']) assert.deepEqual(await replyTo(payload), { kind: "malformed" });
  for (const status of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(await replyTo("null", status), { kind: "malformed" });
  }
  const calls = new PendingCalls();
  const reply = calls.reply("1", never);
  calls.answer({ id: "1", status: undefined, payload: Buffer.from("1") });
  assert.deepEqual(await reply, { kind: "malformed" });
});

// spec/mqtt 9
test("Each answer goes to its own call, once; unknown and late ones are ignored", async () => {
  const calls = new PendingCalls();
  const [one, two] = [calls.reply("1", never), calls.reply("__proto__", never)];
  calls.answer({ id: "3", status: 200, payload: Buffer.from("") });
  calls.answer({ id: "__proto__", status: 2, payload: Buffer.from("") });
  calls.answer({ id: "1", status: 1, payload: Buffer.from("") });
  calls.answer({ id: "1", status: 9, payload: Buffer.from("") });
  assert.deepEqual(await one, { kind: "answered", status: 1, payload: null });
  assert.deepEqual(await two, { kind: "answered", status: 2, payload: null });
});

test("The end of the wait and the end of the connection are ends of the call", async () => {
  const calls = new PendingCalls();
  const ended = new AbortController();
  const [one, two] = [calls.reply("1", ended.signal), calls.reply("2", never)];
  ended.abort();
  calls.answer({ id: "1", status: 200, payload: Buffer.from("") });
  assert.deepEqual(await one, { kind: "timedOut" });
  calls.close("KeepAliveExceeded");
  assert.deepEqual(await two, { kind: "closed", reason: "KeepAliveExceeded" });
});
