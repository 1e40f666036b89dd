import assert from "node:assert/strict";
import { test } from "node:test";
import { type LinkAddress, parseLinkAddress } from "../../../../adapters/amqp/link-address.ts";

const device = { deviceId: "d" };
const module = { deviceId: "d", moduleId: "m" };
const of = (endpoint: string, identity: object): object => ({ kind: "device", endpoint, identities: [identity] });
const unknown: LinkAddress = { kind: "unknown" };

// spec/amqp 5, 8, 10
const cases: readonly (readonly [address: string, role: "sender" | "receiver", expected: object])[] = [
  ["$cbs", "sender", { kind: "cbs" }],
  ["$CBS", "receiver", { kind: "cbs" }],
  ["/devices/d/messages/events", "sender", of("telemetry", device)],
  ["/devices/d/messages/events", "receiver", unknown],
  ["/devices/d/messages/deviceBound", "receiver", of("commands", device)],
  ["/devices/d/methods/devicebound", "sender", of("methods", device)],
  ["/devices/d/twin", "sender", of("twin", device)],
  ["/devices/d/twin/", "receiver", of("twin", device)],
  ["/DEVICES/d/Twin", "receiver", of("twin", device)],
  ["amqps://hub.example:5671/devices/d/twin", "receiver", of("twin", device)],
  ["/devices/d/modules/m/messages/events", "sender", of("telemetry", module)],
  ["/devices/d/modules/m/messages/events", "receiver", of("inputs", module)],
  ["/devices/d/modules/m/twin", "sender", of("twin", module)],
  ["/devices/d/modules/m/methods/devicebound", "receiver", of("methods", module)],
  ["/messages/devicebound", "sender", { kind: "service", endpoint: "commands" }],
  ["/messages/serviceBound/feedback", "receiver", { kind: "service", endpoint: "feedback" }],
  ["/messages/servicebound/filenotifications", "receiver", { kind: "service", endpoint: "fileNotifications" }],
  ["/messages/serviceBound/fileuploadnotifications", "receiver", { kind: "service", endpoint: "fileNotifications" }],
  ["/messages/events/$management", "receiver", { kind: "events", rest: "$management" }],
  [
    "amqps://h/messages/events/ConsumerGroups/g/Partitions/0",
    "receiver",
    { kind: "events", rest: "ConsumerGroups/g/Partitions/0" },
  ],
  ["hub/ConsumerGroups/g/Partitions/0", "receiver", unknown],
  ["devices/d/twin", "sender", unknown],
  ["/devices//twin", "sender", unknown],
  ["/devices/d/modules//twin", "sender", unknown],
  ["/devices/d/modules/m", "sender", unknown],
  ["/devices/d", "sender", unknown],
  ["/devices/d/e/twin", "sender", unknown],
  ["/constructor/d/twin", "sender", unknown],
  ["", "sender", unknown],
  [`/devices/${"d".repeat(2_000)}/twin`, "sender", unknown],
];

for (const [address, role, expected] of cases) {
  test(`${role} ${address.slice(0, 80)}`, () => assert.deepEqual(parseLinkAddress(address, role), expected));
}

test("An id that may be encoded is read as it is first, then decoded", () => {
  const { identities } = parseLinkAddress("/devices/a%2Bb/twin", "sender") as { identities: unknown };
  assert.deepEqual(identities, [{ deviceId: "a%2Bb" }, { deviceId: "a+b" }]);
  const broken = parseLinkAddress("/devices/100%/modules/m%31/twin", "sender") as { identities: unknown };
  assert.deepEqual(broken.identities, [
    { deviceId: "100%", moduleId: "m%31" },
    { deviceId: "100%", moduleId: "m1" },
  ]);
});
