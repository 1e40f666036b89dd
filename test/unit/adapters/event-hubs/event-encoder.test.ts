import assert from "node:assert/strict";
import { test } from "node:test";
import { EventEncoder } from "../../../../adapters/event-hubs/event-encoder.ts";
import type { RawTelemetry } from "../../../../adapters/nats/partition-log.ts";
import { decodeEvent, encodeEvent, typesIn } from "./decoded-event.ts";

const lines = [
  "ce-specversion: 1.0",
  "ce-type: com.twinstream.Telemetry",
  "ce-subject: dev/mod",
  "iothub-message-source: Telemetry",
  "iothub-connection-device-id: dev%C3%BC",
  "iothub-connection-auth-generation-id: 637051167384630591",
  'iothub-connection-auth-method: {"scope":"module"}',
  "iothub-connection-module-id: mod",
  "dt-dataschema: dtmi:com:example;1",
  "message-id: m-1",
  "correlation-id: c-1",
  "user-id: %C3%BC",
  "to: /devices/dev",
  "absolute-expiry-time: 2026-05-01T00:00:00.000Z",
  "content-type: application/json",
  "content-encoding: utf-8",
  "iothub-interface-id: urn:x",
  "dt-subject: thermostat",
  "iothub-app-Level: high%0D%0A",
  "iothub-app-na%3Ame: ",
  "ce-id: connection-17",
  "ce-time: 2026-02-01T00:00:00.123Z",
];
const event: RawTelemetry = {
  sequence: 1_000,
  storedTimeMs: Date.parse("2026-02-01T00:00:00.456Z"),
  headerLines: `${lines.join("\r\n")}\r\n\r\n`,
  body: Buffer.from('{"a":1}'),
};

// spec/amqp 9: each event
test("an event has all that was stored, under Event Hubs' names", () => {
  const { body, ...decoded } = decodeEvent(encodeEvent(new EventEncoder(), event));
  assert.deepEqual(decoded, {
    message_annotations: {
      "x-opt-sequence-number": 999,
      "x-opt-offset": "999",
      "x-opt-enqueued-time": new Date(event.storedTimeMs),
      "iothub-enqueuedtime": new Date("2026-02-01T00:00:00.123Z"),
      "iothub-message-source": "Telemetry",
      "iothub-connection-device-id": "devü",
      "iothub-connection-auth-generation-id": "637051167384630591",
      "iothub-connection-auth-method": '{"scope":"module"}',
      "iothub-connection-module-id": "mod",
      "dt-dataschema": "dtmi:com:example;1",
      "iothub-interface-id": "urn:x",
      "dt-subject": "thermostat",
    },
    message_id: "m-1",
    correlation_id: "c-1",
    user_id: Buffer.from("ü"),
    to: "/devices/dev",
    absolute_expiry_time: new Date("2026-05-01T00:00:00.000Z"),
    content_type: "application/json",
    content_encoding: "utf-8",
    application_properties: { Level: "high\r\n", "na:me": "" },
  });
  assert.deepEqual(body, Buffer.from('{"a":1}'));
});

test("an event's values have Event Hubs' AMQP types", () => {
  const [annotations, properties, application] = typesIn(encodeEvent(new EventEncoder(), event));
  const [symbol, string, long, timestamp, binary, nothing] = ["Sym8", "Str8", "Long", "Timestamp", "Vbin8", "Null"];
  assert.deepEqual(annotations?.slice(0, 6), [symbol, long, symbol, timestamp, symbol, timestamp]);
  assert.ok(annotations?.slice(6).every((type, index) => type === (index % 2 === 0 ? symbol : string)));
  const list = [string, binary, string, nothing, nothing, string, symbol, symbol, timestamp];
  assert.deepEqual(properties, list);
  assert.deepEqual(application, [string, string, string, string]);
});

test("sections that an event has nothing for are left out", () => {
  const bare = {
    ...event,
    headerLines: `${lines.slice(0, 9).join("\r\n")}\r\nce-id: c-1\r\nce-time: ?\r\n\r\n`,
    body: Buffer.alloc(0),
  };
  const { body, message_annotations: annotations, ...rest } = decodeEvent(encodeEvent(new EventEncoder(), bare));
  assert.deepEqual(rest, {});
  assert.deepEqual(body, Buffer.alloc(0));
  assert.deepEqual(annotations?.["iothub-enqueuedtime"], new Date(event.storedTimeMs), "a time that is none");
});

test("a message that no hub wrote is an event all the same", () => {
  for (const headerLines of ["", "\r\n", "X-Other: 1\r\niothub-app-a: %zz\r\n\r\n", "ce-id: 1\r\n\r\n"]) {
    const decoded = decodeEvent(encodeEvent(new EventEncoder(), { ...event, sequence: 1, headerLines }));
    assert.equal(decoded.message_annotations?.["x-opt-offset"], "0");
    assert.equal(decoded.message_annotations?.["X-Other"], undefined);
    assert.equal(decoded.application_properties?.a, headerLines.includes("-a") ? "%zz" : undefined);
  }
});

test("what is remembered of a connection is never taken for another's", () => {
  const encoder = new EventEncoder();
  const block = (more: string, id: string) =>
    `iothub-connection-device-id: d\r\n${more}ce-id: ${id}\r\nce-time: ?\r\n\r\n`;
  const seen = (headerLines: string) => {
    const { message_annotations: annotations, ...rest } = decodeEvent(encodeEvent(encoder, { ...event, headerLines }));
    return [annotations?.["dt-dataschema"], rest.message_id, rest.application_properties];
  };
  for (let round = 0; round < 3; round += 1) {
    assert.deepEqual(seen(block("", "c-1")), [undefined, undefined, undefined]);
    for (const id of ["a", "b", "ccc", "d", "e", "f"]) {
      assert.deepEqual(seen(block(`message-id: ${id}\r\n`, "c-2")), [undefined, id, undefined]);
    }
    assert.deepEqual(seen(block("dt-dataschema: x\r\n", "c-3")), ["x", undefined, undefined]);
    assert.deepEqual(seen(block("dt-dataschema: y\r\niothub-app-ce-id: v\r\n", "z-3")), [
      "y",
      undefined,
      { "ce-id": "v" },
    ]);
  }
});
