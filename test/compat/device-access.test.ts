import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { before, suite, test } from "node:test";
import type { Client as DeviceClient } from "azure-iot-device";
import type { ConnectionEvent, DisconnectReason } from "../../core/connection/connection.ts";
import { errors, Message, SharedAccessSignature } from "../support/azure-sdk.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { connectedTransports, httpsTransport, keyIn, sdkDevices, transports } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;

/** Who is let in, as the device SDK sees it (spec/mqtt 2, spec/amqp 4, spec/http-api 9, spec/identity-and-security 2, 5). */
suite("device access with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
  });

  for (const transport of transports) {
    suite(`over ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      /** Over HTTPS nothing happens at `open`: only a message shows who is let in. */
      async function assertRefused(client: DeviceClient, deviceId: string): Promise<void> {
        if (transport.protocol !== "https") await assert.rejects(client.open(), errors.UnauthorizedError);
        await assert.rejects(client.sendEvent(new Message("x")), errors.UnauthorizedError);
        assert.deepEqual(await readTelemetry(hub, deviceId), []);
      }

      test("a wrong key is an UnauthorizedError", async (t) => {
        const good = await devices.register(idOf("wrong-key"));
        await assertRefused(devices.client(t, withKey(good, newKey())), idOf("wrong-key"));
      });

      test("another device's key is an UnauthorizedError", async (t) => {
        const key = keyIn(await devices.register(idOf("other")));
        const good = await devices.register(idOf("foreign-key"));
        await assertRefused(devices.client(t, withKey(good, key)), idOf("foreign-key"));
      });

      test("an unknown device is an UnauthorizedError", async (t) => {
        const identity = `DeviceId=${idOf("nobody")};SharedAccessKey=${newKey()}`;
        await assertRefused(devices.client(t, `HostName=${transport.hostName(hub)};${identity}`), idOf("nobody"));
      });

      test("a disabled device is an UnauthorizedError", async (t) => {
        const connectionString = await devices.register(idOf("disabled"), { status: "disabled" });
        await assertRefused(devices.client(t, connectionString), idOf("disabled"));
      });

      // spec/identity-and-security 5.3
      test("a token that expired an hour ago is an UnauthorizedError", async (t) => {
        const token = tokenOf(await devices.register(idOf("expired")), idOf("expired"), -3600);
        await assertRefused(devices.client(t, token), idOf("expired"));
      });

      test("a token of half a minute is good, and so is one that expired a minute ago", async (t) => {
        const connectionString = await devices.register(idOf("short-lived"));
        for (const lifetimeSeconds of [30, -60]) {
          const client = await devices.open(t, tokenOf(connectionString, idOf("short-lived"), lifetimeSeconds));
          await client.sendEvent(new Message(String(lifetimeSeconds)));
          await client.close();
        }
        assert.equal((await readTelemetry(hub, idOf("short-lived"))).length, 2);
      });

      test("the second key is as good as the first", async (t) => {
        const connectionString = await devices.register(idOf("second-key"));
        const { device } = hub.node.hub.registry.getDevice(idOf("second-key"));
        const { secondaryKey } = device.fields.authentication.symmetricKey;
        const client = await devices.open(t, withKey(connectionString, secondaryKey ?? ""));
        await client.sendEvent(new Message("x"));
        assert.equal((await readTelemetry(hub, idOf("second-key"))).length, 1);
      });

      const tokenOf = (connectionString: string, deviceId: string, lifetimeSeconds: number): string => {
        const expiry = Math.floor(Date.now() / 1000) + lifetimeSeconds;
        const resource = `${transport.hostName(hub)}/devices/${deviceId}`;
        return SharedAccessSignature.create(resource, "", keyIn(connectionString), expiry).toString();
      };
    });
  }

  for (const transport of connectedTransports) {
    suite(`over a connection by ${transport.name}`, () => {
      const devices = sdkDevices(transport, () => hub);
      const idOf = (name: string) => `${transport.protocol}-${name}`;

      test("the hub records the connection with its protocol, and its end when the SDK closes", async (t) => {
        const deviceId = idOf("recorded");
        const client = await devices.open(t, await devices.register(deviceId));
        await client.sendEvent(new Message("x"));
        const [connected, ...others] = await connectionEvents(deviceId);
        assert.deepEqual(others, []);
        assert.ok(connected?.type === "DeviceConnected");
        assert.equal(connected.data.protocol, transport.protocol);
        await client.close();
        await waitFor("the end", () => hub.node.hub.sessions.get({ deviceId }) === undefined);
        await waitFor("its record", async () => (await connectionEvents(deviceId)).length === 2);
        assert.deepEqual(await endsOf(deviceId), ["ClientDisconnected"]);
      });

      test("disabling, re-keying and deleting a device end its connection", async (t) => {
        for (const [name, reason, change] of changes) {
          const deviceId = idOf(`cut-${name}`);
          const client = await devices.open(t, await devices.register(deviceId));
          await client.getTwin();
          await client.sendEvent(new Message("before"));
          assert.notEqual(hub.node.hub.sessions.get({ deviceId }), undefined);
          const disconnected = disconnectionOf(client);
          await change(deviceId);
          await disconnected;
          await waitFor(`the end of ${deviceId}`, () => hub.node.hub.sessions.get({ deviceId }) === undefined);
          // The deletion is the end of all that belongs to a device: no event of its own ends the connection.
          const ends = reason === "DeviceDeleted" ? [] : [reason];
          await waitFor("its record", async () => (await endsOf(deviceId)).length === ends.length);
          assert.deepEqual(await endsOf(deviceId), ends);
          await assert.rejects(client.sendEvent(new Message("after")), errors.UnauthorizedError);
          assert.equal((await readTelemetry(hub, deviceId)).length, 1);
        }
      });

      test("deleting a module ends its connection and not that of its device", async (t) => {
        const deviceId = idOf("host");
        const device = await devices.open(t, await devices.register(deviceId));
        const module = await devices.open(t, await devices.registerModule(deviceId, "m"));
        await Promise.all([device.sendEvent(new Message("device")), module.sendEvent(new Message("module"))]);
        const disconnected = disconnectionOf(module);
        await hub.node.hub.registry.deleteModule({ deviceId, moduleId: "m", ...context });
        await disconnected;
        await device.sendEvent(new Message("still here"));
        await assert.rejects(module.sendEvent(new Message("gone")), errors.UnauthorizedError);
        assert.equal((await readTelemetry(hub, deviceId)).length, 3);
      });

      // spec/mqtt 2, spec/amqp 5
      test("a second connection of a device ends the first", async (t) => {
        const deviceId = idOf("twice");
        const connectionString = await devices.register(deviceId);
        const first = await devices.open(t, connectionString);
        await first.sendEvent(new Message("first"));
        const disconnected = disconnectionOf(first);
        const second = await devices.open(t, connectionString);
        await second.sendEvent(new Message("second"));
        await disconnected;
        await second.sendEvent(new Message("second again"));
        const bodies = (await readTelemetry(hub, deviceId)).map(({ body }) => Buffer.from(body).toString());
        assert.deepEqual(bodies, ["first", "second", "second again"]);
        const connected = (await connectionEvents(deviceId)).filter(({ type }) => type === "DeviceConnected");
        assert.equal(connected.length, 2);
        assert.equal(hub.node.hub.sessions.get({ deviceId })?.connectionId, connected[1]?.data.connectionId);
      });
    });
  }

  // spec/identity-and-security 2
  test("over HTTPS a device that was disabled, re-keyed or deleted is refused from then on", async (t) => {
    const devices = sdkDevices(httpsTransport, () => hub);
    for (const [name, , change] of changes) {
      const deviceId = `https-cut-${name}`;
      const client = await devices.open(t, await devices.register(deviceId));
      await client.sendEvent(new Message("before"));
      await change(deviceId);
      await assert.rejects(client.sendEvent(new Message("after")), errors.UnauthorizedError);
      assert.equal((await readTelemetry(hub, deviceId)).length, 1);
    }
  });

  const put = (deviceId: string, body: object) =>
    hub.node.hub.registry.putDevice({ deviceId, body: body as never, ifMatch: "*", ...context });

  const newKeys = () => ({ primaryKey: newKey(), secondaryKey: newKey() });

  /** What ends a device's right to be connected, and how the history calls it. */
  const changes: readonly (readonly [string, DisconnectReason, (deviceId: string) => Promise<unknown>])[] = [
    ["disabled", "DeviceDisabled", (deviceId) => put(deviceId, { status: "disabled" })],
    [
      "re-keyed",
      "CredentialsChanged",
      (deviceId) => put(deviceId, { authentication: { type: "sas", symmetricKey: newKeys() } }),
    ],
    ["deleted", "DeviceDeleted", (deviceId) => hub.node.hub.registry.deleteDevice({ deviceId, ...context })],
  ];

  async function connectionEvents(deviceId: string): Promise<readonly ConnectionEvent[]> {
    const types = ["DeviceConnected", "DeviceDisconnected"];
    const { events } = await hub.node.hub.history.page({ deviceId, types, limit: 100 });
    return events.map(({ event }) => event as ConnectionEvent);
  }

  const endsOf = async (deviceId: string): Promise<readonly DisconnectReason[]> =>
    (await connectionEvents(deviceId)).flatMap(({ type, data }) =>
      type === "DeviceDisconnected" ? [(data as { reason: DisconnectReason }).reason] : [],
    );
});

/** Resolves when the SDK tells that its connection is gone; fails after ten seconds. */
const disconnectionOf = (client: DeviceClient): Promise<unknown> =>
  once(client, "disconnect", { signal: AbortSignal.timeout(10_000) });

const newKey = (): string => randomBytes(32).toString("base64");

const withKey = (connectionString: string, key: string): string =>
  connectionString.replace(/SharedAccessKey=.*/, `SharedAccessKey=${key}`);
