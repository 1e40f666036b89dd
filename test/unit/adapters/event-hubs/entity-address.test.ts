import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEntityAddress } from "../../../../adapters/event-hubs/entity-address.ts";

const partition = (group: string, id: string) => ({ kind: "partition", group, partition: id });

// spec/amqp 9, 10
const addresses: readonly (readonly [string, object])[] = [
  ["$management", { kind: "management" }],
  ["/$Management", { kind: "management" }],
  ["hub-1/$management", { kind: "management" }],
  ["messages/events/$management", { kind: "management" }],
  ["hub-1", { kind: "entity" }],
  ["HUB-1/", { kind: "entity" }],
  ["hub-1/ConsumerGroups/$Default/Partitions/0", partition("$Default", "0")],
  ["/Hub-1/consumergroups/A.b_c/partitions/12", partition("A.b_c", "12")],
  ["messages/events/ConsumerGroups/g/Partitions/1", partition("g", "1")],
  ["amqps://host:5671/hub-1/ConsumerGroups/g/Partitions/1", partition("g", "1")],
  ["hub-1/ConsumerGroups/g/Partitions/", partition("g", "")],
  ["hub-1/ConsumerGroups//Partitions/0", { kind: "unknown" }],
  ["hub-1/ConsumerGroups/g/Partitions/0/more", { kind: "unknown" }],
  ["hub-1/ConsumerGroups/g", { kind: "unknown" }],
  ["hub-1/Publishers/p", { kind: "unknown" }],
  ["hub-10/ConsumerGroups/g/Partitions/0", { kind: "unknown" }],
  ["hub", { kind: "unknown" }],
  ["", { kind: "unknown" }],
  [`hub-1/ConsumerGroups/${"g".repeat(1_024)}/Partitions/0`, { kind: "unknown" }],
];
for (const [address, named] of addresses) {
  test(`the address ${address.slice(0, 60)}`, () => assert.deepEqual(parseEntityAddress(address, "hub-1"), named));
}
