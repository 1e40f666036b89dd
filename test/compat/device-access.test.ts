import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, suite, test } from "node:test";
import type { Client as DeviceClient } from "azure-iot-device";
import { Mqtt } from "azure-iot-device-mqtt";
import { Client, errors, SharedAccessSignature } from "../support/azure-sdk.ts";
import { clientFor, deviceConnectionString, openDevice, registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { waitFor } from "../support/wait-for.ts";

const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;

/** Who is let in over MQTT, as the device SDK sees it (spec/mqtt 2, spec/identity-and-security 2, 5). */
suite("device access over MQTT with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
  });

  test("a wrong key is an UnauthorizedError", async () => {
    await registerDevice(hub, "wrong-key");
    const client = clientFor(deviceConnectionString(hub, "wrong-key", randomBytes(32).toString("base64")));
    await assert.rejects(client.open(), errors.UnauthorizedError);
  });

  test("an unknown device is an UnauthorizedError", async () => {
    const client = clientFor(deviceConnectionString(hub, "nobody", randomBytes(32).toString("base64")));
    await assert.rejects(client.open(), errors.UnauthorizedError);
  });

  test("a disabled device is an UnauthorizedError", async () => {
    const client = clientFor(await registerDevice(hub, "disabled", { status: "disabled" }));
    await assert.rejects(client.open(), errors.UnauthorizedError);
  });

  test("a token that expired an hour ago is an UnauthorizedError", async () => {
    const connectionString = await registerDevice(hub, "expired");
    const client = tokenClient(connectionString, "expired", -3600);
    await assert.rejects(client.open(), errors.UnauthorizedError);
  });

  test("a token of half a minute is good", async (t) => {
    const client = tokenClient(await registerDevice(hub, "short-lived"), "short-lived", 30);
    t.after(() => client.close().catch(() => {}));
    await client.open();
  });

  test("disabling, re-keying and deleting a device end its connection", async (t) => {
    const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["cut-disabled", () => put("cut-disabled", { status: "disabled" })],
      ["cut-rekeyed", () => put("cut-rekeyed", { authentication: { type: "sas", symmetricKey: newKeys() } })],
      ["cut-deleted", () => hub.node.hub.registry.deleteDevice({ deviceId: "cut-deleted", ...context })],
    ];
    for (const [deviceId, change] of changes) {
      const client = await openDevice(t, await registerDevice(hub, deviceId));
      await client.getTwin();
      assert.equal(hub.node.hub.sessions.get({ deviceId }) !== undefined, true);
      await change();
      await waitFor(`the end of ${deviceId}`, () => hub.node.hub.sessions.get({ deviceId }) === undefined);
      await client.close();
    }
  });

  const put = (deviceId: string, body: object) =>
    hub.node.hub.registry.putDevice({ deviceId, body: body as never, ifMatch: "*", ...context });

  const newKeys = () => ({
    primaryKey: randomBytes(32).toString("base64"),
    secondaryKey: randomBytes(32).toString("base64"),
  });

  function tokenClient(connectionString: string, deviceId: string, lifetimeSeconds: number): DeviceClient {
    const key = connectionString.split("SharedAccessKey=")[1] ?? "";
    const expiry = Math.floor(Date.now() / 1000) + lifetimeSeconds;
    const token = SharedAccessSignature.create(`${hub.deviceHostName}/devices/${deviceId}`, "", key, expiry).toString();
    const client = Client.fromSharedAccessSignature(token, Mqtt);
    return client;
  }
});
