import assert from "node:assert/strict";
import { test } from "node:test";
import type { Msg } from "nats";
import { JetStreamError } from "../../../../adapters/nats/js-api.ts";
import { readPublishAnswer } from "../../../../adapters/nats/pub-ack.ts";

const answer = (text: string) => readPublishAnswer({ data: Buffer.from(text) } as unknown as Msg);

test("an acknowledgement is passed on as it is", () => {
  for (const text of [
    '{"stream":"H-D2C-0","seq":7}',
    '{"stream":"H","seq":1,"duplicate":true}',
    '{"domain":"d","stream":"H","seq":1}',
  ]) {
    assert.deepEqual(answer(text), Buffer.from(text));
  }
});

test("a refusal has JetStream's code and text", () => {
  const refusal = answer(
    '{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 5"},"stream":"H","seq":0}',
  );
  assert.ok(refusal instanceof JetStreamError);
  assert.deepEqual([refusal.code, refusal.errCode, refusal.message], [400, 10071, "wrong last sequence: 5"]);
});

test("no responders, no leader and too many requests mean later", () => {
  assert.equal(answer(""), undefined);
  assert.equal(
    answer('{"error":{"code":503,"err_code":10008,"description":"system temporarily unavailable"}}'),
    undefined,
  );
  assert.equal(answer('{"error":{"code":429,"err_code":10167,"description":"too many requests"}}'), undefined);
});

test("nonsense is a refusal", () => {
  for (const text of ["+OK", "[]", "{", "null"]) assert.ok(answer(text) instanceof JetStreamError, text);
});
