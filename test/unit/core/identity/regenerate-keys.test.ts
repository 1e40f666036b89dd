import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../../support/memory-hub.ts";
import { context, registryHub, thumbprintA } from "./identity-fixture.ts";

// spec/identity-and-security 1.3
test("one key is renewed, shown alone, and the other stays", async () => {
  const { put, registry, last } = registryHub();
  const before = (await put("dev-1")).device.fields.authentication.symmetricKey;
  const result = await registry.regenerateKeys("PrimaryKey", [{ id: "dev-1" }], context);
  const after = registry.getDevice("dev-1").device.fields.authentication.symmetricKey;
  assert.deepEqual(result, {
    policyKey: "primaryKey",
    rotatedKeys: [{ id: "dev-1", primaryKey: after.primaryKey, secondaryKey: "" }],
    errors: [],
  });
  assert.notEqual(after.primaryKey, before.primaryKey);
  assert.equal(after.secondaryKey, before.secondaryKey);
  const event = last();
  assert.ok(event?.type === "DeviceUpdated" && event.data.credentialsChanged);
});

test("both keys of devices and modules are renewed in one call", async () => {
  const { put, putModule, registry } = registryHub();
  await put("dev-1");
  await putModule("dev-1", "m1");
  const { rotatedKeys } = await registry.regenerateKeys(
    "both",
    [{ id: "dev-1" }, { id: "dev-1", moduleId: "m1" }],
    context,
  );
  assert.deepEqual(rotatedKeys, [
    { id: "dev-1", ...registry.getDevice("dev-1").device.fields.authentication.symmetricKey },
    { id: "dev-1", moduleId: "m1", ...registry.getModule("dev-1", "m1").module.fields.authentication.symmetricKey },
  ]);
});

test("an identity without keys is passed over, an unknown one is an error", async () => {
  const { put, registry, types } = registryHub();
  await put("dev-1", { authentication: { x509Thumbprint: { primaryThumbprint: thumbprintA } } });
  const targets = [{ id: "dev-1" }, { id: "nobody" }, { id: "dev-1", moduleId: "m1" }];
  const { rotatedKeys, errors } = await registry.regenerateKeys("secondaryKey", targets, context);
  assert.deepEqual(rotatedKeys, []);
  assert.deepEqual(errors, [
    { deviceId: "nobody", errorCode: 404001, errorStatus: "nobody", operation: "regenerateKeys" },
    { deviceId: "dev-1", moduleId: "m1", errorCode: 404010, errorStatus: "m1", operation: "regenerateKeys" },
  ]);
  assert.deepEqual(types(), ["DeviceCreated dev-1"]);
});

test("a call that can not be meant is refused as a whole", async () => {
  const { registry } = registryHub();
  const regenerate = (policyKey: string, ...ids: readonly string[]) =>
    registry.regenerateKeys(
      policyKey,
      ids.map((id) => ({ id })),
      context,
    );
  await assert.rejects(regenerate("tertiaryKey", "a"), refusal("InvalidPolicyKey"));
  await assert.rejects(regenerate("both", "a", "a"), refusal("DeviceDefinedMultipleTimes"));
  await assert.rejects(regenerate("both", ...Array.from({ length: 101 }, (_, i) => `${i}`)), refusal("TooManyDevices"));
});
