import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { actorText, parseActor } from "../../../../adapters/nats/actor-text.ts";
import { encodeHeaderName, encodeHeaderValue } from "../../../../adapters/nats/header-block.ts";
import { decodePercent } from "../../../../adapters/nats/percent-encoding.ts";
import { decodeToken, encodeToken, keyOf, subjectOf } from "../../../../adapters/nats/subjects.ts";
import type { Actor, AggregateKey } from "../../../../core/events.ts";

/** Any text that has a UTF-8 form, the awkward characters more often than chance has it. */
const text = fc.oneof(
  fc.string({ unit: "binary" }).map((value) => value.toWellFormed()),
  fc.string({ unit: fc.constantFrom(".", "*", ">", " ", "%", ":", "/", "\r", "\n", "\0", "\x7f", "a", "é", "😀") }),
);

const plain = { noNullPrototype: true } as const;

test("an id comes back from its token, which is one token for NATS", () => {
  fc.assert(
    fc.property(text, (id) => {
      const token = encodeToken(id);
      assert.match(token, /^[!-)+-\-/-=?-~]+$/);
      assert.equal(decodeToken(token), id);
    }),
  );
});

test("different ids have different tokens", () => {
  fc.assert(fc.property(text, text, (a, b) => assert.equal(encodeToken(a) === encodeToken(b), a === b)));
});

test("a key comes back from its subject", () => {
  const key: fc.Arbitrary<AggregateKey> = fc.record(
    { aggregate: fc.constantFrom("identity", "twin", "connection", "hub"), id: text, moduleId: text },
    { requiredKeys: ["aggregate", "id"], noNullPrototype: true },
  );
  fc.assert(fc.property(key, (value) => assert.deepEqual(keyOf(subjectOf("my-hub", value)), value)));
});

test("a header value comes back, ends no line and survives trimming", () => {
  fc.assert(
    fc.property(text, (value) => {
      const encoded = encodeHeaderValue(value);
      assert.match(encoded, /^[ -~]*$/);
      assert.equal(decodePercent(encoded.trim()), value);
    }),
  );
});

test("a header name comes back and is one", () => {
  fc.assert(
    fc.property(text, (name) => {
      const encoded = encodeHeaderName(name);
      assert.match(encoded, /^[!-9;-~]*$/);
      assert.equal(decodePercent(encoded), name);
    }),
  );
});

test("an actor comes back from its text", () => {
  const actor: fc.Arbitrary<Actor> = fc.oneof(
    fc.record({ kind: fc.constant("policy" as const), policy: text }, plain),
    fc.record({ kind: fc.constant("hub" as const), nodeId: text }, plain),
    fc.record({ kind: fc.constant("device" as const), deviceId: text }, plain),
    fc.record({ kind: fc.constant("device" as const), deviceId: text, moduleId: text }, plain),
  );
  fc.assert(fc.property(actor, (value) => assert.deepEqual(parseActor(actorText(value)), value)));
});
