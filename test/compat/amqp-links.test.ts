import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import rhea from "rhea";
import { RawAmqpClient } from "../support/amqp-client.ts";
import { AmqpLogins, refused } from "../support/amqp-logins.ts";
import { registerDevice } from "../support/device.ts";
import { sasToken } from "../support/device-login.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";

const eventsOf = (deviceId: string) => `/devices/${deviceId}/messages/events`;

/** AMQP without an SDK: which links a client may attach, and which it may not (spec/amqp 4, 5, 8, 10). */
suite("links over raw AMQP", () => {
  const scope = suiteScope();
  const logins = new AmqpLogins(() => hub);
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
  });

  // spec/amqp 4, 5
  suite("who may attach what", () => {
    test("a link without a token is refused, and one after the token is not", async (t) => {
      const token = await logins.tokenOf("late");
      const client = new RawAmqpClient(t, hub);
      await refused(client.openSender(eventsOf("late")), "amqp:unauthorized-access");
      assert.deepEqual(await client.putToken("localhost/devices/late", token), { code: 200, description: "OK" });
      const sender = await client.openSender(eventsOf("late"));
      assert.deepEqual(await client.send(sender, { body: data("in") }), { outcome: "accepted" });
      assert.deepEqual(await bodies("late"), ["in"]);
    });

    test("a link to another device's address is refused, and one's own goes on", async (t) => {
      await registerDevice(hub, "victim");
      const client = await logins.proved(t, "intruder");
      const own = await client.openSender(eventsOf("intruder"));
      for (const address of [eventsOf("victim"), `amqps://localhost${eventsOf("victim")}`, eventsOf("intrude")]) {
        await refused(client.openSender(address), "amqp:unauthorized-access");
      }
      for (const address of ["/devices/victim/twin", "/devices/victim/messages/devicebound"]) {
        await refused(client.openReceiver(address), "amqp:unauthorized-access");
      }
      await refused(client.openSender("/devices/intruder/modules/m/messages/events"), "amqp:unauthorized-access");
      assert.equal((await client.send(own, { body: data("own") })).outcome, "accepted");
      assert.deepEqual(await bodies("victim"), []);
    });

    test("a token with another device's audience is refused by $cbs, which stays open", async (t) => {
      const victims = await logins.tokenOf("victim-2");
      const mine = await logins.tokenOf("intruder-2");
      const client = new RawAmqpClient(t, hub);
      const forged = sasToken("localhost/devices/victim-2", await logins.keyOf("intruder-2"));
      for (const token of [mine, forged, "", "SharedAccessSignature sr=x", sasToken("localhost", "AAAA")]) {
        const { code } = await client.putToken("localhost/devices/victim-2", token);
        assert.equal(code, 401);
      }
      await refused(client.openSender(eventsOf("victim-2")), "amqp:unauthorized-access");
      assert.equal((await client.putToken("localhost/devices/victim-2", victims)).code, 200);
      await client.openSender(eventsOf("victim-2"));
    });

    test("a put-token of another kind or without a usable name is refused with 400", async (t) => {
      const token = await logins.tokenOf("typed");
      const client = new RawAmqpClient(t, hub);
      assert.equal((await client.putToken("localhost/devices/typed", token, { type: "jwt" })).code, 400);
      assert.equal((await client.putToken("localhost/devices/typed", token, { operation: "delete-token" })).code, 400);
      assert.equal((await client.putToken(7 as unknown as string, token)).code, 400);
      assert.equal((await client.putToken("localhost/devices/", token)).code, 401);
      assert.equal((await client.putToken("", token)).code, 401);
      const type = "azure-devices.net:sastoken";
      assert.equal((await client.putToken("amqps://LOCALHOST:5671/devices/typed", token, { type })).code, 200);
      await client.openSender(eventsOf("typed"));
    });

    test("a bad token in the place of a good one is refused, and the good one counts on", async (t) => {
      const client = await logins.proved(t, "spoilt");
      const sender = await client.openSender(eventsOf("spoilt"));
      const expired = await logins.tokenOf("spoilt", -3600);
      assert.deepEqual(await client.putToken("localhost/devices/spoilt", expired), {
        code: 401,
        description: "The specified SAS token is expired",
      });
      assert.equal((await client.send(sender, { body: data("still in") })).outcome, "accepted");
    });

    test("a policy's token opens the links of any device", async (t) => {
      await registerDevice(hub, "by-policy");
      const client = new RawAmqpClient(t, hub);
      assert.equal((await client.putToken("localhost", logins.ownerToken())).code, 200);
      const sender = await client.openSender(eventsOf("by-policy"));
      assert.equal((await client.send(sender, { body: data("x") })).outcome, "accepted");
      const [stored] = await readTelemetry(hub, "by-policy");
      assert.match(stored?.stamp.authMethod ?? "", /"scope":"hub"/);
      await refused(client.openSender(eventsOf("nobody")), "amqp:unauthorized-access");
    });

    // Clients differ in whether they encode ids in addresses.
    test("an id with special characters is found exact and encoded, in paths and in URIs", async (t) => {
      const deviceId = "a+b%c:d'(1)";
      const client = await logins.proved(t, deviceId);
      for (const id of [deviceId, encodeURIComponent(deviceId)]) {
        for (const address of [
          eventsOf(id),
          `amqps://localhost:5671${eventsOf(id)}`,
          `/DEVICES/${id}/Messages/Events`,
        ]) {
          const sender = await client.openSender(address);
          assert.equal((await client.send(sender, { body: data(address) })).outcome, "accepted");
        }
      }
      assert.equal((await readTelemetry(hub, deviceId)).length, 6);
    });

    test("an address that nobody knows, and an end of a link that does not exist, are not found", async (t) => {
      const client = await logins.proved(t, "lost");
      for (const address of ["/devices/lost/unknown", "/devices/lost", "/", "nothing", "/devices//messages/events"]) {
        await refused(client.openSender(address), "amqp:not-found");
      }
      await refused(client.openReceiver(eventsOf("lost")), "amqp:not-found");
      await refused(client.openSender("/devices/lost/messages/devicebound"), "amqp:not-found");
    });

    test("links for commands, methods and inputs are taken and stay", async (t) => {
      const client = await logins.proved(t, "idle");
      const context = { actor: { kind: "policy", policy: "iothubowner" }, correlationId: "test" } as const;
      const { module } = await hub.node.hub.registry.putModule({
        deviceId: "idle",
        moduleId: "m",
        body: {},
        ...context,
      });
      const key = module.fields.authentication.symmetricKey.primaryKey ?? "";
      await client.putToken("localhost/devices/idle/modules/m", sasToken("localhost/devices/idle/modules/m", key));
      const links = [
        await client.openReceiver("/devices/idle/messages/devicebound"),
        await client.openReceiver("/devices/idle/messages/deviceBound"),
        await client.openReceiver("/devices/idle/methods/devicebound"),
        await client.openSender("/devices/idle/methods/devicebound"),
        await client.openReceiver("/devices/idle/modules/m/messages/events"),
        await client.openSender("/devices/idle/modules/m/messages/events"),
      ];
      for (const link of links) assert.ok(await client.stands(link));
    });

    // spec/amqp 5, 11
    test("a second connection of a device ends the links of the first, and not its connection", async (t) => {
      const first = await logins.proved(t, "twice");
      const links = [await first.openSender(eventsOf("twice")), await first.openReceiver("/devices/twice/twin")];
      await logins.put(first, "neighbour");
      const theirs = await first.openSender(eventsOf("neighbour"));
      const second = await logins.proved(t, "twice");
      const newer = await second.openSender(eventsOf("twice"));
      for (const link of links) assert.equal((await first.endOf(link)).condition, "amqp:link:stolen");
      assert.equal((await second.send(newer, { body: data("newer") })).outcome, "accepted");
      assert.equal((await first.send(theirs, { body: data("as before") })).outcome, "accepted");
      assert.deepEqual(await bodies("twice"), ["newer"]);
    });
  });

  suite("back ends", () => {
    // spec/amqp 10
    test("links to the built-in endpoint's old name are redirected, with the right to read it", async (t) => {
      const client = new RawAmqpClient(t, hub);
      await refused(client.openReceiver("/messages/events/$management"), "amqp:unauthorized-access");
      assert.equal((await client.putToken("localhost", logins.ownerToken())).code, 200);
      const port = hub.node.ports.amqps;
      const rests = ["$management", "ConsumerGroups/$Default/Partitions/0"];
      for (const rest of rests) {
        for (const address of [`/messages/events/${rest}`, `amqps://localhost/messages/events/${rest}`]) {
          const { condition, info } = await refused(client.openReceiver(address), "amqp:link:redirect");
          assert.equal(condition, "amqp:link:redirect");
          const { hostname, address: target } = info as { hostname: string; address: string };
          assert.equal(hostname, "localhost");
          assert.match(target, new RegExp(`^amqps://localhost:${port}/[^/]+/${RegExp.escape(rest)}$`));
        }
      }
    });

    test("a device's token does not lead to the events", async (t) => {
      const client = await logins.proved(t, "curious");
      await refused(client.openReceiver("/messages/events/$management"), "amqp:unauthorized-access");
    });

    // spec/amqp 8
    test("endpoints for back ends take a policy's token, and say what is not offered", async (t) => {
      const client = await logins.proved(t, "nosy");
      await refused(client.openSender("/messages/devicebound"), "amqp:unauthorized-access");
      assert.equal((await client.putToken("localhost", logins.ownerToken())).code, 200);
      await client.openSender("/messages/devicebound");
      await client.openReceiver("/messages/serviceBound/feedback");
      await client.openReceiver("/messages/serviceBound/filenotifications");
      await refused(client.openReceiver("/messages/serviceBound/unheardOf"), "amqp:not-found");
    });
  });

  const bodies = async (deviceId: string): Promise<readonly string[]> =>
    (await readTelemetry(hub, deviceId)).map(({ body }) => Buffer.from(body).toString());
});

const data = (body: string | Buffer) => rhea.message.data_section(Buffer.from(body));
