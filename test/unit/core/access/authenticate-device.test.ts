import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../../support/memory-hub.ts";
import { accessHub, hostName, otherKey } from "./access-fixture.ts";

const devicePath = `${hostName}%2Fdevices%2Fdev-1`;
const modulePath = `${devicePath}%2Fmodules%2Fm1`;
const invalid = refusal("IotHubUnauthorizedAccess", /invalid signature/);
const audience = refusal("IotHubUnauthorizedAccess", "Invalid target audience");
const unknownOrDisabled = refusal("IotHubUnauthorizedAccess", "The device is not registered or is disabled");

// spec/identity-and-security 5.3, spec/messaging 1.5
test("a device comes in with its own key, primary or secondary", async () => {
  const { hub, deviceAccess, token } = await accessHub();
  const generationId = hub.readModel.device("dev-1")?.value.generationId;
  for (const signing of [{}, { key: otherKey }, { skn: "" }]) {
    assert.deepEqual(deviceAccess.authenticate({ deviceId: "dev-1", hostName, token: token(devicePath, signing) }), {
      deviceId: "dev-1",
      generationId,
      authMethod: '{"scope":"device","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}',
      validUntil: hub.clock.nowMs + 3600_000 + 300_000,
    });
  }
});

test("a module comes in with its own key", async () => {
  const { hub, deviceAccess, token } = await accessHub();
  const principal = deviceAccess.authenticate({ deviceId: "dev-1", moduleId: "m1", token: token(modulePath) });
  assert.equal(principal.generationId, hub.readModel.module("dev-1", "m1")?.value.generationId);
  assert.equal(principal.moduleId, "m1");
  assert.equal(principal.authMethod, '{"scope":"module","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}');
});

test("a policy with DeviceConnect vouches for a device", async () => {
  const { deviceAccess, token } = await accessHub();
  for (const sr of [hostName, `${hostName}%2Fdevices`, devicePath]) {
    const principal = deviceAccess.authenticate({ deviceId: "dev-1", token: token(sr, { skn: "device" }) });
    assert.equal(principal.policy, "device");
    assert.equal(principal.authMethod, '{"scope":"hub","type":"sas","issuer":"iothub","acceptingIpFilterRule":null}');
  }
});

test("a policy without DeviceConnect, an unknown one, and one with a wrong key do not", async () => {
  const { deviceAccess, token } = await accessHub();
  const authenticate = (text: string) => deviceAccess.authenticate({ deviceId: "dev-1", token: text });
  const text = "Authorization rule 'service' does not allow access for devices";
  assert.throws(() => authenticate(token(hostName, { skn: "service" })), refusal("IotHubUnauthorizedAccess", text));
  assert.throws(() => authenticate(token(hostName, { skn: "nobody" })), invalid);
  assert.throws(() => authenticate(token(hostName, { skn: "Device" })), invalid);
  assert.throws(() => authenticate(token(hostName, { skn: "device", key: "d3Jvbmc=" })), invalid);
});

test("an unknown device and a wrong key look the same", async () => {
  const { deviceAccess, token } = await accessHub();
  const errorOf = (deviceId: string, text: string, moduleId?: string) => {
    try {
      deviceAccess.authenticate({ deviceId, token: text, ...(moduleId !== undefined && { moduleId }) });
      return undefined;
    } catch (error) {
      return JSON.stringify([error, String(error)]).replaceAll(deviceId, "id");
    }
  };
  const wrongKey = errorOf("dev-1", token(devicePath, { key: "d3Jvbmc=" }));
  assert.match(wrongKey ?? "", /invalid signature/);
  assert.equal(errorOf("nobody", token(`${hostName}%2Fdevices%2Fnobody`)), wrongKey);
  assert.equal(errorOf("dev-1", token(modulePath), "nobody"), wrongKey);
});

test("a token for another device, or another hub, does not count", async () => {
  const { deviceAccess, token } = await accessHub();
  const authenticate = (sr: string, skn = "") =>
    deviceAccess.authenticate({ deviceId: "dev-1", token: token(sr, { skn }) });
  assert.throws(() => authenticate(`${hostName}%2Fdevices%2Fdev-10`), audience);
  assert.throws(() => authenticate("hub2.azure-devices.net%2Fdevices%2Fdev-1"), audience);
  assert.throws(() => authenticate(modulePath), audience);
  assert.throws(() => authenticate(`${devicePath}%2Fmessages`, "device"), audience);
  assert.ok(authenticate(`${devicePath}%2Fmessages`));
  assert.ok(authenticate("LOCALHOST:8883%2fdevices%2fDEV-1"));
});

test("a device's own key does not let its modules in", async () => {
  const { put, deviceAccess, token } = await accessHub();
  const symmetricKey = { primaryKey: "MDEyMzQ1Njc4OWFiY2RlZg==", secondaryKey: "ZmVkY2JhOTg3NjU0MzIxMA==" };
  await put("dev-1", { authentication: { symmetricKey } }, "*");
  const text = token(devicePath, { key: symmetricKey.primaryKey });
  assert.ok(deviceAccess.authenticate({ deviceId: "dev-1", token: text }));
  assert.throws(() => deviceAccess.authenticate({ deviceId: "dev-1", moduleId: "m1", token: text }), invalid);
});

// spec/identity-and-security 2
test("a disabled device stays out, with its modules and also with a policy's token", async () => {
  const { put, deviceAccess, token } = await accessHub();
  await put("dev-1", { status: "disabled" }, "*");
  assert.throws(() => deviceAccess.authenticate({ deviceId: "dev-1", token: token(devicePath) }), unknownOrDisabled);
  const byPolicy = token(hostName, { skn: "device" });
  for (const key of [{ deviceId: "dev-1" }, { deviceId: "dev-1", moduleId: "m1" }, { deviceId: "nobody" }]) {
    assert.throws(() => deviceAccess.authenticate({ ...key, token: byPolicy }), unknownOrDisabled);
  }
  const ofModule = token(modulePath);
  assert.throws(
    () => deviceAccess.authenticate({ deviceId: "dev-1", moduleId: "m1", token: ofModule }),
    unknownOrDisabled,
  );
});

test("a device that has no symmetric keys does not come in with a token", async () => {
  const { put, deviceAccess, token } = await accessHub();
  for (const authentication of [{ type: "none" }, { type: "certificateAuthority" }]) {
    await put("dev-1", { authentication }, "*");
    assert.throws(() => deviceAccess.authenticate({ deviceId: "dev-1", token: token(devicePath) }), invalid);
  }
});

test("the hub must be called by one of its names", async () => {
  const { deviceAccess, token } = await accessHub();
  const authenticate = (name: string) =>
    deviceAccess.authenticate({ deviceId: "dev-1", hostName: name, token: token(devicePath) });
  assert.ok(authenticate("LocalHost:8883"));
  assert.throws(() => authenticate("elsewhere.example.com"), refusal("IotHubUnauthorizedAccess"));
});

test("no token and an expired token are refused", async () => {
  const { deviceAccess, hub, token } = await accessHub();
  assert.throws(
    () => deviceAccess.authenticate({ deviceId: "dev-1", token: undefined }),
    refusal("IotHubUnauthorizedAccess", "Authorization header missing"),
  );
  const text = token(devicePath);
  hub.clock.nowMs += 2 * 3600_000;
  assert.throws(
    () => deviceAccess.authenticate({ deviceId: "dev-1", token: text }),
    refusal("IotHubUnauthorizedAccess", "The specified SAS token is expired"),
  );
});

test("no refusal shows a key or a signature", async () => {
  const { deviceAccess, token } = await accessHub();
  const text = token(devicePath, { key: "d3Jvbmc=" });
  assert.throws(
    () => deviceAccess.authenticate({ deviceId: "dev-1", token: text }),
    (error: Error) => !/sig=|SharedAccess|MDEyMzQ1/.test(JSON.stringify(error) + error.stack),
  );
});
