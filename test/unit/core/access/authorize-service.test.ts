import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../../support/memory-hub.ts";
import { accessHub, hostName } from "./access-fixture.ts";

const audience = refusal("IotHubUnauthorizedAccess", "Invalid target audience");
const invalid = refusal("IotHubUnauthorizedAccess", /invalid signature/);

// spec/identity-and-security 5.3, 6
test("a back end comes in with a policy that holds one of the rights", async () => {
  const { serviceAccess, token } = await accessHub();
  const authorization = token(hostName, { skn: "service" });
  const path = "/twins/dev-1";
  assert.deepEqual(serviceAccess.authorize({ authorization, path }, "RegistryRead", "ServiceConnect"), {
    kind: "policy",
    policy: "service",
  });
  const text = "Authorization rule 'service' does not allow access for '/twins/dev-1'.";
  const refused = refusal("IotHubUnauthorizedAccess", text);
  assert.throws(() => serviceAccess.authorize({ authorization, path }, "RegistryRead"), refused);
  assert.throws(() => serviceAccess.authorize({ authorization, path }), refused);
});

// spec/identity-and-security 5.4, 5.5
test("a narrower sr covers the paths below it", async () => {
  const { serviceAccess, token } = await accessHub();
  const authorize = (sr: string, path: string) =>
    serviceAccess.authorize({ authorization: token(sr, { skn: "iothubowner" }), path }, "RegistryRead");
  assert.ok(authorize(`${hostName}%2fdevices`, "/Devices/dev-1/"));
  assert.ok(authorize(`${hostName}%2Fdevices%2Fdev%2523`, "/devices/dev%23"));
  assert.throws(() => authorize(`${hostName}%2Fdevices%2Fdev-1`, "/devices/dev-2"), audience);
  assert.throws(() => authorize(`${hostName}%2Fdevices%2Fdev-1`, "/devices"), audience);
  assert.throws(() => authorize("other.example.com", "/devices"), audience);
});

test("a device's token is not for back ends, but for the modules of that device", async () => {
  const { serviceAccess, token } = await accessHub();
  const authorization = token(`${hostName}%2Fdevices%2Fdev-1`);
  const path = "/devices/dev-1/modules/m2";
  assert.throws(() => serviceAccess.authorize({ authorization, path }, "RegistryWrite"), invalid);
  assert.deepEqual(serviceAccess.authorizeModules({ authorization, path }, "dev-1", "RegistryWrite"), {
    kind: "device",
    deviceId: "dev-1",
  });
  const other = { authorization, path: "/devices/nobody/modules/m2" };
  assert.throws(() => serviceAccess.authorizeModules(other, "nobody", "RegistryWrite"), invalid);
});

test("a device's token is for no other device's modules, though the keys be the same", async () => {
  const { put, serviceAccess, token } = await accessHub();
  await put("dev-2");
  const path = "/devices/dev-2/modules/m2";
  const authorization = token(`${hostName}%2Fdevices%2Fdev-1`);
  assert.throws(() => serviceAccess.authorizeModules({ authorization, path }, "dev-2", "RegistryWrite"), audience);
});

// spec/identity-and-security 2
test("a disabled device may not touch its modules", async () => {
  const { put, serviceAccess, token } = await accessHub();
  await put("dev-1", { status: "disabled" }, "*");
  const authorization = token(`${hostName}%2Fdevices%2Fdev-1`);
  const request = { authorization, path: "/devices/dev-1/modules/m2" };
  assert.throws(
    () => serviceAccess.authorizeModules(request, "dev-1", "RegistryWrite"),
    refusal("IotHubUnauthorizedAccess", "The device is disabled"),
  );
});

test("a policy's token is judged for modules as everywhere", async () => {
  const { serviceAccess, token } = await accessHub();
  const request = (skn: string) => ({ authorization: token(hostName, { skn }), path: "/devices/dev-1/modules/m2" });
  assert.deepEqual(serviceAccess.authorizeModules(request("iothubowner"), "dev-1", "RegistryWrite"), {
    kind: "policy",
    policy: "iothubowner",
  });
  assert.throws(
    () => serviceAccess.authorizeModules(request("device"), "dev-1", "RegistryWrite"),
    /does not allow access/,
  );
});

test("no header is told from a wrong one", async () => {
  const { serviceAccess } = await accessHub();
  const request = { authorization: undefined, path: "/devices" };
  const missing = refusal("IotHubUnauthorizedAccess", "Authorization header missing");
  assert.throws(() => serviceAccess.authorize(request, "RegistryRead"), missing);
  assert.throws(() => serviceAccess.authorizeModules(request, "dev-1", "RegistryRead"), missing);
});
