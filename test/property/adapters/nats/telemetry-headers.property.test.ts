import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Msg, MsgHdrsImpl } from "nats";
import { headerBlock } from "../../../../adapters/nats/header-block.ts";
import {
  decodeTelemetry,
  idLineStart,
  propertyLines,
  stampLines,
} from "../../../../adapters/nats/telemetry-headers.ts";
import {
  d2cSystemProperties,
  type MessageProperties,
  type TelemetryStamp,
} from "../../../../core/device-to-cloud/message.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }).map((value) => value.toWellFormed()),
  fc.constantFrom(
    "",
    " ",
    ":",
    "a:b",
    "\r\n",
    "\r\nNats-Rollup: all\r\n",
    " led and trailed ",
    "Ünïcode",
    "😀",
    "%41",
    "Name",
    "name",
  ),
);

const system = fc.dictionary(fc.constantFrom(...d2cSystemProperties), text, { noNullPrototype: true });
const application = fc.array(fc.tuple(text, text)).map((entries) => new Map(entries));
const stamp: fc.Arbitrary<TelemetryStamp> = fc.record(
  { deviceId: text, generationId: text, authMethod: text, connectionId: text, moduleId: text, modelId: text },
  { requiredKeys: ["deviceId", "generationId", "authMethod", "connectionId"], noNullPrototype: true },
);

const enqueuedTime = "2026-01-02T03:04:05.678Z";

function encode(sender: TelemetryStamp, properties: MessageProperties): Buffer {
  const lines = `${stampLines("hub", sender)}${propertyLines(properties)}${idLineStart(sender)}7\r\nce-time: ${enqueuedTime}\r\n`;
  return headerBlock(lines);
}

const body = Buffer.from([0, 255, 13, 10]);

/** A message with only the face that nats.js promises. */
const plain = (headers: Buffer): Msg =>
  ({ subject: "hub.telemetry.0.x", data: body, headers: MsgHdrsImpl.decode(headers) }) as unknown as Msg;

/** A message with the fields that nats.js keeps what it received in. */
const received = (headers: Buffer): Msg =>
  ({
    subject: "hub.telemetry.0.x",
    data: body,
    _rdata: Buffer.concat([headers, body]),
    _msg: { hdr: headers.length },
  }) as unknown as Msg;

// spec/messaging 1.1, 1.3, 1.5
for (const [name, message] of Object.entries({ plain, received })) {
  test(`telemetry comes back from a ${name} message with every property and stamp`, () => {
    fc.assert(
      fc.property(stamp, fc.record({ system, application }, { noNullPrototype: true }), (sender, properties) => {
        const decoded = decodeTelemetry(message(encode(sender, properties)));
        assert.deepEqual(decoded, {
          id: `${sender.connectionId}-7`,
          stamp: sender,
          properties,
          enqueuedTime,
          body,
        });
      }),
    );
  });
}

test("an application property that is named as a stamp does not pass for one", () => {
  const sender = { deviceId: "real", generationId: "1", authMethod: "{}", connectionId: "c" };
  const names = ["iothub-connection-device-id", "ce-id", "dt-dataschema", "message-id"];
  const spoofed = new Map(names.map((name) => [name, "spoofed"]));
  const decoded = decodeTelemetry(received(encode(sender, { system: {}, application: spoofed })));
  assert.deepEqual(decoded.stamp, sender);
  assert.deepEqual(decoded.properties, { system: {}, application: spoofed });
});

test("a message that no hub wrote is refused", () => {
  const foreign = received(headerBlock("iothub-connection-device-id: x\r\n"));
  assert.throws(() => decodeTelemetry(foreign), { reason: "ServerError" });
  assert.throws(() => decodeTelemetry(received(headerBlock("ce-id: %zz\r\n"))), { reason: "ServerError" });
});
