import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import rhea from "rhea";
import { RawAmqpClient } from "../support/amqp-client.ts";
import { AmqpLogins, refused } from "../support/amqp-logins.ts";
import { registerDevice } from "../support/device.ts";
import { startHub, type TestHub } from "../support/hub.ts";
import { suiteScope } from "../support/suite-scope.ts";
import { readTelemetry } from "../support/telemetry.ts";
import { waitFor } from "../support/wait-for.ts";

const maxBytes = 262_144;
/** The longest message that is read at all; a longer one ends its connection. */
const maxDeliveryBytes = maxBytes + 65_536;
const batchFormat = 0x80013700;

const eventsOf = (deviceId: string) => `/devices/${deviceId}/messages/events`;

/** AMQP without an SDK: how a client logs in, and what the hub takes as telemetry (spec/amqp 2, 3, 6). */
suite("logins and telemetry over raw AMQP", () => {
  const scope = suiteScope();
  const logins = new AmqpLogins(() => hub);
  let hub: TestHub;
  before(async () => {
    hub = await startHub(scope);
  });

  // spec/amqp 2
  suite("SASL", () => {
    const hubName = "localhost";

    test("PLAIN with a policy's token needs no put-token", async (t) => {
      const client = new RawAmqpClient(t, hub, {
        username: `iothubowner@sas.root.${hubName}`,
        password: logins.ownerToken(),
      });
      await refused(client.openReceiver("/messages/events/$management"), "amqp:link:redirect");
    });

    test("PLAIN with a device's token opens its links and no others", async (t) => {
      const password = await logins.tokenOf("plain");
      await registerDevice(hub, "not-plain");
      const client = new RawAmqpClient(t, hub, { username: `plain@sas.${hubName}`, password });
      const sender = await client.openSender(eventsOf("plain"));
      assert.equal((await client.send(sender, { body: data("x") })).outcome, "accepted");
      await refused(client.openSender(eventsOf("not-plain")), "amqp:unauthorized-access");
      await refused(client.openReceiver("/messages/events/$management"), "amqp:unauthorized-access");
    });

    test("PLAIN with a bad password, an expired one, or another's name is refused with outcome 1", async (t) => {
      const good = await logins.tokenOf("plain-bad");
      const refusedLogins = [
        [`plain-bad@sas.${hubName}`, "password"],
        [`plain-bad@sas.${hubName}`, await logins.tokenOf("plain-bad", -3600)],
        [`somebody-else@sas.${hubName}`, good],
        [`iothubowner@sas.root.${hubName}`, good],
        [`service@sas.root.${hubName}`, logins.ownerToken()],
      ];
      for (const [username = "", password = ""] of refusedLogins) {
        const client = new RawAmqpClient(t, hub, { username, password });
        assert.match((await client.ended)?.description ?? "", /Failed to authenticate: 1/);
      }
    });

    test("ANONYMOUS, MSSBCBS and no SASL at all let a client in to put its token", async (t) => {
      const token = await logins.tokenOf("anonymous");
      const mechanism = () => ({
        start: (done: (error: undefined, response: Buffer) => void) => done(undefined, Buffer.alloc(0)),
      });
      for (const options of [{ username: "anyone" }, { sasl_mechanisms: { MSSBCBS: mechanism } }, {}]) {
        const client = new RawAmqpClient(t, hub, options);
        await refused(client.openSender(eventsOf("anonymous")), "amqp:unauthorized-access");
        assert.equal((await client.putToken("localhost/devices/anonymous", token)).code, 200);
        const sender = await client.openSender(eventsOf("anonymous"));
        assert.equal((await client.send(sender, { body: data("in") })).outcome, "accepted");
      }
      assert.equal((await bodies("anonymous")).length, 3);
    });
  });

  suite("messages", () => {
    // spec/amqp 3, 11, spec/messaging 1.1
    test("a message over 256 KiB is rejected, the link says so before and stays", async (t) => {
      const client = await logins.proved(t, "large");
      const sender = await client.openSender(eventsOf("large"));
      assert.equal(sender.max_message_size, maxBytes);
      const { outcome, error } = await client.send(sender, { body: data(Buffer.alloc(maxBytes + 1)) });
      assert.equal(outcome, "rejected");
      assert.equal(error?.condition, "amqp:link:message-size-exceeded");
      assert.equal((await client.send(sender, { body: data(Buffer.alloc(maxBytes)) })).outcome, "accepted");
      assert.deepEqual(
        (await readTelemetry(hub, "large")).map(({ body }) => body.length),
        [maxBytes],
      );
    });

    test("a message that is longer than any ends its connection, and no other", async (t) => {
      const other = await logins.proved(t, "calm");
      const calm = await other.openSender(eventsOf("calm"));
      const client = await logins.proved(t, "huge");
      const sender = await client.openSender(eventsOf("huge"));
      await assert.rejects(client.send(sender, { body: data(Buffer.alloc(maxDeliveryBytes + 1)) }));
      assert.equal((await client.ended)?.condition, "amqp:link:message-size-exceeded");
      await waitFor("the end", () => hub.node.hub.sessions.get({ deviceId: "huge" }) === undefined);
      assert.equal((await other.send(calm, { body: data("x") })).outcome, "accepted");
      assert.deepEqual(await bodies("huge"), []);
    });

    // spec/amqp 6
    test("a batch is stored in order, each message with its own properties", async (t) => {
      const client = await logins.proved(t, "batch");
      const sender = await client.openSender(eventsOf("batch"));
      const messages = Array.from({ length: 10 }, (_, index) =>
        rhea.message.encode({
          message_id: `m-${index}`,
          application_properties: { index: String(index) },
          body: data(String(index)),
        }),
      );
      const batch = rhea.message.encode({ body: rhea.message.data_sections(messages) });
      assert.deepEqual(await client.send(sender, batch, batchFormat), { outcome: "accepted" });
      const stored = await readTelemetry(hub, "batch");
      assert.deepEqual(
        stored.map(({ body, properties }) => [
          Buffer.from(body).toString(),
          properties.system["message-id"],
          properties.application.get("index"),
        ]),
        messages.map((_, index) => [String(index), `m-${index}`, String(index)]),
      );
    });

    test("a batch that is none, one over 256 KiB and another format are rejected, and the link stays", async (t) => {
      const client = await logins.proved(t, "no-batch");
      const sender = await client.openSender(eventsOf("no-batch"));
      const rejected = async (message: Buffer, format: number): Promise<string | undefined> => {
        const { outcome, error } = await client.send(sender, message, format);
        assert.equal(outcome, "rejected");
        return error?.condition;
      };
      const one = rhea.message.encode({ body: data("x") });
      const large = rhea.message.encode({ body: data(Buffer.alloc(maxBytes)) });
      const batchOf = (...messages: Buffer[]) => rhea.message.encode({ body: rhea.message.data_sections(messages) });
      assert.equal(await rejected(one, batchFormat), "com.microsoft:argument-error");
      assert.equal(await rejected(batchOf(one, large), batchFormat), "amqp:link:message-size-exceeded");
      assert.equal(await rejected(one, 0x80013701), "amqp:not-implemented");
      assert.equal((await client.send(sender, { body: data("fine") })).outcome, "accepted");
      assert.deepEqual(await bodies("no-batch"), ["fine"]);
    });
  });

  const bodies = async (deviceId: string): Promise<readonly string[]> =>
    (await readTelemetry(hub, deviceId)).map(({ body }) => Buffer.from(body).toString());
});

const data = (body: string | Buffer) => rhea.message.data_section(Buffer.from(body));
