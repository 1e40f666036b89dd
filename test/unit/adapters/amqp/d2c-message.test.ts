import assert from "node:assert/strict";
import { test } from "node:test";
import rhea from "rhea";
import { batchedMessagesOf, d2cMessageOf } from "../../../../adapters/amqp/d2c-message.ts";
import type { MessageProperties } from "../../../../core/device-to-cloud/message.ts";
import { binary, data, described, list, map, text, uint } from "./amqp-bytes.ts";

const { types } = rhea;

/** The message as it arrives: encoded and decoded by rhea. */
const arrived = (message: object, like?: MessageProperties) =>
  d2cMessageOf(rhea.message.decode(rhea.message.encode(message)), like);
const bodyOf = (body: unknown) => Buffer.from(arrived({ body }).body);
const applicationOf = (properties: object) =>
  Object.fromEntries(arrived({ application_properties: properties, body: null }).properties.application);

const uuidBytes = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const uuid = "00112233-4455-6677-8899-aabbccddeeff";

// spec/amqp 6
test("Properties and annotations of a message become system properties", () => {
  const { system } = arrived({
    message_id: "m-1",
    correlation_id: uuidBytes,
    user_id: Buffer.from("Zoë"),
    to: "/devices/dev-1/messages/events",
    subject: "not one",
    reply_to: "not one",
    content_type: "application/json",
    content_encoding: "utf-8",
    absolute_expiry_time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    creation_time: 5,
    group_id: "not one",
    message_annotations: { "dt-subject": "thermostat", "iothub-interface-id": "urn:a" },
    body: null,
  }).properties;
  assert.deepEqual(system, {
    "message-id": "m-1",
    "correlation-id": uuid,
    "user-id": "Zoë",
    to: "/devices/dev-1/messages/events",
    "content-type": "application/json",
    "content-encoding": "utf-8",
    "absolute-expiry-time": "2026-01-02T03:04:05.006Z",
    "dt-subject": "thermostat",
    "iothub-interface-id": "urn:a",
  });
});

test("Ids may be a text, a uuid, a number or bytes", () => {
  const idOf = (id: unknown) => arrived({ message_id: id, body: null }).properties.system["message-id"];
  assert.equal(idOf("text"), "text");
  assert.equal(idOf(uuidBytes), uuid);
  assert.equal(idOf(7), "7");
  assert.equal(idOf(types.wrap_binary(Buffer.from("bytes"))), "bytes");
  assert.equal(idOf(types.wrap_binary(Buffer.of(0xff, 0xfe))), "//4=");
});

test("A user id is never a uuid, whatever its length", () => {
  const user = (bytes: Buffer) => arrived({ user_id: bytes, body: null }).properties.system["user-id"];
  assert.equal(user(Buffer.from("sixteen letters!")), "sixteen letters!");
  assert.equal(user(Buffer.of(0x80)), "gA==");
});

test("Application properties keep their names; their values become texts", () => {
  const properties = {
    text: "t",
    "": "without a name",
    yes: true,
    no: false,
    int: -5,
    double: 1.5,
    time: types.wrap_timestamp(0),
    uuid: types.wrap_uuid(uuidBytes),
    bytes: Buffer.of(0xff),
    null: null,
    "iothub-outputname": "out",
    "iothub-creation-time-utc": "2026-01-01T00:00:00Z",
    "iothub-connection-device-id": "someone else",
    constructor: "c",
  };
  assert.deepEqual(applicationOf(properties), {
    text: "t",
    yes: "true",
    no: "false",
    int: "-5",
    double: "1.5",
    time: "1970-01-01T00:00:00.000Z",
    uuid,
    bytes: "/w==",
    null: "",
    "iothub-outputname": "out",
    "iothub-creation-time-utc": "2026-01-01T00:00:00Z",
    "iothub-connection-device-id": "someone else",
    constructor: "c",
  });
});

// spec/mqtt 6
test("Diagnostic annotations become application properties, as over MQTT; the device's own of that name go first", () => {
  const message_annotations = { "Diagnostic-Id": "d", "Correlation-Context": "c" };
  const own = { "Correlation-Context": "own" };
  const { application } = arrived({ message_annotations, application_properties: own, body: null }).properties;
  assert.deepEqual(Object.fromEntries(application), { "Diagnostic-Id": "d", "Correlation-Context": "own" });
});

// spec/messaging 1.2
test("Annotations that look like the hub's stamps mean nothing", () => {
  const message_annotations = {
    "iothub-connection-device-id": "someone else",
    "iothub-connection-auth-method": "{}",
    "iothub-enqueuedtime": new Date(0),
    "message-id": "m",
    toString: "t",
  };
  assert.deepEqual(arrived({ message_annotations, body: null }).properties, { system: {}, application: new Map() });
});

test("A property that has no text is refused, and the error names system properties only", () => {
  const invalid = { name: "HubError", reason: "ArgumentInvalid" };
  for (const value of [["a"], { a: 1 }, types.wrap_described("a", "b:c"), types.wrap_timestamp(8.7e15)]) {
    assert.throws(() => applicationOf({ secret: value }), { ...invalid, detail: { property: "application property" } });
  }
  assert.throws(() => arrived({ message_annotations: { "dt-subject": {} }, body: null }), {
    ...invalid,
    detail: { property: "dt-subject" },
  });
});

// spec/amqp 6
test("A body is the data sections, joined, or a value that is a text or binary", () => {
  assert.deepEqual(bodyOf(rhea.message.data_section(Buffer.from("one"))), Buffer.from("one"));
  const several = rhea.message.data_sections([Buffer.from("one"), Buffer.alloc(0), Buffer.from("two")]);
  assert.deepEqual(bodyOf(several), Buffer.from("onetwo"));
  assert.deepEqual(bodyOf("text"), Buffer.from("text"));
  assert.deepEqual(bodyOf(Buffer.from("bytes")), Buffer.from("bytes"));
  assert.deepEqual(bodyOf(null), Buffer.alloc(0));
  assert.deepEqual(Buffer.from(d2cMessageOf({}).body), Buffer.alloc(0));
});

test("Bodies of other kinds are refused", () => {
  const invalid = { name: "HubError", reason: "ArgumentInvalid" };
  for (const body of [5, true, { a: 1 }, ["a"], new Date(0), rhea.message.sequence_section(["a"])]) {
    assert.throws(() => bodyOf(body), invalid);
  }
});

test("Properties that are equal to earlier ones are the same object", () => {
  const given = { to: "there", content_type: "text/plain", application_properties: { a: "1" }, body: "x" };
  const { properties } = arrived(given);
  assert.equal(arrived(given, properties).properties, properties);
  const others = [
    { ...given, to: "elsewhere" },
    { ...given, content_encoding: "utf-8" },
    { ...given, message_annotations: { "dt-subject": "s" } },
    { ...given, application_properties: { a: "2" } },
    { ...given, application_properties: { b: "1" } },
    { ...given, application_properties: { a: "1", b: "1" } },
  ];
  for (const other of others) {
    assert.notEqual(arrived(other, properties).properties, properties);
    assert.deepEqual(arrived(other, properties), arrived(other));
  }
});

// spec/amqp 6
test("A batch is one message for each data section; what else it holds means nothing", () => {
  const one = (id: string) =>
    rhea.message.encode({
      message_id: id,
      application_properties: { a: "1" },
      body: rhea.message.data_section(Buffer.from(id)),
    });
  const annotations = described(0x72, map(text("x-opt-partition-key"), text("k")));
  const messages = batchedMessagesOf(Buffer.concat([annotations, data(one("m-1")), data(one("m-2")), data("")]));
  assert.deepEqual(
    messages.map(({ body }) => Buffer.from(body).toString()),
    ["m-1", "m-2"],
  );
  assert.deepEqual(
    messages.map(({ properties }) => properties.system["message-id"]),
    ["m-1", "m-2"],
  );
  const same = Buffer.concat(Array<Buffer>(2).fill(data(data("x"))));
  const [first, second] = batchedMessagesOf(same);
  assert.equal(first?.properties, second?.properties);
  assert.deepEqual(batchedMessagesOf(Buffer.alloc(0)), []);
});

test("Batches of what is no message, or of more than 500, are refused", () => {
  const invalid = { name: "HubError", reason: "ArgumentInvalid" };
  const hostile = [
    text("bare"),
    data("junk"),
    data(text("bare")),
    data(described(0x79, list())),
    data(described(0x74, map(text("__proto__"), binary("x")))),
    data(described(0x74, map(uint(1)))),
    data(Buffer.of(0, 0x53, 0x75, 0xb0, 0xff, 0xff, 0xff, 0xff)),
    data(described(0x77, map())),
    data("x").subarray(0, 6),
  ];
  for (const bytes of hostile) assert.throws(() => batchedMessagesOf(bytes), invalid);
  const many = (count: number) => Buffer.concat(Array<Buffer>(count).fill(data(data("x"))));
  assert.equal(batchedMessagesOf(many(500)).length, 500);
  assert.throws(() => batchedMessagesOf(many(501)), { name: "HubError", reason: "MessageTooLarge" });
});
