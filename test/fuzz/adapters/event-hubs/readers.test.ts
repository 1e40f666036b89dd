import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LinkRefused } from "../../../../adapters/amqp/link-refused.ts";
import { parseEntityAddress } from "../../../../adapters/event-hubs/entity-address.ts";
import { EventEncoder } from "../../../../adapters/event-hubs/event-encoder.ts";
import { parseSelector, selectorIn } from "../../../../adapters/event-hubs/receiver-filter.ts";
import { decodeEvent, encodeEvent } from "../../../unit/adapters/event-hubs/decoded-event.ts";

/** How long each test looks for trouble, in milliseconds. On a find fast-check prints seed and path. */
const budget = 1_000;
const parameters = { interruptAfterTimeLimit: budget, numRuns: Number.MAX_SAFE_INTEGER, endOnFailure: true } as const;

const word = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      "amqp.annotation.x-opt-",
      "offset",
      "sequence-number",
      "enqueued-time",
      " > ",
      ">=",
      "'",
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom("-1", "@latest", "12", "9".repeat(17), "1700000000000", "AND", "\0", " ") },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
);
const selector = fc.array(word, { maxLength: 8 }).map((words) => words.join(""));

/** Calls a reader, which may refuse, and nothing else. */
function refusedOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof LinkRefused, String(error));
    return undefined;
  }
}

// spec/amqp 9: source.filter
test("any selector is read as a position or refused", () => {
  fc.assert(
    fc.property(selector, (text) => {
      const position = refusedOr(() => parseSelector(text));
      if (position?.kind === "sequence") assert.ok(Number.isSafeInteger(position.sequence));
      if (position?.kind === "time") assert.ok(Number.isSafeInteger(position.timeMs));
    }),
    parameters,
  );
});

test("any filter gives a text or none, or is refused", () => {
  const described = fc.record({
    value: fc.anything(),
    descriptor: fc.oneof(fc.anything(), fc.record({ value: fc.anything() })),
  });
  const key = fc.oneof(fc.constant("apache.org:selector-filter:string"), fc.string(), fc.constant("__proto__"));
  const filter = fc.oneof(fc.anything(), fc.dictionary(key, fc.oneof(described, fc.anything())));
  fc.assert(
    fc.property(filter, (value) => {
      assert.ok(["string", "undefined"].includes(typeof refusedOr(() => selectorIn(value))));
    }),
    parameters,
  );
});

test("any address names something or nothing", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "hub-1",
      "messages/events",
      "ConsumerGroups",
      "Partitions",
      "$management",
      "$Default",
      "0",
      "sb://h",
    ),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  const address = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(address, (text) => {
      const named = parseEntityAddress(text, "hub-1");
      if (named.kind === "partition") assert.ok(!named.group.includes("/") && !named.partition.includes("/"));
    }),
    parameters,
  );
});

// Whoever may write to NATS may write such lines
test("any header lines become an event that clients can read", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "ce-id: c-1",
      "ce-time: ",
      "ce-id: ",
      "message-id: %zz",
      "to:",
      "iothub-app-: ",
      "iothub-x: 1",
      ": ",
    ),
    fc.constantFrom(
      "absolute-expiry-time: 1",
      "absolute-expiry-time: x",
      "content-type: %C3%BC",
      "dt-subject: a",
      "\r",
    ),
    fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 20 }),
  );
  const lines = fc.array(line, { maxLength: 10 }).map((some) => `${some.join("\r\n")}\r\n\r\n`);
  const encoder = new EventEncoder();
  fc.assert(
    fc.property(lines, fc.uint8Array({ maxLength: 20 }), (headerLines, body) => {
      const read = decodeEvent(encodeEvent(encoder, { sequence: 5, storedTimeMs: 7, headerLines, body }));
      assert.equal(read.message_annotations?.["x-opt-offset"], "4");
      assert.deepEqual(read.body, Buffer.from(body));
    }),
    parameters,
  );
});
