import assert from "node:assert/strict";
import { test } from "node:test";
import { maxMethodPayloadBytes } from "../../../../core/method/method.ts";
import { parseCall } from "../../../../core/method/parse-call.ts";
import { refusal } from "../../../support/memory-hub.ts";

const methodName = "reboot";

// spec/http-api 4
test("A name is enough: 30 seconds for the answer, none to connect, a null payload", () => {
  const defaults = { payload: null, connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 30 };
  assert.deepEqual(parseCall({ methodName }), { methodName, ...defaults });
  const zeros = { connectTimeoutInSeconds: 0, responseTimeoutInSeconds: 0, payload: null };
  assert.deepEqual(parseCall({ methodName, ...zeros }), { methodName, ...defaults });
  const nulls = { connectTimeoutInSeconds: null, responseTimeoutInSeconds: null };
  assert.deepEqual(parseCall({ methodName, ...nulls }), { methodName, ...defaults });
});

// spec/http-api 1.2
test("Members are read in any case, and others ignored", () => {
  const call = parseCall({ MethodName: "m", Payload: { A: 1 }, ResponseTimeoutInSeconds: 5, deviceId: "other" });
  assert.deepEqual(call, {
    methodName: "m",
    payload: { A: 1 },
    connectTimeoutInSeconds: 0,
    responseTimeoutInSeconds: 5,
  });
});

// spec/http-api 4, spec/twins-methods-jobs 10
test("The response time-out has two older names, which the present one outweighs", () => {
  assert.equal(parseCall({ methodName, timeout: 60 }).responseTimeoutInSeconds, 60);
  assert.equal(parseCall({ methodName, timeoutInSeconds: 61 }).responseTimeoutInSeconds, 61);
  assert.equal(parseCall({ methodName, timeout: 60, responseTimeoutInSeconds: 7 }).responseTimeoutInSeconds, 7);
});

// spec/twins-methods-jobs 10
test("Time-outs outside of their ranges, fractions and texts are refused", () => {
  for (const responseTimeoutInSeconds of [4, -1, 3_601, 5.5, "30", true, [], {}]) {
    assert.throws(() => parseCall({ methodName, responseTimeoutInSeconds }), refusal("ArgumentInvalid"));
  }
  for (const connectTimeoutInSeconds of [-1, 301, 0.5, "5"]) {
    assert.throws(() => parseCall({ methodName, connectTimeoutInSeconds }), refusal("ArgumentInvalid"));
  }
  const most = parseCall({ methodName, responseTimeoutInSeconds: 3_600, connectTimeoutInSeconds: 300 });
  assert.deepEqual([most.responseTimeoutInSeconds, most.connectTimeoutInSeconds], [3_600, 300]);
});

// spec/twins-methods-jobs 10
test("A name has printable ASCII without separators, up to 256 characters", () => {
  for (const name of ["a", "component*command", "A-b_c.d~e!f#g%h&i'j+k^l`m|n", "x".repeat(256)]) {
    assert.equal(parseCall({ methodName: name }).methodName, name);
  }
  for (const name of [...'$()<>@,;:\\"/[]?={} \t\n\0é'.split(""), "a b", "x".repeat(257), "ok\n", 7, {}, []]) {
    assert.throws(() => parseCall({ methodName: name }), refusal("ArgumentInvalid"), JSON.stringify(name));
  }
  for (const name of ["", null, undefined]) {
    assert.throws(() => parseCall(name === undefined ? {} : { methodName: name }), refusal("ArgumentNull"));
  }
});

// spec/twins-methods-jobs 10
test("A payload is any JSON of 128 KiB at most, counted as UTF-8", () => {
  for (const payload of [null, "", "foo", {}, [], 0, false, { a: { b: [null] } }]) {
    assert.deepEqual(parseCall({ methodName, payload }).payload, payload);
  }
  const most = "é".repeat((maxMethodPayloadBytes - 2) / 2);
  assert.equal(parseCall({ methodName, payload: most }).payload, most);
  assert.throws(() => parseCall({ methodName, payload: `${most}a` }), refusal("MessageTooLarge"));
});
