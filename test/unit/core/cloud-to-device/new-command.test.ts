import assert from "node:assert/strict";
import { test } from "node:test";
import { type CommandInput, newCommand } from "../../../../core/cloud-to-device/new-command.ts";
import { refusal } from "../../../support/memory-hub.ts";

const nowMs = Date.parse("2026-03-01T12:00:00.000Z");
const day = 86_400_000;
const meta = {
  deviceId: "d",
  nowMs,
  isoTime: (ms: number) => new Date(ms).toISOString(),
  newMessageId: () => "new-id",
};

const input = (change: Partial<CommandInput> = {}): CommandInput => ({
  properties: new Map(),
  body: "",
  ...change,
});
const base64 = (bytes: number): string => Buffer.alloc(bytes).toString("base64");

// spec/messaging 6.1, 6.2
test("what the sender leaves out has its default, and an id is made", () => {
  assert.deepEqual(newCommand(input(), { ...meta, deviceId: "a b/c" }), {
    messageId: "new-id",
    to: "/devices/a%20b%2Fc/messages/devicebound",
    ack: "none",
    expiresAt: "2026-03-01T13:00:00.000Z",
    properties: {},
    body: "",
  });
});

test("everything a sender may say is kept", () => {
  const said = { messageId: "m-1", correlationId: "c", userId: "u", contentType: "t/x", contentEncoding: "e" };
  const properties = new Map([
    ["color", "red & blue"],
    ["__proto__", "p"],
  ]);
  const kept = newCommand(input({ ...said, ack: "Full", expiryMs: nowMs + 1, properties, body: "aGk=" }), meta);
  const { properties: keptProperties, ...rest } = kept;
  assert.deepEqual(Object.entries(keptProperties), [...properties]);
  assert.deepEqual(rest, {
    ...said,
    to: "/devices/d/messages/devicebound",
    ack: "full",
    expiresAt: "2026-03-01T12:00:00.001Z",
    body: "aGk=",
  });
});

// spec/messaging 6.3
test("an expiry that is past, beyond two days or no time is refused", () => {
  assert.equal(newCommand(input({ expiryMs: nowMs + 2 * day }), meta).expiresAt, "2026-03-03T12:00:00.000Z");
  for (const expiryMs of [nowMs, nowMs - 1, nowMs + 2 * day + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => newCommand(input({ expiryMs }), meta), refusal("InvalidMessageExpiryTime"));
  }
});

// spec/messaging 1.1: values of system properties, names and values of the others, 8 bytes of an expiry
test("a message of 64 KiB is taken, one byte more is not", () => {
  const properties = new Map([["name", "välue"]]);
  const said = { messageId: "12345", ack: "full", expiryMs: nowMs + 1, properties };
  const largest = 65_536 - 5 - 4 - 8 - 4 - 6;
  assert.equal(newCommand(input({ ...said, body: base64(largest) }), meta).body.length, base64(largest).length);
  assert.throws(() => newCommand(input({ ...said, body: base64(largest + 1) }), meta), refusal("MessageTooLarge"));
});

// spec/messaging 1.2
test("ids, kinds of feedback, names and values that may not be are refused", () => {
  const refused: readonly Partial<CommandInput>[] = [
    { messageId: "" },
    { messageId: "a b" },
    { messageId: "x".repeat(129) },
    { ack: "maybe" },
    { contentType: "a\r\nb" },
    { properties: new Map([["", "v"]]) },
    { properties: new Map([["a b", "v"]]) },
    { properties: new Map([["ü", "v"]]) },
    { properties: new Map([["$.mid", "v"]]) },
    { properties: new Map([["IoTHub-Ack", "full"]]) },
    { properties: new Map([["a", "v\n"]]) },
  ];
  for (const change of refused) {
    assert.throws(() => newCommand(input(change), meta), refusal("ArgumentInvalid"), JSON.stringify(change));
  }
  newCommand(input({ messageId: "-:.+%_#*?!(),=@;$'", properties: new Map([["!#$%&'*+-.^_|~`", "ü ü"]]) }), meta);
});
