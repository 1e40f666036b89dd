import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSelector, selectorIn } from "../../../../adapters/event-hubs/receiver-filter.ts";

const sequence = (number: number, inclusive: boolean, by: string) => ({
  kind: "sequence",
  sequence: number,
  inclusive,
  by,
});

// spec/amqp 9: source.filter
test("a selector names an offset, a sequence number or a time, with or without quotes", () => {
  const annotation = "amqp.annotation.x-opt-";
  const read = (text: string) => parseSelector(`${annotation}${text}`);
  assert.deepEqual(read("offset > '-1'"), { kind: "earliest" });
  assert.deepEqual(read("offset >= '-1'"), { kind: "earliest" });
  assert.deepEqual(read("offset > '@latest'"), { kind: "latest", inclusive: false });
  assert.deepEqual(read("offset >= @latest"), { kind: "latest", inclusive: true });
  assert.deepEqual(read("offset>'12'"), sequence(12, false, "offset"));
  assert.deepEqual(read("offset  >=  12 "), sequence(12, true, "offset"));
  assert.deepEqual(read("sequence-number > '-1'"), sequence(-1, false, "sequence number"));
  assert.deepEqual(read("sequence-number >= '9007199254740991'"), sequence(2 ** 53 - 1, true, "sequence number"));
  assert.deepEqual(read("enqueued-time > '1700000000123'"), { kind: "time", timeMs: 1_700_000_000_123 });
  assert.deepEqual(read("enqueued-time >= 1700000000123"), { kind: "time", timeMs: 1_700_000_000_122 });
});

test("any other selector is refused", () => {
  const texts = [
    "",
    "x",
    "amqp.annotation.x-opt-offset < '1'",
    "amqp.annotation.x-opt-offset > ''",
    "amqp.annotation.x-opt-offset > '1",
    "amqp.annotation.x-opt-offset > '1' AND amqp.annotation.x-opt-offset > '2'",
    "amqp.annotation.x-opt-offset > '1e3'",
    "amqp.annotation.x-opt-sequence-number > '@latest'",
    "amqp.annotation.x-opt-sequence-number > '9007199254740992'",
    "amqp.annotation.x-opt-enqueued-time > '2026-01-01'",
    "amqp.annotation.x-opt-partition-key > 'a'",
    `amqp.annotation.x-opt-offset > '${" ".repeat(300)}'`,
  ];
  for (const text of texts) {
    assert.throws(() => parseSelector(text), { name: "LinkRefused", condition: "amqp:invalid-field" }, text);
  }
});

test("filters of other kinds don't count, and a selector must be a text", () => {
  const described = (descriptor: unknown, value: unknown) => ({ value, descriptor: { value: descriptor } });
  const selector = "apache.org:selector-filter:string";
  assert.equal(selectorIn(undefined), undefined);
  assert.equal(selectorIn(null), undefined);
  assert.equal(selectorIn({}), undefined);
  assert.equal(selectorIn({ other: described(7, "x"), more: "x", none: null }), undefined);
  assert.equal(selectorIn({ other: 1, [selector]: described(7, "text") }), "text");
  assert.equal(selectorIn({ [selector]: "bare" }), "bare");
  assert.equal(selectorIn({ any: described(0x468c00000004, "by code") }), "by code");
  for (const filter of ["x", { [selector]: 1 }, { [selector]: null }, { [selector]: described(1, 2) }]) {
    assert.throws(() => selectorIn(filter), { condition: "amqp:invalid-field" });
  }
});
