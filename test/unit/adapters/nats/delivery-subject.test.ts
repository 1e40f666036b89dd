import assert from "node:assert/strict";
import { test } from "node:test";
import { isDelivery, numbersAt, placeOf, storedTimeMsOf } from "../../../../adapters/nats/delivery-subject.ts";

const place = { sequence: 1_234_567, delivered: 89, pending: 10 };
const subjects = {
  "as nats-server writes it": "$JS.ACK.HUB-JOURNAL.0a1b2c.1.1234567.89.1763900000000000001.10",
  "with domain and account": "$JS.ACK.dom.hash12.HUB-JOURNAL.0a1b2c.1.1234567.89.1763900000000000001.10.rand0m",
};

for (const [name, subject] of Object.entries(subjects)) {
  test(`the place of a message is in its reply subject, ${name}`, () => {
    assert.ok(isDelivery(subject));
    assert.deepEqual(placeOf(subject, numbersAt(subject)), place);
    assert.equal(storedTimeMsOf(subject, numbersAt(subject)), 1_763_900_000_000);
    // As a double it would round up to the next millisecond.
    const justBefore = subject.replace("1763900000000000001", "1763900000000999999");
    assert.equal(storedTimeMsOf(justBefore, numbersAt(justBefore)), 1_763_900_000_000);
  });
}

test("other subjects are no deliveries", () => {
  for (const subject of ["", "_INBOX.x.1", "$JS.API.x"]) assert.equal(isDelivery(subject), false);
});
