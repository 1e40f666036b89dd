import assert from "node:assert/strict";
import { test } from "node:test";
import { createContinuations } from "../../../../adapters/node/continuation.ts";
import { refusal } from "../../../support/memory-hub.ts";

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const continuations = createContinuations(key(1));
const text = "SELECT * FROM devices";
const next = { given: 100, after: ["dev-1", 2.5, null] } as const;

// spec/query-language 1, 10
test("a token leads back to its place, on every node of the hub", () => {
  const token = continuations.write(text, next);
  assert.match(token, /^[\w-]+$/);
  assert.deepEqual(createContinuations(key(1)).read(text, token), { after: next });
});

test("a token of another query, of another hub, or made up is refused", () => {
  const token = continuations.write(text, next);
  const foreign = refusal("ArgumentInvalid", /^x-ms-continuation /);
  assert.throws(() => continuations.read(`${text} `, token), foreign);
  assert.throws(() => createContinuations(key(2)).read(text, token), foreign);
  for (let at = 0; at < token.length; at += 1) {
    const bytes = Buffer.from(token, "base64url");
    const byte = Math.floor((at * bytes.length) / token.length);
    bytes[byte] = (bytes[byte] ?? 0) ^ 1;
    assert.throws(() => continuations.read(text, bytes.toString("base64url")), foreign);
  }
  for (const made of ["", "x", "null", "e30", "\u0000", "🙂", "A".repeat(10_000), token.slice(0, -2)]) {
    assert.throws(() => continuations.read(text, made), foreign, made);
  }
});

test("a place too long for a header becomes a count of rows", () => {
  const token = continuations.write(text, { given: 7, after: ["x".repeat(100_000)] });
  assert.ok(token.length < 100);
  assert.deepEqual(continuations.read(text, token), { skipped: 7 });
});
