import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecrets } from "../../../../adapters/secrets/secrets.ts";
import { refusal } from "../../../support/memory-hub.ts";

const secrets = createSecrets(new Uint8Array(32).fill(1));
const key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

test("what was sealed opens again, and never looks the same twice", () => {
  for (const plain of ["", key, "é温😀", "x".repeat(10_000)]) {
    const [first, second] = [secrets.seal(plain), secrets.seal(plain)];
    assert.notEqual(first, second);
    assert.match(first, /^v1\.[A-Za-z0-9_-]+$/);
    assert.equal(secrets.open(first), plain);
  }
});

test("what another master key sealed, or somebody changed, does not open", () => {
  const sealed = secrets.seal(key);
  const foreign = createSecrets(new Uint8Array(32).fill(2)).seal(key);
  const flipped = sealed.slice(0, 10) + (sealed[10] === "A" ? "B" : "A") + sealed.slice(11);
  for (const text of [
    foreign,
    flipped,
    sealed.slice(0, -4),
    `v2.${sealed.slice(3)}`,
    sealed.slice(3),
    "v1.",
    "",
    key,
  ]) {
    assert.throws(() => secrets.open(text), refusal("ServerError"), text);
  }
});

test("a generated key is base64 of 32 bytes, and new each time", () => {
  const keys = Array.from({ length: 100 }, () => secrets.generateKey());
  assert.equal(new Set(keys).size, 100);
  for (const generated of keys) assert.equal(Buffer.from(generated, "base64").toString("base64"), generated);
  assert.equal(Buffer.from(keys[0] ?? "", "base64").length, 32);
});

// spec/identity-and-security 5.2: a test vector
test("a signature is HMAC-SHA256 under the decoded key", () => {
  const signature = secrets.sign(key, "hub1.azure-devices.net%2Fdevices%2Fdev-1\n1893456000");
  assert.equal(signature, "cbtcjBQh7q7nxs4QMvijTpPDXFFiKh3lGgwl/hluYJM=");
});

test("texts of any length can be compared", () => {
  assert.ok(secrets.equal("", ""));
  assert.ok(secrets.equal("abc", "abc"));
  assert.ok(!secrets.equal("abc", "abd"));
  assert.ok(!secrets.equal("abc", "abcd"));
});
