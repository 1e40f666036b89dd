import assert from "node:assert/strict";
import { test } from "node:test";
import { QueryError } from "../../../../query/query-error.ts";
import { compileRoute } from "../../../../query/routing/compile-route.ts";
import type { RouteMessage } from "../../../../query/routing/message.ts";
import { conditionValues, routeMessage, sameValues } from "../../../support/route-messages.ts";

// spec/query-language appendix E

function vectors(name: string, message: RouteMessage, value: boolean | undefined, conditions: readonly string[]): void {
  test(`${name}: ${value}`, () => {
    assert.deepEqual(conditionValues(conditions, message), sameValues(conditions, value));
    for (const condition of conditions) {
      assert.equal(compileRoute(condition).matches(message), value === true, condition);
    }
  });
}

function rejected(name: string, conditions: readonly string[]): void {
  test(`${name}: rejected`, () => {
    for (const condition of conditions) assert.throws(() => compileRoute(condition), QueryError, condition);
  });
}

const m1 = routeMessage({
  application: { key1: "value1", key2: "3", key3: "VALUE3", null_value: null, $sys4: "value4" },
  system: { sys1: "sysvalue1", sys2: "4", sys4: "sysvalue4" },
});

vectors("M1", m1, true, [
  'KEY1 = "value1"',
  "as_number(key2) = 3",
  "$sys2 = '4'",
  '{$sys4} = "sysvalue4"',
  "undefined or true",
  "not null",
  '(none ?? "hello") = "hello"',
  "(3 % 0 ?? 12.34) = 12.34",
  "'a' || key1 || 'd' = 'avalue1d'",
  "is_defined(null_value)",
  "is_null(null_value)",
  "3 + 4 <= 7",
  "-(3 + 4) = -7",
  "'a' < 'b'",
  "exp(4000) = 3/0",
  "substring('abc', 1) = 'bc'",
  "index_of('abc', 'xz') = -1",
  "STARTS_WITH(key1, 'val')",
  "ceiling(-2.1) = -2",
  "AS_NUMBER('10e10') = 10e10",
]);
vectors("M1", m1, false, [
  'key1 = "value2"',
  "is_defined(key4)",
  "false and none = 'true'",
  "is_number(3 / 0)",
  "is_null(none)",
  "null",
  "substring('abc', 3) = 'c'",
]);
vectors("M1", m1, undefined, [
  "",
  "3",
  "'a string'",
  'none != "4"',
  "not (none = 'true')",
  "false or none = 'true'",
  "as_number(key1) = 3",
  "SQRT(-4) = -2",
  "substring('abc', 4) = 'c'",
  "substring('abc', 1, -2) = ''",
]);
rejected("M1", [
  "3 = none",
  "key1 > 5",
  "none and true",
  "test == true",
  "(key1 ?? 12.34)",
  "concat('a')",
  "length(12.34) = 5",
  "abs(key1) = 1",
  "starts_with('hello', 12.34)",
  'none = "',
  "not key1",
]);

const weather = {
  Temperature: 50,
  NullValue: null,
  Time: "2017-03-09T00:00:00.000Z",
  PrevTemperatures: [20, 30, 40],
  IsEnabled: true,
  IsDisabled: false,
  Location: { Street: "One Microsoft Way", City: "Redmond", State: "WA" },
  HistoricalData: [
    { Month: "Feb", Temperature: 40 },
    { Month: "Jan", Temperature: 30 },
  ],
};
const m2 = routeMessage({ application: { City: "Redmond" }, body: { message: { Weather: weather } } });
const ofWeather = (...conditions: string[]): string[] =>
  conditions.map((condition) => condition.replace(/\bW\b/g, "$$body.message.Weather"));

vectors(
  "M2",
  m2,
  true,
  ofWeather(
    "50 >= W.Temperature",
    "W.HistoricalData[0].Month = 'Feb'",
    "W.PrevTemperatures[0] + W.PrevTemperatures[1] = 50",
    "W.Location.City = City",
    "W.Temperature <> '100'",
    "W.IsEnabled",
    "NOT W.IsDisabled",
    "W.NullValue = null",
    "W.InvalidProperty = null",
    "W.InvalidKey <> '100'",
    "length(W.Location.State) = 2",
  ),
);
vectors("M2", m2, false, ofWeather("W.Temperature = '50'", "W.Temperature < 50", "W.Location.State = City"));
vectors("M2", m2, undefined, ofWeather("$body", "W.Time <> '100'", "W <> null"));
vectors(
  "M2 without a content type",
  routeMessage({ application: { City: "Redmond" } }),
  undefined,
  ofWeather(
    "50 >= W.Temperature",
    "W.HistoricalData[0].Month = 'Feb'",
    "W.Location.City = City",
    "W.Temperature <> '100'",
    "W.IsEnabled",
    "NOT W.IsDisabled",
    "W.NullValue = null",
    "is_null(W.NullValue)",
    "W.InvalidKey <> '100'",
    "length(W.Location.State) = 2",
  ),
);
rejected("M2", ["$body.properties[]", "$body.properties[1:2]"]);

const m3 = routeMessage({
  application: { processingPath: "hot", level: "critical" },
  system: { contentType: "application/json", contentEncoding: "UTF-8", connectionDeviceId: "Device_temp_1" },
  body: { Weather: weather },
  twin: {
    tags: { deploymentLocation: { floor: "1" } },
    properties: { desired: { telemetryConfig: { sendFrequency: "5m" } }, reported: {} },
  },
});

vectors("M3", m3, true, [
  "$contentEncoding = 'UTF-8' AND processingPath = 'hot'",
  "$body.Weather.Temperature = 50 AND $body.Weather.IsEnabled",
  "$body.Weather.Temperature = 50 AND processingPath = 'hot'",
  "$twin.properties.desired.telemetryConfig.sendFrequency = '5m'",
  'level="critical"',
  "$connectionDeviceId = 'Device_temp_1' AND processingPath = 'hot'",
  "NOT IS_DEFINED($connectionModuleId)",
  "true",
]);
// A text is no number in a twin either, which is unconfirmed for IoT Hub.
vectors("M3", m3, false, ["false", "processingPath = 'cold'", "$twin.tags.deploymentLocation.floor = 1"]);
vectors("M3", m3, undefined, ["$body[0] = 'Feb'"]);

const m4 = routeMessage({
  application: { opType: "updateTwin", deviceId: "d" },
  body: {
    version: 7,
    tags: { ADUGroup: "g" },
    properties: {
      desired: { telemetryConfig: { sendFrequency: 15 } },
      reported: { heartbeat: { localIp: "127.0.0.1", last: "2020-03-27T13:24:11.2480667Z" } },
    },
  },
});

vectors("M4", m4, true, [
  "(opType = 'updateTwin' OR opType = 'replaceTwin') AND IS_DEFINED($body.tags.ADUGroup)",
  "$body.properties.desired.telemetryConfig.sendFrequency > 10",
  "is_defined($body.properties.desired.telemetryConfig.sendFrequency)",
  "IS_DEFINED($body.properties.reported.heartbeat.localIp)",
  'deviceId = "d"',
]);
vectors("M4", m4, false, [
  "IS_DEFINED($body.properties.reported.heartbeat)",
  "IS_DEFINED($body.properties.reported.heartbeat.last)",
]);

const m5 = routeMessage({ application: { opType: "deleteDeviceIdentity" } });
vectors("M5", m5, true, ["opType = 'deleteDeviceIdentity' OR opType = 'deleteModuleIdentity'"]);
