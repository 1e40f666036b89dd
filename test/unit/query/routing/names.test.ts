import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionValue, conditionValues, routeMessage, sameValues } from "../../../support/route-messages.ts";

const message = routeMessage({
  application: { level: "critical", Level2: "x", level2x: "y", $both: "application", $only: "application" },
  system: { both: "system", contentType: "application/json", connectionDeviceId: "dev-1" },
  twin: {
    tags: { Floor: "1", floor: "2", Plant: { City: "Sofia" }, list: [7] },
    properties: { desired: { $version: 3 }, reported: {} },
  },
});

function values(value: boolean | undefined, ...conditions: string[]): void {
  assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, value));
}

// spec/query-language 7
test("Names of properties are case-insensitive, with the very spelling first", () => {
  values(
    true,
    "LEVEL = 'critical'",
    "LeVeL2 = 'x'",
    "level2x = 'y'",
    "$ContentType = 'application/json'",
    "$CONNECTIONDEVICEID = 'dev-1'",
  );
  const twice = routeMessage({ application: { Level: "1", level: "2", LEVEL: "3" } });
  for (const [name, value] of Object.entries({ Level: "1", level: "2", LEVEL: "3", LeVeL: "1" })) {
    assert.equal(conditionValue(`${name} = '${value}'`, twice), true, name);
  }
  const hostile = routeMessage({ application: { constructor: "a", toString: "b" } });
  assert.equal(conditionValue("CONSTRUCTOR = 'a' and tostring = 'b' and not is_defined(valueOf)", hostile), true);
});

test("Paths of a twin are case-insensitive, with the very spelling first", () => {
  values(
    true,
    "$twin.tags.Floor = '1'",
    "$twin.tags.floor = '2'",
    "$twin.tags.FLOOR = '1'",
    "$TWIN.TAGS.plant.CITY = 'Sofia'",
  );
  values(true, "$twin.properties.desired.$version = 3", "$twin.tags.LIST[0] = 7", "$twin.tags.none = null");
  values(false, "is_defined($twin.tags.none)", "is_defined($twin.tags.plant)", "is_defined($twin.tags.constructor)");
});

// spec/query-language 14: operands
test("$name is the system property, else the application property of that name, which {$name} never is", () => {
  values(
    true,
    "$both = 'system'",
    "{$both} = 'system'",
    "$only = 'application'",
    "$ONLY = 'application'",
    "not is_defined({$only})",
  );
  values(undefined, "$iothub-connection-device-id = 'dev-1'", "connectionDeviceId = 'dev-1'", "$level = 'critical'");
});

test("No application property stands for a path of the body", () => {
  const posing = routeMessage({ application: { "$body.text": "cold" }, body: { text: "hot" } });
  assert.equal(conditionValue("$body.text = 'hot'", posing), true);
});
