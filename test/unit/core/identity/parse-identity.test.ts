import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDeviceId, checkModuleKey, parseDevice, parseModule } from "../../../../core/identity/parse-identity.ts";
import type { Json, JsonObject } from "../../../../core/json.ts";
import { refusal } from "../../../support/memory-hub.ts";

const refuses = (body: Json) =>
  assert.throws(() => parseDevice(body as JsonObject, "dev-1"), refusal("ArgumentInvalid"));

// spec/http-api 2.1, spec/identity-and-security 1.2
test("every character that IoT Hub names may be in an id", () => {
  for (const id of ["a", "A9", "-:.+%_#*?!(),=@;$'", "x".repeat(128), "$edgeAgent"])
    assert.equal(checkDeviceId(id), id);
});

test("an id has no slash, no space, no other letters, and 1 to 128 characters", () => {
  for (const id of ["", "a/b", "a b", "é", "a\n", "x".repeat(129), "a\u0000", "a&b", '"', undefined, 5, null, {}]) {
    assert.throws(() => checkDeviceId(id), refusal("ArgumentInvalid"), JSON.stringify(id));
  }
  assert.throws(() => checkModuleKey("dev-1", "a/b"), refusal("ArgumentInvalid"));
});

// spec/identity-and-security 10
test("a module can not be registered to a module", () => {
  assert.throws(() => checkModuleKey("dev-1/m1", "m2"), refusal("CannotRegisterModuleToModule"));
  assert.throws(() => checkModuleKey("dev-1/m1/m2", "m3"), refusal("ArgumentInvalid"));
});

test("an empty document leaves all open", () => {
  assert.deepEqual(parseDevice({}, "dev-1"), {
    status: undefined,
    statusReason: null,
    authentication: undefined,
    iotEdge: undefined,
    deviceScope: undefined,
    parentScopes: undefined,
  });
  assert.deepEqual(parseModule({}, "dev-1", "m1"), { managedBy: undefined, authentication: undefined });
});

// spec/http-api 1.2
test("names and choices are read in any case, and what is read-only or unknown is ignored", () => {
  const body = {
    DEVICEID: "dev-1",
    eTag: 5,
    generationId: [],
    connectionState: "nonsense",
    cloudToDeviceMessageCount: "many",
    unknown: { deep: true },
    Status: "Disabled",
    statusreason: "lost",
    Capabilities: { IotEdge: true },
  };
  const { status, statusReason, iotEdge } = parseDevice(body, "dev-1");
  assert.deepEqual({ status, statusReason, iotEdge }, { status: "disabled", statusReason: "lost", iotEdge: true });
});

test("the ids in the body must be those of the path, in the same case", () => {
  for (const deviceId of ["dev-2", "DEV-1"]) {
    assert.throws(() => parseDevice({ deviceId }, "dev-1"), refusal("ArgumentInvalid"));
  }
  assert.throws(() => parseModule({ moduleId: "m2" }, "dev-1", "m1"), refusal("ArgumentInvalid"));
  assert.throws(() => parseModule({ deviceId: "dev-2" }, "dev-1", "m1"), refusal("ArgumentInvalid"));
  assert.ok(parseModule({ deviceId: "dev-1", moduleId: "m1" }, "dev-1", "m1"));
});

test("a status reason has 128 characters at most", () => {
  assert.equal(parseDevice({ statusReason: "温".repeat(128) }, "dev-1").statusReason?.length, 128);
  refuses({ statusReason: "x".repeat(129) });
});

test("wrong types and unknown choices are refused", () => {
  refuses({ status: "asleep" });
  refuses({ status: true });
  refuses({ statusReason: 5 });
  refuses({ capabilities: [] });
  refuses({ capabilities: { iotEdge: "true" } });
  refuses({ deviceScope: {} });
  refuses({ deviceScope: "x".repeat(257) });
  refuses({ parentScopes: "x" });
  refuses({ parentScopes: [1] });
  refuses({ parentScopes: ["a", "b"] });
  assert.throws(() => parseModule({ managedBy: 1 }, "dev-1", "m1"), refusal("ArgumentInvalid"));
});

test("a member __proto__ is a member like any other", () => {
  const body = JSON.parse(
    '{"__proto__":{"status":"disabled"},"authentication":{"__proto__":{"type":"none"}}}',
  ) as JsonObject;
  const { status, authentication } = parseDevice(body, "dev-1");
  assert.equal(status, undefined);
  assert.equal(authentication?.type, "sas");
});
