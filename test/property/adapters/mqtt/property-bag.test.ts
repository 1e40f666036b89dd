import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { percentDecode } from "../../../../adapters/mqtt/percent-encoding.ts";
import { parsePropertyBag } from "../../../../adapters/mqtt/property-bag.ts";
import { parsePublishTopic } from "../../../../adapters/mqtt/topics.ts";

/** Any text that has a UTF-8 form, as MQTT and percent-encoding need. */
const text = fc.string({ unit: "grapheme" }).filter((value) => value.isWellFormed());
const name = text.filter((value) => value !== "" && !value.startsWith("$."));
const bagOf = (properties: ReadonlyMap<string, string>): string =>
  Array.from(properties, ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");
const properties = fc.array(fc.tuple(name, text)).map((pairs) => new Map(pairs));

// spec/mqtt 6
test("What an SDK encodes is read as it was", () => {
  fc.assert(
    fc.property(properties, (application) => {
      assert.deepEqual(parsePropertyBag(bagOf(application)), { system: {}, application });
    }),
  );
});

// spec/mqtt 5, 6
test("In a topic too, with and without the last slash, whatever the id", () => {
  const id = fc.stringMatching(/^[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}$/);
  fc.assert(
    fc.property(properties, id, fc.boolean(), fc.boolean(), (application, deviceId, slash, encoded) => {
      const segment = encoded ? encodeURIComponent(deviceId) : deviceId;
      const topic = `devices/${segment}/messages/events/${bagOf(application)}${slash ? "/" : ""}`;
      const parsed = parsePublishTopic(topic, { deviceId });
      assert.deepEqual(parsed, { kind: "telemetry", properties: { system: {}, application } });
    }),
  );
});

// spec/mqtt 6
test("Decoding undoes encoding, takes hostile escapes as they are and never a plus for a space", () => {
  const hostile = fc.string({ unit: fc.constantFrom("%", "2", "F", "f", "g", "C", "3", "+", "ü", "&") });
  fc.assert(
    fc.property(text, hostile, (plain, bad) => {
      assert.equal(percentDecode(encodeURIComponent(plain)), plain);
      const decoded = percentDecode(bad);
      assert.ok(decoded.isWellFormed());
      assert.equal(decoded.split("+").length, bad.split("+").length + bad.split(/%2B/i).length - 1);
    }),
  );
});

test("Any bag is read without a complaint", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (bag) => void parsePropertyBag(bag)));
});
