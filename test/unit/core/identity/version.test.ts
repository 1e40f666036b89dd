import assert from "node:assert/strict";
import { test } from "node:test";
import { newDecisionMeta } from "../../../../core/identity/decision-meta.ts";
import { deviceOfScope, edgeScope } from "../../../../core/identity/edge-scope.ts";
import { etagOf, generationIdAt, nextEtag, versionOf } from "../../../../core/identity/version.ts";

// spec/identity-and-security 1.1
test("a generation id is .NET ticks in decimal", () => {
  assert.equal(generationIdAt(Date.parse("2019-08-28T13:22:50.247Z"), 9574), "637025953702479574");
  assert.equal(generationIdAt(0, 0), "621355968000000000");
});

test("two generations within one millisecond differ in their last four digits", () => {
  assert.equal(BigInt(generationIdAt(1000, 9999)) - BigInt(generationIdAt(1000, 0)), 9999n);
  assert.equal(BigInt(generationIdAt(1001, 0)) - BigInt(generationIdAt(1000, 9999)), 1n);
});

// spec/identity-and-security 1.1: samples of the real service
test("an etag is base64 of a decimal number", () => {
  assert.equal(etagOf(885529833), "ODg1NTI5ODMz");
  assert.equal(etagOf(0), "MA==");
  assert.equal(versionOf("ODg1NTI5ODMz"), 885529833);
  assert.equal(nextEtag("MA=="), "MQ==");
  assert.equal(nextEtag(etagOf(999_999_999)), etagOf(1_000_000_000));
});

test("a text that is no etag counts as version 0", () => {
  for (const text of ["", "*", "abc", "AAAAAAAAAAE=", "MQ", "MQ=", "=MQ=", "\u{1f600}", etagOf(1).repeat(20)]) {
    assert.equal(versionOf(text), 0, text);
  }
});

test("time and chance are drawn once for a decision", () => {
  const drawn: number[] = [];
  const clock = { now: () => 5, isoTime: (ms: number) => `at ${ms}` };
  const ids = { uuid: () => "", randomInt: (limit: number) => drawn.push(limit) };
  const meta = newDecisionMeta({ clock, ids });
  assert.deepEqual(meta, { now: "at 5", generationId: generationIdAt(5, 1), firstEtag: etagOf(2) });
  assert.deepEqual(drawn, [10_000, 1_000_000_000]);
});

// spec/identity-and-security 1.6
test("a scope names its device, whatever dashes the id has", () => {
  assert.equal(edgeScope("a-b", "637"), "ms-azure-iot-edge://a-b-637");
  assert.equal(deviceOfScope("ms-azure-iot-edge://a-b-637"), "a-b");
  for (const scope of ["", "a-b-637", "ms-azure-iot-edge://", "ms-azure-iot-edge://-637", "ms-azure-iot-edge://637"]) {
    assert.equal(deviceOfScope(scope), undefined, scope);
  }
});
