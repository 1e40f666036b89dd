import assert from "node:assert/strict";
import { test } from "node:test";
import { audienceSegments } from "../../../../adapters/amqp/cbs.ts";
import { createTokenTable } from "../../../../adapters/amqp/token-table.ts";

// spec/amqp 4
test("The audience of a token is the path below the host", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["hub.example", []],
    ["hub.example/devices/dev-1", ["devices", "dev-1"]],
    ["hub.example%2Fdevices%2Fdev%2B1%2Fmodules%2Fm", ["devices", "dev+1", "modules", "m"]],
    ["hub.example/devices/dev%2B1", ["devices", "dev+1"]],
    ["amqps://hub.example:5671/devices/dev-1/", ["devices", "dev-1"]],
    [
      "sb://hub.example:5671/hub/ConsumerGroups/$Default/Partitions/0",
      ["hub", "ConsumerGroups", "$Default", "Partitions", "0"],
    ],
    ["sb%3A%2F%2Fhub.example%2Fhub%2F%24management", ["hub", "$management"]],
    ["%", []],
    ["", []],
  ];
  for (const [name, segments] of cases) assert.deepEqual(audienceSegments(name), segments, name);
});

test("The token of the longest path counts, in any case of letters", () => {
  const table = createTokenTable(3);
  const token = (text: string) => ({ token: text, validUntil: 0 });
  assert.equal(table.find(["devices", "d"]), undefined);
  table.put([], token("hub"));
  table.put(["devices", "d"], token("device"));
  table.put(["devices", "d", "modules", "m"], token("module"));
  assert.equal(table.find(["Devices", "D"])?.token, "device");
  assert.equal(table.find(["devices", "d", "modules", "n"])?.token, "device");
  assert.equal(table.find(["devices", "d", "modules", "m"])?.token, "module");
  assert.equal(table.find(["devices", "de"])?.token, "hub");
});

test("A full table takes renewals only", () => {
  const table = createTokenTable(1);
  assert.equal(table.put(["devices", "a"], { token: "1", validUntil: 0 }), true);
  assert.equal(table.put(["devices", "b"], { token: "2", validUntil: 0 }), false);
  assert.equal(table.put(["devices", "A"], { token: "3", validUntil: 0 }), true);
  assert.equal(table.find(["devices", "a"])?.token, "3");
});
