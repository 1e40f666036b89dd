import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventEncoder } from "../../../../adapters/event-hubs/event-encoder.ts";
import { headerBlock, headerLine } from "../../../../adapters/nats/header-block.ts";
import { idLineStart, propertyLines, stampLines } from "../../../../adapters/nats/telemetry-headers.ts";
import { decodeEvent, encodeEvent } from "../../../unit/adapters/event-hubs/decoded-event.ts";

const text = fc.string({ unit: "binary", maxLength: 300 });
const ascii = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
const time = fc.date({ noInvalidDate: true, min: new Date(-1e14), max: new Date(1e14) });
const stamp = fc.record(
  { deviceId: text, moduleId: text, generationId: ascii, authMethod: text, modelId: text, connectionId: fc.uuid() },
  { requiredKeys: ["deviceId", "generationId", "authMethod", "connectionId"] },
);
const system = fc.record(
  {
    "message-id": text,
    "correlation-id": text,
    "user-id": text,
    to: text,
    "absolute-expiry-time": time.map((date) => date.toISOString()),
    "content-type": ascii,
    "content-encoding": ascii,
    "iothub-interface-id": text,
    "dt-subject": text,
  },
  { requiredKeys: [] },
);
const application = fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => new Map(pairs));
const event = fc.record({
  stamp,
  properties: fc.record({ system, application }),
  body: fc.uint8Array({ maxLength: 1_000 }),
  sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  stored: time,
  taken: time,
});

/** Lone surrogates have no UTF-8. */
const sent = (value: string | undefined): string | undefined => value?.toWellFormed();

// spec/amqp 9: whatever a hub stores, a client reads
test("an event that was stored is read by rhea as it was sent", () => {
  const encoder = new EventEncoder();
  const shared = fc.array(event, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(shared, (events) => {
      for (const { stamp, properties, body, sequence, stored, taken } of events) {
        const id = `${idLineStart(stamp)}7\r\n`;
        const lines = `${stampLines("hub", stamp)}${propertyLines(properties)}${id}${headerLine("ce-time", taken.toISOString())}`;
        const headerLines = headerBlock(lines).toString("latin1").slice("NATS/1.0\r\n".length);
        const raw = { sequence, storedTimeMs: stored.getTime(), headerLines, body };
        const read = decodeEvent(encodeEvent(encoder, raw));
        const annotations = read.message_annotations ?? {};
        assert.equal(annotations["x-opt-offset"], `${sequence - 1}`);
        assert.equal(Number(annotations["x-opt-sequence-number"]), sequence - 1);
        assert.deepEqual(annotations["x-opt-enqueued-time"], stored);
        assert.deepEqual(annotations["iothub-enqueuedtime"], taken);
        assert.equal(annotations["iothub-connection-device-id"], sent(stamp.deviceId));
        assert.equal(annotations["iothub-connection-module-id"], sent(stamp.moduleId));
        assert.equal(annotations["iothub-connection-auth-method"], sent(stamp.authMethod));
        assert.equal(annotations["dt-dataschema"], sent(stamp.modelId));
        assert.equal(annotations["dt-subject"], sent(properties.system["dt-subject"]));
        assert.equal(annotations["iothub-interface-id"], sent(properties.system["iothub-interface-id"]));
        assert.equal(read.message_id, sent(properties.system["message-id"]));
        assert.equal(read.correlation_id, sent(properties.system["correlation-id"]));
        assert.equal(read.to, sent(properties.system.to));
        assert.equal(read.content_type, properties.system["content-type"]);
        assert.equal(read.content_encoding, properties.system["content-encoding"]);
        assert.equal(read.user_id?.toString(), sent(properties.system["user-id"]));
        assert.equal(
          read.absolute_expiry_time === undefined ? undefined : new Date(read.absolute_expiry_time).toISOString(),
          properties.system["absolute-expiry-time"],
        );
        // rhea makes an object of the map, in which `__proto__` is no key.
        for (const [name, value] of properties.application) {
          if (name !== "__proto__") assert.equal(read.application_properties?.[name.toWellFormed()], sent(value));
        }
        assert.deepEqual(read.body, Buffer.from(body));
      }
    }),
    { numRuns: 200 },
  );
});
