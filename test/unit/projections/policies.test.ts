import assert from "node:assert/strict";
import { test } from "node:test";
import type { SharedAccessPolicy } from "../../../core/access/policies.ts";
import { policiesSet } from "../../support/events.ts";
import { given } from "../../support/views.ts";

const policy = (keyName: string): SharedAccessPolicy => ({
  keyName,
  rights: ["RegistryRead", "ServiceConnect"],
  primaryKey: "sealed-1",
  secondaryKey: "sealed-2",
});

// spec/identity-and-security 6
test("the policies are those set last, with the sequence of that event", (t) => {
  given(t).check((read) => assert.equal(read.policies(), undefined));
  given(t, policiesSet([policy("iothubowner")]), policiesSet([policy("service"), policy("device")])).check((read) => {
    assert.deepEqual(read.policies(), { value: [policy("service"), policy("device")], sequence: 2 });
  });
});
