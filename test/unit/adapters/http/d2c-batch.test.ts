import assert from "node:assert/strict";
import { test } from "node:test";
import { isBatch, parseBatch } from "../../../../adapters/http/d2c-batch.ts";
import { HubError } from "../../../../core/hub-error.ts";

const parse = (batch: unknown) => parseBatch(Buffer.from(JSON.stringify(batch)));
const text = (body: Uint8Array | undefined) => Buffer.from(body ?? []).toString("utf8");
const reason = (expected: string) => (error: unknown) => error instanceof HubError && error.reason === expected;

// spec/http-api 9.1
test("the media type of a batch is recognised with parameters and in any case", () => {
  assert.ok(isBatch("application/vnd.microsoft.iothub.json"));
  assert.ok(isBatch("Application/Vnd.Microsoft.IotHub.Json; charset=utf-8"));
  assert.ok(!isBatch("application/json"));
  assert.ok(!isBatch(undefined));
});

// spec/http-api 9.1: base64 unless base64Encoded is false
test("bodies are base64 unless the entry says otherwise", () => {
  const messages = parse([
    { body: "aGVsbG8=" },
    { body: "aGVsbG8", base64Encoded: true },
    { body: "grün", base64Encoded: false },
    { body: "" },
  ]);
  assert.deepEqual(
    messages.map(({ body }) => text(body)),
    ["hello", "hello", "grün", ""],
  );
});

// spec/messaging 2
test("properties of an entry have the names that headers have", () => {
  const properties = {
    "iothub-app-fanSpeed": "1",
    "iothub-messageid": "m1",
    "dt-subject": "t",
    other: "x",
    "iothub-app-n": 2,
  };
  const [message] = parse([{ body: "", properties }]);
  assert.deepEqual(message?.properties.system, { "message-id": "m1", "dt-subject": "t" });
  assert.deepEqual(
    [...(message?.properties.application ?? [])],
    [
      ["fanSpeed", "1"],
      ["n", "2"],
    ],
  );
});

test("a batch that is none is refused", () => {
  assert.throws(() => parseBatch(Buffer.from("[{")), reason("IotHubFormatError"));
  assert.throws(() => parse({ body: "" }), reason("IotHubFormatError"));
  for (const entry of [
    1,
    null,
    {},
    { body: 1 },
    { body: "*" },
    { body: "", base64Encoded: "no" },
    { body: "", properties: [] },
  ]) {
    assert.throws(() => parse([entry]), reason("ArgumentInvalid"), JSON.stringify(entry));
  }
  assert.throws(() => parse([{ body: "", properties: { "iothub-app-a": {} } }]), reason("ArgumentInvalid"));
});

// spec/messaging 1.1
test("500 messages are a batch, 501 are too many", () => {
  assert.equal(parse(Array.from({ length: 500 }, () => ({ body: "" }))).length, 500);
  assert.throws(() => parse(Array.from({ length: 501 }, () => ({ body: "" }))), reason("MessageTooLarge"));
});
