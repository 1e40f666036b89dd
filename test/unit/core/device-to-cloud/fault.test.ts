import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionOperations, type Fault, faultOf, isLasting } from "../../../../core/device-to-cloud/fault.ts";

const typeName = "AzIoTHub_FaultOperationType";

/** The fault of a message with these properties, named without their common beginning. */
function asked(type: string, more: Record<string, string> = {}): Fault | undefined {
  const rest = Object.entries(more).map(([name, value]) => [`AzIoTHub_FaultOperation${name}`, value] as const);
  return faultOf({ system: {}, application: new Map([[typeName, type], ...rest]) });
}

// spec/amqp 11, spec/mqtt 11
test("Every operation of the suites is known, and whether it lasts", () => {
  for (const operation of connectionOperations) {
    const fault = asked(operation);
    assert.equal(fault?.operation, operation);
    assert.equal(fault && isLasting(fault), false);
  }
  const lasting = [
    ["ThrottlingError", "ThrottlingError"],
    ["InvokeThrottling", "ThrottlingError"],
    ["QuotaExceeded", "QuotaExceeded"],
    ["InvokeMaxMessageQuota", "QuotaExceeded"],
    ["AuthError", "AuthError"],
    ["InvokeAuthError", "AuthError"],
  ] as const;
  for (const [name, operation] of lasting) {
    const fault = asked(name);
    assert.equal(fault?.operation, operation);
    assert.equal(fault && isLasting(fault), true);
  }
});

// spec/amqp 11
test("The reason and the times are read and bounded", () => {
  assert.deepEqual(asked("KillTcp", { CloseReason: "boom", DelayInSecs: "2", DurationInSecs: "20" }), {
    operation: "KillTcp",
    closeReason: "boom",
    delayMs: 2_000,
    durationMs: 20_000,
  });
  const far = asked("KillTcp", { CloseReason: "x".repeat(1_000), DelayInSecs: "999999999", DurationInSecs: "0" });
  assert.deepEqual([far?.closeReason.length, far?.delayMs, far?.durationMs], [256, 3_600_000, 0]);
});

test("A time that is missing or no number of seconds counts as 5 seconds", () => {
  for (const DelayInSecs of ["", "-1", "1.5", "1e9", "soon", "9999999999"]) {
    assert.equal(asked("KillTcp", { DelayInSecs })?.delayMs, 5_000);
  }
  assert.deepEqual(asked("AuthError"), { operation: "AuthError", closeReason: "", delayMs: 5_000, durationMs: 5_000 });
});

test("An ordinary message and an unknown operation ask for nothing", () => {
  assert.equal(faultOf({ system: {}, application: new Map([["a", "b"]]) }), undefined);
  for (const name of ["", "killtcp", "KillAll", "constructor", "__proto__"]) assert.equal(asked(name), undefined);
});
