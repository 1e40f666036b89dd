import assert from "node:assert/strict";
import { once } from "node:events";
import { before, mock, suite, test } from "node:test";
import type { Client as DeviceClient } from "azure-iot-device";
import type { Registry as ServiceRegistry } from "azure-iothub";
import type { DeviceCredentials } from "../../core/access/access.ts";
import { errors, Message, Registry, SharedAccessSignature } from "../support/azure-sdk.ts";
import { listenToDesired } from "../support/desired-changes.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { connectedTransports, keyIn, sdkDevices } from "../support/transports.ts";
import { waitFor } from "../support/wait-for.ts";
import { leadWellKnownPortsTo } from "../support/well-known-ports.ts";

/** Tokens for this test end a minute after it began, by the clock that hub and SDK share: the hub honours them five minutes longer. */
const lifetimeSeconds = -240;
const untilOverMs = 61_000;

/**
 * Tokens that end while their connection is open: MQTT ends with them and is opened again with the new one, AMQP goes on
 * when a new one is put in time (spec/mqtt 3, spec/amqp 4, spec/identity-and-security 5.3).
 */
suite("token renewal with the device SDK", () => {
  const scope = suiteScope();
  let hub: TestHub;
  let registry: ServiceRegistry;
  /** The different tokens that the hub was shown for each device. */
  const shown = new Map<string, Set<string | undefined>>();

  const clock = { aheadMs: 0 };

  before(async () => {
    const now = Date.now;
    mock.method(Date, "now", () => now() + clock.aheadMs);
    hub = await startHub(scope);
    leadWellKnownPortsTo(scope, hub);
    registry = Registry.fromConnectionString(hub.connectionString);
    const { deviceAccess } = hub.node.hub;
    const authenticate = deviceAccess.authenticate.bind(deviceAccess);
    mock.method(deviceAccess, "authenticate", (credentials: DeviceCredentials) => {
      const { deviceId, token } = credentials;
      shown.set(deviceId, (shown.get(deviceId) ?? new Set()).add(token));
      return authenticate(credentials);
    });
  });

  for (const transport of connectedTransports) {
    const devices = sdkDevices(transport, () => hub);
    const keepsConnection = transport.renewsBy === "putting";
    const idOf = (name: string) => `${transport.protocol}-${name}`;
    const tokenFor = (connectionString: string, deviceId: string, lifetimeSeconds: number): string => {
      const expiry = Math.floor(Date.now() / 1000) + lifetimeSeconds;
      const resource = `${transport.hostName(hub)}/devices/${deviceId}`;
      return SharedAccessSignature.create(resource, "", keyIn(connectionString), expiry).toString();
    };

    test(`over ${transport.name} a token renewed by hand outlives the first, one that is not ends its links`, async (t) => {
      const [renewedId, witnessId] = [idOf("renewed"), idOf("witness")];
      const [renewedKey, witnessKey] = [await devices.register(renewedId), await devices.register(witnessId)];
      const renewed = await devices.open(t, tokenFor(renewedKey, renewedId, lifetimeSeconds));
      const witness = await devices.open(t, tokenFor(witnessKey, witnessId, lifetimeSeconds));
      const deltas = await listenToDesired(await renewed.getTwin());
      await listenToDesired(await witness.getTwin());
      await renewed.sendEvent(new Message("first token"));
      await witness.sendEvent(new Message("in time"));
      const connectionId = hub.node.hub.sessions.get({ deviceId: renewedId })?.connectionId;
      await renew(renewed, tokenFor(renewedKey, renewedId, 3600));

      // Both have the same end, and the hub looks at the older connection first.
      clock.aheadMs += untilOverMs;
      await waitFor("the end of the other device", async () => (await endsOf(witnessId)).length > 0);
      assert.deepEqual(await endsOf(witnessId), ["TokenExpired"]);
      await assert.rejects(witness.sendEvent(new Message("too late")), errors.UnauthorizedError);
      assert.deepEqual(await bodies(witnessId), ["in time"]);

      await registry.updateTwin(renewedId, { properties: { desired: { told: true } } }, "*");
      await waitFor("the change of desired properties", () => deltas.some(({ told }) => told === true));
      await renewed.sendEvent(new Message("second token"));
      assert.deepEqual(await bodies(renewedId), ["first token", "second token"]);
      const after = hub.node.hub.sessions.get({ deviceId: renewedId })?.connectionId;
      assert.equal(after === connectionId, keepsConnection);
      if (keepsConnection) assert.deepEqual(await endsOf(renewedId), []);
    });

    test(`over ${transport.name} a client with a key renews its token by itself and stays subscribed`, async (t) => {
      const deviceId = idOf("by-key");
      const client = await devices.open(t, await devices.register(deviceId));
      const deltas = await listenToDesired(await client.getTwin());
      await client.sendEvent(new Message("first token"));
      const connectionId = hub.node.hub.sessions.get({ deviceId })?.connectionId;
      assert.equal(shown.get(deviceId)?.size, 1);
      // Other values than the SDK's own make it renew at once.
      const tokenRenewal = { tokenValidTimeInSeconds: 1800, tokenRenewalMarginInSeconds: 600 };
      await client.setOptions({ tokenRenewal });
      await waitFor("the new token", () => shown.get(deviceId)?.size === 2);
      await waitFor("the session", () => {
        const session = hub.node.hub.sessions.get({ deviceId });
        return session !== undefined && (session.connectionId === connectionId) === keepsConnection;
      });
      await client.sendEvent(new Message("second token"));
      assert.deepEqual(await bodies(deviceId), ["first token", "second token"]);
      await registry.updateTwin(deviceId, { properties: { desired: { told: true } } }, "*");
      await waitFor("the change of desired properties", () => deltas.some(({ told }) => told === true));
      if (keepsConnection) assert.deepEqual(await endsOf(deviceId), []);
    });

    // A client that puts tokens is shown the same way in amqp-links.test.ts: the SDK can't end its own connection in order.
    if (keepsConnection) continue;
    test(`over ${transport.name} a client that comes back with a bad token is not let in`, async (t) => {
      const deviceId = idOf("spoilt");
      const connectionString = await devices.register(deviceId);
      const client = await devices.open(t, tokenFor(connectionString, deviceId, 3600));
      await client.sendEvent(new Message("good"));
      const disconnected = once(client, "disconnect", { signal: AbortSignal.timeout(10_000) });
      await Promise.allSettled([renew(client, tokenFor(connectionString, deviceId, -3600)), disconnected]);
      assert.equal(hub.node.hub.sessions.get({ deviceId }), undefined);
      assert.equal(shown.get(deviceId)?.size, 2);
    });
  }

  const bodies = async (deviceId: string): Promise<readonly string[]> =>
    (await readTelemetry(hub, deviceId)).map(({ body }) => Buffer.from(body).toString());

  /** Why the device's connections ended, as far as its own or the hub's doing; a takeover by itself writes no event. */
  async function endsOf(deviceId: string): Promise<readonly string[]> {
    const { events } = await hub.node.hub.history.page({ deviceId, types: ["DeviceDisconnected"], limit: 100 });
    return events.flatMap(({ event }) => (event.type === "DeviceDisconnected" ? [event.data.reason] : []));
  }
});

const renew = (client: DeviceClient, token: string): Promise<void> =>
  new Promise((resolve, reject) =>
    client.updateSharedAccessSignature(token, (error?: Error | null) => (error ? reject(error) : resolve())),
  );
