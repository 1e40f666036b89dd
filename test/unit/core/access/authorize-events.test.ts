import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../../support/memory-hub.ts";
import { accessHub, hostName, otherKey } from "./access-fixture.ts";

const audience = refusal("IotHubUnauthorizedAccess", "Invalid target audience");
const invalid = refusal("IotHubUnauthorizedAccess", /signature|No policy/);
const partition = "hub1/ConsumerGroups/$Default/Partitions/0";
const scope = (path: string): string => encodeURIComponent(`sb://${hostName}:5671/${path}`);

// spec/amqp 4: two ways to read a key
test("an Event Hubs client signs with the key's text, an IoT Hub client with its bytes", async () => {
  const { eventsAccess, token, expiresAt } = await accessHub();
  const events = token(scope(partition), { skn: "service", byKeyText: true });
  assert.deepEqual(eventsAccess.authorizeReader(events, partition), { policy: "service", validUntil: expiresAt });
  const secondary = token(scope(partition), { skn: "service", byKeyText: true, key: otherKey });
  assert.equal(eventsAccess.authorizeReader(secondary, partition).policy, "service");
  const iot = token(hostName, { skn: "service" });
  assert.equal(eventsAccess.authorizeReader(iot, partition).policy, "service");
  assert.throws(() => eventsAccess.authorizeReader(token(scope(partition), { skn: "service" }), partition), invalid);
  assert.throws(
    () => eventsAccess.authorizeReader(token(hostName, { skn: "service", byKeyText: true }), partition),
    invalid,
  );
});

// spec/amqp 9
test("a scope covers the paths below it, in any case, and no others", async () => {
  const { eventsAccess, token } = await accessHub();
  const authorize = (sr: string, path: string) =>
    eventsAccess.authorizeReader(token(sr, { skn: "service", byKeyText: true }), path);
  assert.ok(authorize(scope("hub1"), partition));
  assert.ok(authorize(scope("HUB1/consumergroups"), partition));
  assert.ok(authorize(scope("hub1/$management"), "hub1/$management"));
  assert.throws(() => authorize(scope("hub1/ConsumerGroups/other"), partition), audience);
  assert.throws(() => authorize(scope("hub2"), partition), audience);
  assert.throws(() => authorize(encodeURIComponent("sb://other.example/hub1"), partition), audience);
});

test("reading takes ServiceConnect, and a policy at all", async () => {
  const { eventsAccess, token } = await accessHub();
  const options = { byKeyText: true };
  const device = token(scope("hub1"), { ...options, skn: "device" });
  const rule = refusal("IotHubUnauthorizedAccess", /Authorization rule 'device' does not allow access/);
  assert.throws(() => eventsAccess.authorizeReader(device, partition), rule);
  assert.throws(() => eventsAccess.authorizeReader(token(scope("hub1"), options), partition), invalid);
  assert.throws(
    () => eventsAccess.authorizeReader(token(scope("hub1"), { ...options, skn: "gone" }), partition),
    invalid,
  );
  const late = token(scope("hub1"), { ...options, skn: "service", se: "1" });
  const expired = refusal("IotHubUnauthorizedAccess", /expired/);
  assert.throws(() => eventsAccess.authorizeReader(late, partition), expired);
});

// spec/amqp 4
test("a policy's token counts by itself until it is used for something", async () => {
  const { serviceAccess, token, expiresAt } = await accessHub();
  assert.deepEqual(serviceAccess.admit(token(hostName, { skn: "device" })), {
    policy: "device",
    validUntil: expiresAt,
  });
  assert.throws(() => serviceAccess.admit(token("other.example", { skn: "device" })), audience);
  assert.throws(() => serviceAccess.admit(token(hostName)), invalid);
  const authorization = token(hostName, { skn: "device" });
  const path = "/messages/events";
  const rule = refusal("IotHubUnauthorizedAccess", /does not allow access/);
  assert.throws(() => serviceAccess.authorizeLink({ authorization, path }, "ServiceConnect"), rule);
});
